"""Records events in the transaction that causes them. They are written together, as its last statement: see
docs/adr/0041.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from app.database import UnitOfWork
from app.operations.events.event_data import DATA_OF, VERSION, EventData
from app.tables.events import AggregateType, EventType
from app.tables.ids import new_ids

# Whoever has the row of an aggregate in event_sequences writes its next events, until the commit: so an aggregate's
# events become visible in the order of their sequences, and without a gap. The rows are locked in the order of $1.
_WRITE = """
WITH taken AS (
    INSERT INTO event_sequences AS s (id, tenant_id, last_sequence)
    SELECT a.id, a.tenant_id, a.events FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS a (id, tenant_id, events)
    ON CONFLICT (id) DO UPDATE SET last_sequence = s.last_sequence + excluded.last_sequence
    RETURNING id, last_sequence
)
INSERT INTO events (id, tenant_id, type, aggregate_type, aggregate_id, sequence, occurred_at, version, data)
SELECT e.id, e.tenant_id, e.type, e.aggregate_type, e.aggregate_id, taken.last_sequence - e.later, e.occurred_at,
       $12, e.data
FROM unnest($4::uuid[], $5::bigint[], $6::text[], $7::uuid[], $8::text[], $9::uuid[], $10::timestamptz[], $11::text[])
    AS e (id, later, type, tenant_id, aggregate_type, aggregate_id, occurred_at, data)
JOIN taken ON taken.id = e.aggregate_id
"""


class Aggregate(NamedTuple):
    """What an event belongs to. tenant_id: None if only the platform sees its events."""

    type: AggregateType
    id: UUID
    tenant_id: UUID | None


class _NewEvent(NamedTuple):
    type: EventType
    tenant_id: UUID | None
    aggregate_type: AggregateType
    aggregate_id: UUID
    occurred_at: datetime
    data: str


def record_event(
    unit: UnitOfWork,
    event_type: EventType,
    aggregate: Aggregate,
    data: EventData,
    now: datetime,
) -> None:
    """Adds an event to the transaction. Raises TypeError for data of another type of event."""
    if type(data) is not DATA_OF[event_type]:
        raise TypeError(f"{event_type} has {DATA_OF[event_type].__name__}, not {type(data).__name__}")
    text = msgspec.json.encode(data).decode()
    unit.collect(_write, [_NewEvent(event_type, aggregate.tenant_id, aggregate.type, aggregate.id, now, text)])


def record_tenant_event(
    unit: UnitOfWork, event_type: EventType, tenant_id: UUID, data: EventData, now: datetime
) -> None:
    """Adds an event of a tenant, its invoices or payments to the transaction."""
    record_event(unit, event_type, Aggregate(AggregateType.TENANT, tenant_id, tenant_id), data, now)


def has_events(unit: UnitOfWork) -> bool:
    """Whether the transaction has events to write."""
    return unit.has_collected(_write)


async def _write(unit: UnitOfWork, events: Sequence[_NewEvent]) -> None:
    counts = Counter((event.aggregate_id, event.tenant_id) for event in events)
    aggregates = sorted(counts.items(), key=lambda counted: counted[0][0])
    later: list[int] = []
    left = Counter(counts)
    for event in events:
        left[event.aggregate_id, event.tenant_id] -= 1
        later.append(left[event.aggregate_id, event.tenant_id])
    types, *columns = (list(column) for column in zip(*events, strict=True))
    await unit.connection.execute(
        _WRITE,
        [aggregate_id for (aggregate_id, _), _ in aggregates],
        [tenant_id for (_, tenant_id), _ in aggregates],
        [count for _, count in aggregates],
        new_ids(len(events)),
        later,
        types,
        *columns,
        VERSION,
    )
