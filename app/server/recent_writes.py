"""Callers read their own writes: an answer to a mutation has, where reads are a replica's, the position of its commit
in PostgreSQL's log, and this process remembers it for the caller.

    "extensions": {"readAfter": "0/16B3748", "cost": {...}}

Sent back as the header Arcadia-Read-After, to whichever process, a query sees at least what was written by then: it is
read from the replica once that has come as far, from the primary until then.
"""

from uuid import UUID

from app.database.written import parse_position
from app.lru_cache import LRUCache
from app.operations.calls.principal import Principal
from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError

HEADER = b"arcadia-read-after"
_REMEMBERED = 10_000


class RecentWrites:
    """The position of each caller's last commit through this process; of so many callers, the latest."""

    def __init__(self) -> None:
        self._positions: LRUCache[tuple[UUID | None, str], int] = LRUCache(_REMEMBERED)

    def note(self, principal: Principal, position: int | None) -> None:
        if position is not None:
            self._positions.put((principal.tenant_id, principal.subject), position)

    def after(self, principal: Principal, asked: int | None) -> int | None:
        """What the caller's reads must have come to: the later of what it asks for and what it wrote here."""
        known = self._positions.get((principal.tenant_id, principal.subject))
        return max((position for position in (known, asked) if position is not None), default=None)


def asked_position(header: str) -> int | None:
    """Of the header's text. Raises Fault (400) for what is no position."""
    if not header:
        return None
    try:
        return parse_position(header)
    except ValueError as error:
        raise RequestError(
            400, ErrorCode.BAD_REQUEST, f"Arcadia-Read-After: {error}; send extensions.readAfter back."
        ) from None
