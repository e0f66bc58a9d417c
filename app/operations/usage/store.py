"""Usage in the database: a whole batch in a few statements, whatever its size.

The rows come by staging.py; their ids rise in the order of the events.

Two batches at once wait for each other row by row and in one order, events before days, so that they cannot deadlock;
where they do over drafts that both make stale, one is done again.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from app.billing.period import ONE_DAY, day_start
from app.database import UnitOfWork
from app.operations.usage.late import LATE


class TouchedDay(NamedTuple):
    """A deployment's day of one kind to which events were added, the earliest of them at `since`."""

    tenant_id: UUID
    deployment_id: UUID
    resource_kind: str
    day: date
    since: datetime


_CLAIM = """
INSERT INTO usage_event_keys (id, tenant_id, source, event_id, fingerprint)
SELECT id, tenant_id, source, event_id, fingerprint FROM pg_temp.staged_usage
ORDER BY tenant_id, source, event_id, id
"""
_CLAIM_FREE = f"{_CLAIM} ON CONFLICT (tenant_id, source, event_id) DO NOTHING"

_DROP_TAKEN = """
DELETE FROM pg_temp.staged_usage AS given USING usage_event_keys k
WHERE (k.tenant_id, k.source, k.event_id) = (given.tenant_id, given.source, given.event_id) AND k.id <> given.id
RETURNING given.id, k.fingerprint <> given.fingerprint
"""

# A new day takes the id of one of its events.
_KEEP = """
WITH kept AS MATERIALIZED (
    SELECT id, tenant_id, deployment_id, resource_kind, source, event_id, quantity::numeric AS quantity,
           occurred_at, resource_id, (occurred_at AT TIME ZONE $2::text)::date AS day
    FROM pg_temp.staged_usage
), written AS (
    INSERT INTO usage_records (
        id, tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at, resource_id, recorded_at
    )
    SELECT id, tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at, resource_id, $1
    FROM kept
), touched AS (
    SELECT (array_agg(id))[1] AS id, tenant_id, deployment_id, resource_kind, day, sum(quantity) AS total,
           max(quantity) AS peak, min(occurred_at) AS first_at
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
_TOUCHED = "SELECT tenant_id, deployment_id, resource_kind, day, first_at FROM touched WHERE resource_kind = any($3)"
_KEEP_AND_ADD = _KEEP + _TOUCHED
_KEEP_AND_ADD_LATE = _KEEP + LATE + _TOUCHED

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


async def claim(unit: UnitOfWork) -> dict[UUID, bool]:
    """Takes the event ids of the staged rows that are new, of rows that share one the first's, and unstages the rest.

    Gives the ids of those rows, and whether what is kept under their event ids is something else.
    """
    try:
        # Nearly every batch is new from end to end, and a plain INSERT takes half of what ON CONFLICT does.
        async with unit.attempt():
            await unit.connection.fetch(_CLAIM)  # which is planned once a connection; by execute() every time
    except asyncpg.UniqueViolationError:
        await unit.connection.fetch(_CLAIM_FREE)
        return dict(await unit.connection.fetch(_DROP_TAKEN))
    return {}


async def add_to_days(
    unit: UnitOfWork, recorded_at: datetime, zone: ZoneInfo, level_kinds: Sequence[str], first_open_day: date | None
) -> list[TouchedDay]:
    """Keeps the events that are staged, and adds them to their days in the zone. Gives the days of the level kinds.

    With a first open day, months before it may be closed: then late.py has its say. The touched days stay locked, so
    that nobody else adds to them before the commit.
    """
    given = (recorded_at, zone.key, level_kinds)
    if first_open_day is None:
        touched = await unit.connection.fetch(_KEEP_AND_ADD, *given)
    else:
        touched = await unit.connection.fetch(_KEEP_AND_ADD_LATE, *given, first_open_day)
    return [TouchedDay(*day) for day in touched]


async def add_levels(unit: UnitOfWork, new: Sequence[UUID], days: Sequence[TouchedDay], zone: ZoneInfo) -> None:
    """Adds the levels of the new rows to the touched days of TIME_WEIGHTED kinds.

    A statement of its own: only one that starts with the days locked sees every event that was added to them.
    """
    if days:
        tenant_ids, deployment_ids, kinds, dates, since = (list(column) for column in zip(*days, strict=True))
        starts = [day_start(day.day, zone) for day in days]
        ends = [day_start(day.day + ONE_DAY, zone) for day in days]
        await unit.connection.execute(_ADD_LEVELS, tenant_ids, deployment_ids, kinds, dates, since, starts, ends, new)
