"""Computes daily totals again from their events, with each event's last correction and the ends of resources.

UsageDailyTotals describes what an event counts as, and that a resource's end is a level of 0. Locking the rows is a
separate statement: only a statement that starts after the rows are locked sees every event and every correction of
them.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing.period import ONE_DAY, day_start
from app.database import UnitOfWork
from app.tables.ids import new_ids


class DayKey(NamedTuple):
    """The key of a daily total, in the order in which rows are locked."""

    tenant_id: UUID
    deployment_id: UUID
    resource_kind: str
    resource_id: UUID
    day: date


# Missing rows are inserted, so that a concurrent batch that adds to them waits. Nothing is updated: an UPDATE locks a
# row even if its WHERE then does not match.
_LOCK = """
INSERT INTO usage_daily_totals AS t (
    id, tenant_id, deployment_id, resource_kind, resource_id, day, total, peak, first_at, last_level, level_microseconds
)
SELECT id, tenant_id, deployment_id, resource_kind, resource_id, day, 0, 0, starts_at, 0, 0
FROM unnest(
    $8::uuid[], $1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::date[], $6::timestamptz[], $7::timestamptz[]
) AS d (id, tenant_id, deployment_id, resource_kind, resource_id, day, starts_at, ends_at)
ORDER BY tenant_id, deployment_id, resource_kind, resource_id, day
ON CONFLICT (tenant_id, deployment_id, resource_kind, resource_id, day) DO UPDATE SET total = t.total WHERE false
RETURNING tenant_id, deployment_id, resource_kind, resource_id, day
"""

# As app/billing/usage.py folds events: a level lasts until the next one of its day; of levels at the same instant, the
# highest counts. Events of all resources of a day are read once. One more day on either side finds the events whatever
# the zone's data were when their day was stored.
_FOLD = """
WITH days AS MATERIALIZED (
    SELECT d.*, k.aggregation, c.destroyed_at
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::date[], $6::timestamptz[], $7::timestamptz[])
        AS d (tenant_id, deployment_id, resource_kind, resource_id, day, starts_at, ends_at)
    JOIN resource_kinds k ON k.code = d.resource_kind
    LEFT JOIN cloud_resources c ON c.tenant_id = d.tenant_id AND c.id = d.resource_id
), whole_days AS MATERIALIZED (
    SELECT DISTINCT tenant_id, deployment_id, resource_kind, day, starts_at, ends_at, aggregation FROM days
), corrected AS MATERIALIZED (
    SELECT DISTINCT ON (c.record_id) c.record_id, c.quantity
    FROM whole_days w JOIN usage_corrections c USING (tenant_id, deployment_id, resource_kind, day)
    ORDER BY c.record_id, c.corrected_at DESC, c.id DESC
), events AS (
    SELECT r.tenant_id, r.deployment_id, r.resource_kind, r.day, r.occurred_at,
           coalesce(corrected.quantity, r.quantity) AS quantity,
           coalesce(CASE WHEN w.aggregation <> 'SUM' THEN r.resource_id END,
                    '00000000-0000-0000-0000-000000000000') AS resource_id
    FROM whole_days w JOIN usage_records r USING (tenant_id, deployment_id, resource_kind, day)
    LEFT JOIN corrected ON corrected.record_id = r.id
    WHERE r.occurred_at >= w.starts_at - interval '1 day' AND r.occurred_at < w.ends_at + interval '1 day'
), counted AS (
    SELECT d.*, e.occurred_at, e.quantity
    FROM days d JOIN events e USING (tenant_id, deployment_id, resource_kind, resource_id, day)
    WHERE d.destroyed_at IS NULL OR e.occurred_at < d.destroyed_at
), with_ends AS (
    SELECT * FROM counted
    UNION ALL
    SELECT d.*, d.destroyed_at, 0
    FROM days d
    WHERE d.aggregation = 'TIME_WEIGHTED' AND d.destroyed_at >= d.starts_at AND d.destroyed_at < d.ends_at
      AND (EXISTS (SELECT FROM usage_daily_totals t
                   WHERE (t.tenant_id, t.deployment_id, t.resource_kind, t.resource_id)
                       = (d.tenant_id, d.deployment_id, d.resource_kind, d.resource_id) AND t.day < d.day)
           OR EXISTS (SELECT FROM counted c
                      WHERE (c.tenant_id, c.deployment_id, c.resource_kind, c.resource_id, c.day)
                          = (d.tenant_id, d.deployment_id, d.resource_kind, d.resource_id, d.day)))
), weighed AS (
    SELECT *, lead(occurred_at, 1, ends_at) OVER (
               PARTITION BY tenant_id, deployment_id, resource_kind, resource_id, day ORDER BY occurred_at, quantity
           ) - occurred_at AS held
    FROM with_ends
), folded AS MATERIALIZED (
    SELECT tenant_id, deployment_id, resource_kind, resource_id, day,
           sum(quantity) AS total, max(quantity) AS peak, min(occurred_at) AS first_at,
           CASE aggregation WHEN 'TIME_WEIGHTED'
           THEN (array_agg(quantity ORDER BY occurred_at DESC, quantity DESC))[1] ELSE 0 END AS last_level,
           CASE aggregation WHEN 'TIME_WEIGHTED'
           THEN trim_scale(sum(quantity * extract(epoch FROM held) * 1000000)) ELSE 0 END AS level_microseconds
    FROM weighed
    GROUP BY tenant_id, deployment_id, resource_kind, resource_id, day, aggregation
), removed AS (
    DELETE FROM usage_daily_totals t USING days d
    WHERE (t.tenant_id, t.deployment_id, t.resource_kind, t.resource_id, t.day)
        = (d.tenant_id, d.deployment_id, d.resource_kind, d.resource_id, d.day)
      AND NOT EXISTS (SELECT FROM folded f
                      WHERE (f.tenant_id, f.deployment_id, f.resource_kind, f.resource_id, f.day)
                          = (d.tenant_id, d.deployment_id, d.resource_kind, d.resource_id, d.day))
)
UPDATE usage_daily_totals t
SET total = f.total, peak = f.peak, first_at = f.first_at, last_level = f.last_level,
    level_microseconds = f.level_microseconds
