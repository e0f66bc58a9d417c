"""What changes something, as the API was asked for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestMetadata:
    """Where a request came from, and the key under which its mutations are to be done once.

    `fingerprint` tells requests apart: a SHA-256 over all that was asked, given with a key. `read_after`: the position
    in PostgreSQL's log that its reads must have come to.
    """

    request_id: str = ""
    address: str = ""
    idempotency_key: str | None = None
    fingerprint: str = ""
    read_after: int | None = None


@dataclass(slots=True)
class Call:
    """A mutation under way, or a block of lines of POST /usage.

    `place` is a mutation's response key: a request may hold several, even of the same name.
    `transactions` counts those begun for it. `result`: what came of it, where an operation says so in the audit log.
    """

    mutation: str
    place: str
    input: str | None
    metadata: RequestMetadata
    transactions: int = 0
    result: str | None = None
