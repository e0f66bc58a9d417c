"""Stores a batch of usage in a few statements, whatever its size.

The rows are encoded by staging.py; their ids are in the order of the events, and their days are already known.

Two concurrent batches lock rows in the same order, events before days, so that they cannot deadlock. Where they do on
days that both recompute (refold.py), one transaction is retried.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from app.billing.period import ONE_DAY, day_start
from app.database import UnitOfWork
from app.operations.usage.refold import DayKey


class Streams(NamedTuple):
    """The kinds whose resources have daily totals of their own, those of them that are TIME_WEIGHTED, and the resources
    that have ended, with the instant.
    """

    kinds: Sequence[str]
    level_kinds: Sequence[str]
    ended: Mapping[UUID, datetime]


_CLAIM = """
INSERT INTO usage_event_keys (id, tenant_id, occurred_at, source, event_id, fingerprint)
SELECT id, tenant_id, occurred_at, source, event_id, fingerprint FROM pg_temp.staged_usage
ORDER BY tenant_id, source, event_id, id
"""
_CLAIM_FREE = f"{_CLAIM} ON CONFLICT (tenant_id, source, event_id) DO NOTHING"

_DELETE_TAKEN = """
DELETE FROM pg_temp.staged_usage AS given USING usage_event_keys k
WHERE (k.tenant_id, k.source, k.event_id) = (given.tenant_id, given.source, given.event_id) AND k.id <> given.id
RETURNING given.id, k.fingerprint <> given.fingerprint
"""

# A new daily total takes the id of one of its events. $2: the kinds whose resources have daily totals of their own; $3:
# those with levels, which add_levels stores. $4 and $5: the resources that have ended, and when: their readings and
# levels from then on are stored but do not count.
_INSERT_AND_ADD = """
WITH staged AS MATERIALIZED (
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
    FROM staged
    WHERE resource_kind <> all($3::text[])
), touched AS (
    SELECT (array_agg(id))[1] AS id, tenant_id, deployment_id, resource_kind, stream AS resource_id, day,
           sum(quantity) AS total, max(quantity) AS peak, min(occurred_at) AS first_at
    FROM staged
    WHERE stream <> all($4::uuid[])
       OR occurred_at < (SELECT e.ended_at FROM unnest($4::uuid[], $5::timestamptz[]) AS e (id, ended_at)
                         WHERE e.id = stream)
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
SELECT tenant_id, deployment_id, resource_kind, resource_id, day FROM touched WHERE resource_kind = any($3::text[])
"""

# The instants between which all days are, $10 and $11, are given as bounds, so that only one or two partitions are
# planned.
_SAME_DAY = """(r.tenant_id, r.deployment_id, r.resource_kind, r.level_stream, r.day)
             = (n.tenant_id, n.deployment_id, n.resource_kind, n.resource_id, n.day)
          AND r.occurred_at >= $10 AND r.occurred_at < $11"""

# The level in force at an instant of a day that has corrections, among the levels stored before. The first part skips
# no more levels than have corrections at that instant.
_CORRECTED_AT = """(
    SELECT max(quantity) FROM (
        (SELECT r.quantity FROM usage_records r
         WHERE {of_the_day} AND r.occurred_at = {instant} AND NOT EXISTS (
             SELECT FROM usage_corrections c
             WHERE (c.tenant_id, c.deployment_id, c.resource_kind, c.day, c.record_id)
                 = (r.tenant_id, r.deployment_id, r.resource_kind, r.day, r.id))
         ORDER BY r.quantity DESC LIMIT 1)
        UNION ALL
        (SELECT DISTINCT ON (c.record_id) c.quantity
         FROM usage_corrections c JOIN usage_records r
             ON (r.tenant_id, r.deployment_id, r.resource_kind, r.occurred_at, r.id)
              = (c.tenant_id, c.deployment_id, c.resource_kind, c.occurred_at, c.record_id)
         WHERE {of_the_day} AND r.occurred_at = {instant} AND c.day = n.day
         ORDER BY c.record_id, c.corrected_at DESC, c.id DESC)
    ) AS at_the_instant
)"""

# A level changes its day from its instant to the next level, where the level of the same instant, or else of the last
# instant before, was in force. Each is found by an index, however many levels the day has. The statement sees the
# levels stored before it, not its own.
_ADD_LEVELS = f"""
WITH staged AS MATERIALIZED (
    SELECT id, tenant_id, deployment_id, resource_kind, source, event_id, quantity::numeric AS quantity,
           occurred_at, day, resource_id,
           coalesce(resource_id, '00000000-0000-0000-0000-000000000000') AS level_stream
    FROM pg_temp.staged_usage
    WHERE resource_kind = any($2::text[])
), written AS (
    INSERT INTO usage_records (
        id, tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at, day, resource_id,
        level_stream, recorded_at
    )
    SELECT id, tenant_id, deployment_id, resource_kind, source, event_id, quantity, occurred_at, day, resource_id,
           level_stream, $1
    FROM staged
), days AS MATERIALIZED (
    SELECT d.*, EXISTS (
        SELECT FROM usage_corrections c
        WHERE (c.tenant_id, c.deployment_id, c.resource_kind, c.day)
            = (d.tenant_id, d.deployment_id, d.resource_kind, d.day)) AS is_corrected
    FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::date[], $8::timestamptz[], $9::bool[])
        AS d (tenant_id, deployment_id, resource_kind, resource_id, day, ends_at, is_last)
), new AS MATERIALIZED (
    SELECT d.*, s.occurred_at, max(s.quantity) AS quantity,
           lead(s.occurred_at) OVER (
               PARTITION BY d.tenant_id, d.deployment_id, d.resource_kind, d.resource_id, d.day ORDER BY s.occurred_at
           ) AS next_new
    FROM days d JOIN staged s ON (s.tenant_id, s.deployment_id, s.resource_kind, s.level_stream, s.day)
                               = (d.tenant_id, d.deployment_id, d.resource_kind, d.resource_id, d.day)
    WHERE s.occurred_at < d.ends_at
    GROUP BY d.tenant_id, d.deployment_id, d.resource_kind, d.resource_id, d.day, d.ends_at, d.is_last,
             d.is_corrected, s.occurred_at
), placed AS (
    SELECT n.*, least(n.next_new, following.occurred_at, n.ends_at) - n.occurred_at AS held,
           CASE WHEN n.is_corrected THEN {_CORRECTED_AT.format(of_the_day=_SAME_DAY, instant="n.occurred_at")}
           ELSE (SELECT r.quantity FROM usage_records r WHERE {_SAME_DAY} AND r.occurred_at = n.occurred_at
                 ORDER BY r.quantity DESC LIMIT 1) END AS same,
           CASE WHEN n.is_corrected THEN {_CORRECTED_AT.format(of_the_day=_SAME_DAY, instant="previous.occurred_at")}
           ELSE previous.quantity END AS before,
           coalesce(following.occurred_at, n.next_new) IS NULL AS is_latest
    FROM new n
    LEFT JOIN LATERAL (
        SELECT r.occurred_at FROM usage_records r
        WHERE {_SAME_DAY} AND r.occurred_at > n.occurred_at AND r.occurred_at < n.ends_at
        ORDER BY r.occurred_at LIMIT 1
    ) following ON true
    LEFT JOIN LATERAL (
        SELECT r.occurred_at, r.quantity FROM usage_records r
        WHERE {_SAME_DAY} AND r.occurred_at < n.occurred_at
        ORDER BY r.occurred_at DESC, r.quantity DESC LIMIT 1
    ) previous ON true
), added AS (
    SELECT tenant_id, deployment_id, resource_kind, resource_id, day,
           max(greatest(same, quantity)) FILTER (WHERE is_latest AND NOT is_last) AS last_level,
           sum((greatest(same, quantity) - coalesce(same, before, 0)) * extract(epoch FROM held) * 1000000)
               AS level_microseconds
    FROM placed
    GROUP BY tenant_id, deployment_id, resource_kind, resource_id, day
)
UPDATE usage_daily_totals t
SET last_level = coalesce(added.last_level, t.last_level),
    level_microseconds = trim_scale(t.level_microseconds + added.level_microseconds)
