"""Usage in the database: a whole batch in a few statements, whatever its size.

Two batches at once wait for each other row by row and in one order, events before days, so that they cannot deadlock;
where they do over drafts that both make stale, one is done again.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing.period import ONE_DAY, day_start
from app.database import UnitOfWork
from app.operations.usage.late import LATE


class UsageRow(NamedTuple):
    """An event to keep; the fields are in the order of the columns of the statements below.

    Ids rise in the order of the events.
    """

    id: UUID
    tenant_id: UUID
    deployment_id: UUID
    resource_kind: str
    source: str
    event_id: str
    quantity: str
    occurred_at: datetime
    resource_id: UUID | None
    fingerprint: bytes


class TouchedDay(NamedTuple):
    """A deployment's day of one kind to which so many events were added, the earliest of them at `since`."""

    tenant_id: UUID
    deployment_id: UUID
    resource_kind: str
    day: date
    since: datetime
    events: int


# COPY takes rows into it at a third of what arrays cost as parameters, quantities as text at a third of what asyncpg
# needs for a numeric. It stays with its connection and empties itself.
_STAGING = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_usage (
    id uuid, tenant_id uuid, deployment_id uuid, resource_kind text, source text COLLATE "C", event_id text COLLATE "C",
    quantity text, occurred_at timestamptz, resource_id uuid, fingerprint bytea
) ON COMMIT DELETE ROWS
"""

# A new day takes the id of one of its events.
_KEEP = """
WITH fresh AS (
    INSERT INTO usage_event_keys (id, tenant_id, source, event_id, fingerprint)
    SELECT id, tenant_id, source, event_id, fingerprint FROM pg_temp.staged_usage
    ORDER BY tenant_id, source, event_id, id
    ON CONFLICT (tenant_id, source, event_id) DO NOTHING
    RETURNING id
), kept AS MATERIALIZED (
    SELECT given.id, tenant_id, deployment_id, resource_kind, source, event_id, given.quantity::numeric AS quantity,
           occurred_at, resource_id, (occurred_at AT TIME ZONE $2::text)::date AS day
    FROM pg_temp.staged_usage AS given JOIN fresh USING (id)
), written AS (
    INSERT INTO usage_records (
        id, tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at, resource_id, recorded_at
    )
    SELECT id, tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at, resource_id, $1
    FROM kept
), touched AS (
    SELECT (array_agg(id))[1] AS id, tenant_id, deployment_id, resource_kind, day, count(*) AS events,
           sum(quantity) AS total, max(quantity) AS peak, min(occurred_at) AS first_at
    FROM kept
    GROUP BY tenant_id, deployment_id, resource_kind, day
), added AS (
    INSERT INTO usage_daily_totals AS t (
        id, tenant_id, deployment_id, resource_kind, day, total, peak, first_at, last_level, level_microseconds
    )
    SELECT id, tenant_id, deployment_id, resource_kind, day, total, peak, first_at, 0, 0
    FROM touched
    ORDER BY tenant_id, deployment_id, resource_kind, day
    ON CONFLICT (tenant_id, deployment_id, resource_kind, day) DO UPDATE
    SET total = t.total + excluded.total,
        peak = greatest(t.peak, excluded.peak),
        first_at = least(t.first_at, excluded.first_at)
)
"""
_TOUCHED = "SELECT tenant_id, deployment_id, resource_kind, day, first_at, events FROM touched"
_KEEP_AND_ADD = _KEEP + _TOUCHED
_KEEP_AND_ADD_LATE = _KEEP + LATE + _TOUCHED

_DIFFERING = """
SELECT given.id
FROM pg_temp.staged_usage AS given JOIN usage_event_keys k USING (tenant_id, source, event_id)
WHERE k.fingerprint <> given.fingerprint
"""

# What each level from a day's first new event on weighs now, less what it weighed before: only those are read. The
# level that held until then stands first; of levels set at the same instant the highest holds.
_ADD_LEVELS = """
WITH days AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[]
    ) AS days (tenant_id, deployment_id, resource_kind, day, since, starts_at, ends_at)
), levels AS (
    SELECT tenant_id, deployment_id, resource_kind, day, ends_at, occurred_at, quantity,
           1 AS rank, r.id = any($8::uuid[]) AS is_new
    FROM days JOIN usage_records r USING (tenant_id, deployment_id, resource_kind)
    WHERE occurred_at >= since AND occurred_at < ends_at
    UNION ALL
    SELECT tenant_id, deployment_id, resource_kind, day, ends_at, since, held.quantity, 0, false
    FROM days CROSS JOIN LATERAL (
        SELECT quantity FROM usage_records r
        WHERE (r.tenant_id, r.deployment_id, r.resource_kind)
            = (days.tenant_id, days.deployment_id, days.resource_kind)
          AND occurred_at >= starts_at AND occurred_at < since
        ORDER BY occurred_at DESC, quantity DESC LIMIT 1
    ) held
), weighed AS (
    SELECT *,
           lead(occurred_at, 1, ends_at) OVER (everyone ORDER BY occurred_at, rank, quantity) - occurred_at AS now,
           CASE WHEN is_new THEN interval '0'
           ELSE lead(occurred_at, 1, ends_at) OVER (alike ORDER BY occurred_at, rank, quantity) - occurred_at
           END AS before
    FROM levels
    WINDOW everyone AS (PARTITION BY tenant_id, deployment_id, resource_kind, day),
           alike AS (PARTITION BY tenant_id, deployment_id, resource_kind, day, is_new)
), added AS (
    SELECT tenant_id, deployment_id, resource_kind, day,
           (array_agg(quantity ORDER BY occurred_at DESC, rank DESC, quantity DESC))[1] AS last_level,
           sum(quantity * extract(epoch FROM now - before) * 1000000) AS level_microseconds
    FROM weighed
    GROUP BY tenant_id, deployment_id, resource_kind, day
)
UPDATE usage_daily_totals t
SET last_level = added.last_level,
    level_microseconds = trim_scale(t.level_microseconds + added.level_microseconds)
