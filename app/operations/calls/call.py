"""A change as it was requested through the API."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestMetadata:
    """Where a request came from, and the key under which its mutations are executed only once.

    `fingerprint` identifies the request's content: a SHA-256 over all of it, set if there is a key. `read_after`: the
    WAL position that a replica must have reached before it serves the request's reads.
    """

    request_id: str = ""
    address: str = ""
    idempotency_key: str | None = None
    fingerprint: str = ""
    read_after: int | None = None


@dataclass(slots=True)
class Call:
    """A mutation that is being executed, or a block of lines of POST /usage.

    `place` is the mutation's response key: a request may have several mutations, even of the same name. `transactions`
    counts the transactions begun for it. `result`: a summary for the audit log, where an operation sets one.
    """

    mutation: str
    place: str
    input: str | None
    metadata: RequestMetadata
    transactions: int = 0
    result: str | None = None