FROM folded f
WHERE (t.tenant_id, t.deployment_id, t.resource_kind, t.resource_id, t.day)
    = (f.tenant_id, f.deployment_id, f.resource_kind, f.resource_id, f.day)
"""


async def refold(unit: UnitOfWork, zone: ZoneInfo, days: Iterable[DayKey]) -> None:
    """Recomputes daily totals from their events; the total of a day without events is deleted."""
    keys = sorted(set(days))
    await lock_days(unit, zone, keys)
    await fold_days(unit, zone, keys)


async def lock_days(unit: UnitOfWork, zone: ZoneInfo, days: Sequence[DayKey]) -> list[DayKey]:
    """Locks daily totals, so that nothing can be added to these days until the commit. Returns the days that had no
    total: these must be computed afterwards.
    """
    if not days:
        return []
    made = await unit.connection.fetch(_LOCK, *_columns(days, zone), new_ids(len(days)))
    return [DayKey(*key) for key in made]


async def fold_days(unit: UnitOfWork, zone: ZoneInfo, days: Sequence[DayKey]) -> None:
    """Computes the daily totals of the given days, which must be locked."""
    if days:
        await unit.connection.execute(_FOLD, *_columns(days, zone))


def _columns(days: Sequence[DayKey], zone: ZoneInfo) -> list[list[Any]]:
    columns: list[list[Any]] = [list(column) for column in zip(*days, strict=True)]
    columns.append([day_start(key.day, zone) for key in days])
    columns.append([day_start(key.day + ONE_DAY, zone) for key in days])
    return columns