FROM added
WHERE (t.tenant_id, t.deployment_id, t.resource_kind, t.day)
    = (added.tenant_id, added.deployment_id, added.resource_kind, added.day)
"""


async def add_to_days(
    unit: UnitOfWork, rows: Sequence[UsageRow], recorded_at: datetime, zone: ZoneInfo, first_open_day: date | None
) -> list[TouchedDay]:
    """Keeps the events whose id is new, the first where two share one, and adds them to their days in the zone.

    Once in a transaction. With a first open day, months before it may be closed: then late.py has its say.
    The touched days stay locked, so that nobody else adds to them before the commit.
    """
    if not rows:
        return []
    await unit.connection.execute(_STAGING)
    await unit.connection.copy_records_to_table(
        "staged_usage", records=rows, columns=UsageRow._fields, schema_name="pg_temp"
    )
    if first_open_day is None:
        touched = await unit.connection.fetch(_KEEP_AND_ADD, recorded_at, zone.key)
    else:
        touched = await unit.connection.fetch(_KEEP_AND_ADD_LATE, recorded_at, zone.key, first_open_day)
    return [TouchedDay(*day) for day in touched]


async def add_levels(unit: UnitOfWork, rows: Sequence[UsageRow], days: Sequence[TouchedDay], zone: ZoneInfo) -> None:
    """Adds the levels of the rows to the touched days of TIME_WEIGHTED kinds.

    A statement of its own: only one that starts with the days locked sees every event that was added to them.
    """
    if days:
        tenant_ids, deployment_ids, kinds, dates, since, _ = (list(column) for column in zip(*days, strict=True))
        starts = [day_start(day.day, zone) for day in days]
        ends = [day_start(day.day + ONE_DAY, zone) for day in days]
        new = [row.id for row in rows]
        await unit.connection.execute(_ADD_LEVELS, tenant_ids, deployment_ids, kinds, dates, since, starts, ends, new)


async def differing(unit: UnitOfWork) -> set[UUID]:
    """The ids of the rows just added under whose event id something else is kept."""
    return {row_id for (row_id,) in await unit.connection.fetch(_DIFFERING)}