FROM added
WHERE (t.tenant_id, t.deployment_id, t.resource_kind, t.resource_id, t.day)
    = (added.tenant_id, added.deployment_id, added.resource_kind, added.resource_id, added.day)
"""  # noqa: S608 - made of constants


async def claim(unit: UnitOfWork) -> dict[UUID, bool]:
    """Stores the event ids of the staged rows that are new, and deletes the other rows from the staging table. Of
    several rows with the same id, the first counts as new.

    Returns the ids of the deleted rows, each with whether the stored event has different content.
    """
    try:
        # Nearly every batch is entirely new, and a plain INSERT takes half the time of ON CONFLICT.
        async with unit.attempt():
            # fetch() plans the statement once per connection; execute() plans it every time.
            await unit.connection.fetch(_CLAIM)
    except asyncpg.UniqueViolationError:
        await unit.connection.fetch(_CLAIM_FREE)
        return dict(await unit.connection.fetch(_DELETE_TAKEN))
    return {}


async def add_to_days(unit: UnitOfWork, recorded_at: datetime, streams: Streams) -> list[DayKey]:
    """Stores the staged events except the levels, and adds all of them to their daily totals, except how long each
    level lasts, which add_levels adds.

    Returns the days of levels. The changed days stay locked until the commit, so that nothing else can be added to
    them.
    """
    kinds, levels, ended = streams
    touched = await unit.connection.fetch(
        _INSERT_AND_ADD, recorded_at, kinds, levels, list(ended), list(ended.values())
    )
    return [DayKey(*key) for key in touched]


async def add_levels(
    unit: UnitOfWork, zone: ZoneInfo, recorded_at: datetime, streams: Streams, days: Sequence[DayKey]
) -> None:
    """Stores the staged levels, and adds to these days how long each lasts.

    A separate statement: only one that starts after the days are locked sees every level that was added to them.
    """
    columns = [[key[place] for key in days] for place in range(len(DayKey._fields))]
    starts = [day_start(key.day, zone) for key in days]
    ends = [day_start(key.day + ONE_DAY, zone) for key in days]
    until = [min(end, streams.ended.get(key.resource_id, end)) for key, end in zip(days, ends, strict=True)]
    are_last = [instant < end for instant, end in zip(until, ends, strict=True)]
    bounds = min(starts, default=recorded_at), max(ends, default=recorded_at)
    await unit.connection.execute(_ADD_LEVELS, recorded_at, streams.level_kinds, *columns, until, are_last, *bounds)
