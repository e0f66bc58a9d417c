"""Callers read their own writes: an answer to a mutation has, where reads are a replica's, the position of its commit
in PostgreSQL's log, and this process remembers it for the caller.

    "extensions": {"readAfter": "0/16B3748", "cost": {...}}

Sent back as the header Arcadia-Read-After, to whichever process, a query sees at least what was written by then: it is
read from the replica once that has come as far, from the primary until then.
"""

from collections import OrderedDict
from uuid import UUID

from app.database.commit_positions import parse_position
from app.operations.calls.principal import Principal
from app.server.request_errors import Code, RequestError

HEADER = b"arcadia-read-after"
_MAX_CALLERS = 10_000


class RecentWrites:
    """The position of each caller's last commit through this process; of so many callers, the latest."""

    def __init__(self) -> None:
        self._positions: OrderedDict[tuple[UUID | None, str], int] = OrderedDict()

    def note(self, principal: Principal, position: int | None) -> None:
        if position is None:
            return
        key = (principal.tenant_id, principal.subject)
        self._positions[key] = position
        self._positions.move_to_end(key)
        if len(self._positions) > _MAX_CALLERS:
            self._positions.popitem(last=False)

    def after(self, principal: Principal, requested: int | None) -> int | None:
        """What the caller's reads must have come to: the later of what it asks for and what it wrote here."""
        known = self._positions.get((principal.tenant_id, principal.subject))
        return max((position for position in (known, requested) if position is not None), default=None)


def read_after_position(header: str) -> int | None:
    """Of the header's text. Raises RequestError (400) for what is no position."""
    if not header:
        return None
    try:
        return parse_position(header)
    except ValueError as error:
        raise RequestError(
            400, Code.BAD_REQUEST, f"Arcadia-Read-After: {error}; send extensions.readAfter back."
        ) from None
