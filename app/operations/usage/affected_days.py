"""Finds the days whose usage an event changes: its own day, and the days on which its level continues to apply."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import Aggregation, day_of
from app.database import UnitOfWork
from app.operations.billing_months import Change
from app.operations.usage.refold import DayKey
from app.tables.usage import NO_RESOURCE

# A level lasts until the next one of its resource, on the same day or on the next day that has any; the given events
# count too. Events that others are recording meanwhile are not seen; then too many days are found, never too few.
_UNTIL = """
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::date[], $6::timestamptz[])
        AS given (tenant_id, deployment_id, resource_kind, resource_id, day, latest)
)
SELECT g.tenant_id, g.deployment_id, g.day, c.destroyed_at, CASE
    WHEN EXISTS (
        SELECT FROM usage_records r
        WHERE (r.tenant_id, r.deployment_id, r.resource_kind, r.day)
            = (g.tenant_id, g.deployment_id, g.resource_kind, g.day)
          AND r.level_stream = g.resource_id
          AND r.occurred_at > g.latest AND r.occurred_at < g.latest + interval '2 days') THEN g.day
    ELSE least(
        (SELECT min(t.day) FROM usage_daily_totals t
         WHERE (t.tenant_id, t.deployment_id, t.resource_kind, t.resource_id)
             = (g.tenant_id, g.deployment_id, g.resource_kind, g.resource_id) AND t.day > g.day),
        (SELECT min(o.day) FROM given o
         WHERE (o.tenant_id, o.deployment_id, o.resource_kind, o.resource_id)
             = (g.tenant_id, g.deployment_id, g.resource_kind, g.resource_id) AND o.day > g.day))
    END AS until
FROM given g LEFT JOIN cloud_resources c ON c.tenant_id = g.tenant_id AND c.id = g.resource_id
"""


class Occurrence(NamedTuple):
    """The parts of an event that decide which days it changes."""

    tenant_id: UUID
    deployment_id: UUID
    resource_kind: str
    aggregation: Aggregation
    resource_id: UUID | None
    day: date
    occurred_at: datetime

    @property
    def key(self) -> DayKey:
        """The key of the event's daily total."""
        stream = NO_RESOURCE if self.aggregation is Aggregation.SUM else self.resource_id or NO_RESOURCE
        return DayKey(self.tenant_id, self.deployment_id, self.resource_kind, stream, self.day)


async def changes_of(unit: UnitOfWork, zone: ZoneInfo, occurrences: Iterable[Occurrence]) -> set[Change]:
    """Returns the changes to months that these events cause, for `record_changes`. Only levels (TIME_WEIGHTED) require
    SQL statements.
    """
    changes: set[Change] = set()
    latest: dict[DayKey, datetime] = {}
    for event in occurrences:
        if event.aggregation is Aggregation.TIME_WEIGHTED:
            latest[event.key] = max(event.occurred_at, latest.get(event.key, event.occurred_at))
        else:
            changes.add(Change(event.tenant_id, event.deployment_id, event.day, event.day))
    if latest:
        columns = [list(column) for column in zip(*latest, strict=True)]
        for tenant_id, deployment_id, day, destroyed_at, until in await unit.connection.fetch(
            _UNTIL, *columns, list(latest.values())
        ):
            ends = [] if destroyed_at is None else [max(day, day_of(destroyed_at, zone))]
            last_day = min([*ends, *([] if until is None else [until])], default=None)
            changes.add(Change(tenant_id, deployment_id, day, last_day))
    return changes
