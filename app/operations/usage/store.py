"""Usage in the database: a whole batch in a few statements, whatever its size.

The rows come by staging.py; their ids rise in the order of the events, and the day of each is given.

Two batches at once wait for each other row by row and in one order, events before days, so that they cannot deadlock;
where they do over days that both fold anew (refold.py), one is done again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from app.billing.period import ONE_DAY, day_start
from app.database import UnitOfWork
from app.operations.usage.refold import DayKey


class TouchedDay(NamedTuple):
    """A daily total to which events were added, the earliest of them at `since`."""

    key: DayKey
    since: datetime


_CLAIM = """
INSERT INTO usage_event_keys (id, tenant_id, occurred_at, source, event_id, fingerprint)
SELECT id, tenant_id, occurred_at, source, event_id, fingerprint FROM pg_temp.staged_usage
ORDER BY tenant_id, source, event_id, id
"""
_CLAIM_FREE = f"{_CLAIM} ON CONFLICT (tenant_id, source, event_id) DO NOTHING"

_DROP_TAKEN = """
DELETE FROM pg_temp.staged_usage AS given USING usage_event_keys k
WHERE (k.tenant_id, k.source, k.event_id) = (given.tenant_id, given.source, given.event_id) AND k.id <> given.id
RETURNING given.id, k.fingerprint <> given.fingerprint
"""

# A new day takes the id of one of its events. $2: the kinds whose resources have days of their own.
_KEEP_AND_ADD = """
WITH kept AS MATERIALIZED (
    SELECT id, tenant_id, deployment_id, resource_kind, source, event_id, quantity::numeric AS quantity,
           occurred_at, day, resource_id,
           CASE WHEN resource_id IS NOT NULL AND resource_kind = any($2::text[]) THEN resource_id
           ELSE '00000000-0000-0000-0000-000000000000' END AS stream
    FROM pg_temp.staged_usage
), written AS (
    INSERT INTO usage_records (
        id, tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at, day, resource_id,
        recorded_at
    )
    SELECT id, tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at, day, resource_id, $1
    FROM kept
), touched AS (
    SELECT (array_agg(id))[1] AS id, tenant_id, deployment_id, resource_kind, stream AS resource_id, day,
           sum(quantity) AS total, max(quantity) AS peak, min(occurred_at) AS first_at
    FROM kept
    GROUP BY tenant_id, deployment_id, resource_kind, stream, day
), added AS (
    INSERT INTO usage_daily_totals AS t (
        id, tenant_id, deployment_id, resource_kind, resource_id, day, total, peak, first_at, last_level,
        level_microseconds
    )
    SELECT id, tenant_id, deployment_id, resource_kind, resource_id, day, total, peak, first_at, 0, 0
    FROM touched
    ORDER BY tenant_id, deployment_id, resource_kind, resource_id, day
    ON CONFLICT (tenant_id, deployment_id, resource_kind, resource_id, day) DO UPDATE
    SET total = t.total + excluded.total,
        peak = greatest(t.peak, excluded.peak),
        first_at = least(t.first_at, excluded.first_at)
)
SELECT tenant_id, deployment_id, resource_kind, resource_id, day, first_at FROM touched
WHERE resource_kind = any($3::text[]) OR resource_id = any($4::uuid[])
"""

# What each level from a day's first new event on weighs now, less what it weighed before: only those are read. The
# level that held until then stands first; of levels set at the same instant the highest holds. Days that have
# corrections are left out.
_ADD_LEVELS = """
WITH days AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::date[], $6::timestamptz[], $7::timestamptz[],
        $8::timestamptz[]
    ) AS d (tenant_id, deployment_id, resource_kind, resource_id, day, since, starts_at, ends_at)
    WHERE NOT EXISTS (
        SELECT FROM usage_corrections c
        WHERE (c.tenant_id, c.deployment_id, c.resource_kind, c.day)
            = (d.tenant_id, d.deployment_id, d.resource_kind, d.day))
), whole_days AS MATERIALIZED (
    SELECT tenant_id, deployment_id, resource_kind, day, min(since) AS since, ends_at FROM days
    GROUP BY tenant_id, deployment_id, resource_kind, day, ends_at
), events AS (
    SELECT r.id, r.tenant_id, r.deployment_id, r.resource_kind, r.day, r.occurred_at, r.quantity,
           coalesce(r.resource_id, '00000000-0000-0000-0000-000000000000') AS resource_id
    FROM whole_days w JOIN usage_records r USING (tenant_id, deployment_id, resource_kind, day)
    WHERE r.occurred_at >= w.since AND r.occurred_at < w.ends_at
), levels AS (
    SELECT d.*, occurred_at, quantity, 1 AS rank, e.id = any($9::uuid[]) AS is_new
    FROM days d JOIN events e USING (tenant_id, deployment_id, resource_kind, resource_id, day)
    WHERE occurred_at >= since
    UNION ALL
    SELECT d.*, since, held.quantity, 0, false
    FROM days d CROSS JOIN LATERAL (
        SELECT quantity FROM usage_records r
        WHERE (r.tenant_id, r.deployment_id, r.resource_kind, r.day)
            = (d.tenant_id, d.deployment_id, d.resource_kind, d.day)
          AND coalesce(r.resource_id, '00000000-0000-0000-0000-000000000000') = d.resource_id
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
    WINDOW everyone AS (PARTITION BY tenant_id, deployment_id, resource_kind, resource_id, day),
           alike AS (PARTITION BY tenant_id, deployment_id, resource_kind, resource_id, day, is_new)
), added AS (
    SELECT tenant_id, deployment_id, resource_kind, resource_id, day,
           (array_agg(quantity ORDER BY occurred_at DESC, rank DESC, quantity DESC))[1] AS last_level,
           sum(quantity * extract(epoch FROM now - before) * 1000000) AS level_microseconds
    FROM weighed
    GROUP BY tenant_id, deployment_id, resource_kind, resource_id, day
)
UPDATE usage_daily_totals t
SET last_level = added.last_level,
    level_microseconds = trim_scale(t.level_microseconds + added.level_microseconds)
FROM added
WHERE (t.tenant_id, t.deployment_id, t.resource_kind, t.resource_id, t.day)
    = (added.tenant_id, added.deployment_id, added.resource_kind, added.resource_id, added.day)
RETURNING t.tenant_id, t.deployment_id, t.resource_kind, t.resource_id, t.day
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
    unit: UnitOfWork, recorded_at: datetime, streamed: Sequence[str], levels: Sequence[str], ended: Sequence[UUID]
) -> list[TouchedDay]:
    """Keeps the events that are staged, and adds them to their days.

    streamed: the kinds whose resources have days of their own, levels: those of TIME_WEIGHTED kinds. Gives the days of
    levels and of the ended resources. The touched days stay locked, so that nobody else adds to them before the commit.
    """
    touched = await unit.connection.fetch(_KEEP_AND_ADD, recorded_at, streamed, levels, ended)
    return [TouchedDay(DayKey(*key), since) for *key, since in touched]


async def add_levels(unit: UnitOfWork, new: Sequence[UUID], days: Sequence[TouchedDay], zone: ZoneInfo) -> set[DayKey]:
    """Adds the levels of the new rows to the touched days of TIME_WEIGHTED kinds. Gives the days that have corrections:
    nothing is added to those, and they must be folded anew.

    A statement of its own: only one that starts with the days locked sees every event that was added to them.
    """
    if not days:
        return set()
    columns = [list(column) for column in zip(*(day.key for day in days), strict=True)]
    since = [day.since for day in days]
    starts = [day_start(day.key.day, zone) for day in days]
    ends = [day_start(day.key.day + ONE_DAY, zone) for day in days]
    added = await unit.connection.fetch(_ADD_LEVELS, *columns, since, starts, ends, new)
    return {day.key for day in days} - {DayKey(*key) for key in added}
