"""Lets callers read their own writes from replicas: the response to a mutation contains the WAL position of its commit,
and this process also remembers it for the caller.

    "extensions": {"readAfter": "0/16B3748", "cost": {...}}

A query that sends it back in the header Arcadia-Read-After, to any process, sees at least what was written by then: it
is read from the replica if that has reached the position, otherwise from the primary.
"""

from uuid import UUID

from app.database.commit_positions import parse_position
from app.lru_cache import LRUCache
from app.operations.calls.principal import Principal
from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError

HEADER = b"arcadia-read-after"
_MAX_CALLERS = 10_000


class RecentWrites:
    """The WAL position of each caller's last commit through this process; limited to the most recent callers."""

    def __init__(self) -> None:
        self._positions: LRUCache[tuple[UUID | None, str], int] = LRUCache(_MAX_CALLERS)

    def note(self, principal: Principal, position: int | None) -> None:
        if position is not None:
            self._positions.put((principal.tenant_id, principal.subject), position)

    def after(self, principal: Principal, requested: int | None) -> int | None:
        """Returns the WAL position that the replica for the caller's reads must have reached: the later of the
        requested position and that of the caller's last commit in this process.
        """
        known = self._positions.get((principal.tenant_id, principal.subject))
        return max((position for position in (known, requested) if position is not None), default=None)


def read_after_position(header: str) -> int | None:
    """Parses the header Arcadia-Read-After; None if it is empty. Raises RequestError (400) for a malformed WAL
    position.
    """
    if not header:
        return None
    try:
        return parse_position(header)
    except ValueError as error:
        raise RequestError(
            400, ErrorCode.BAD_REQUEST, f"Arcadia-Read-After: {error}; send extensions.readAfter back."
        ) from None
