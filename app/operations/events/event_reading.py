"""Reads published events in their order, from a cursor on."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from app.database.scope import Scope
from app.operations.calls.access import not_found
from app.operations.calls.context import Context

MAX_LIMIT = 1_000

# A tenant's statement names its tenant; $1 is null for the platform.
_POSITION = "SELECT position FROM events WHERE id = $2 AND ($1::uuid IS NULL OR tenant_id = $1)"
_COLUMNS = "id, type, version, occurred_at, tenant_id, aggregate_type, aggregate_id, sequence, data"
_OF_ALL = f"SELECT {_COLUMNS} FROM events WHERE position > $1 ORDER BY position LIMIT $2"  # noqa: S608 - of constants
_OF_TENANT = f"""
SELECT {_COLUMNS} FROM events WHERE tenant_id = $3 AND position > $1 ORDER BY position LIMIT $2
"""  # noqa: S608 - of constants


class Envelope(msgspec.Struct, rename="camel"):
    """An event as consumers get it, by webhook or from GET /events."""

    id: UUID
    type: str
    version: int
    timestamp: str
    tenant_id: UUID | None
    aggregate_type: str
    aggregate_id: UUID
    sequence: int
    data: msgspec.Raw


def envelope(row: Any) -> Envelope:
    """Returns the envelope of a row of `events`. The same row gives the same bytes each time."""
    return Envelope(
        id=row["id"],
        type=row["type"],
        version=row["version"],
        timestamp=row["occurred_at"].isoformat(),
        tenant_id=row["tenant_id"],
        aggregate_type=row["aggregate_type"],
        aggregate_id=row["aggregate_id"],
        sequence=row["sequence"],
        data=msgspec.Raw(row["data"].encode()),
    )


async def read_events(context: Context, scope: Scope, *, after: UUID | None, limit: int) -> Sequence[Envelope]:
    """Returns published events of the scope, those that follow the event `after`, or the first ones.

    Raises NOT_FOUND if the scope has no such event.
    """
    tenant_id = scope.tenant_id
    async with context.database.unit_of_work(scope) as unit:
        position: int | None = 0
        if after is not None:
            position = await unit.connection.fetchval(_POSITION, tenant_id, after)
        if position is None:
            raise not_found("event", after, ("after",))
        if tenant_id is None:
            rows = await unit.connection.fetch(_OF_ALL, position, limit)
        else:
            rows = await unit.connection.fetch(_OF_TENANT, position, limit, tenant_id)
        return [envelope(row) for row in rows]
