"""The law of usage: a day's totals are that day's events folded, no more and no fewer."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from app.billing import Aggregation, LevelUsage, UsageEvent, fold
from app.operations.laws.law import Examination, Finding, Law, Spine

_DIFFERING = """
WITH folded AS (
    SELECT deployment_id, resource_kind, (occurred_at AT TIME ZONE $2::text)::date AS day,
           count(*) AS events, sum(quantity) AS total, max(quantity) AS peak, min(occurred_at) AS first_at
    FROM cloud_deployments d JOIN usage_records r ON r.tenant_id = d.tenant_id AND r.deployment_id = d.id
    WHERE d.id = any($1::uuid[])
    GROUP BY deployment_id, resource_kind, day
), kept AS (
    SELECT * FROM usage_daily_totals WHERE deployment_id = any($1::uuid[])
)
SELECT coalesce('usage_daily_totals ' || k.id, 'cloud_deployments ' || f.deployment_id),
       format('%s on %s has %s', resource_kind, day, CASE
           WHEN k.id IS NULL THEN format('%s events and no total', f.events)
           WHEN f.deployment_id IS NULL THEN 'a total and no events'
           ELSE format('total %s, peak %s, first at %s; its events give %s, %s, %s', trim_scale(k.total),
                       trim_scale(k.peak), k.first_at, trim_scale(f.total), trim_scale(f.peak), f.first_at) END)
FROM folded f FULL JOIN kept k USING (deployment_id, resource_kind, day)
WHERE (k.total, k.peak, k.first_at) IS DISTINCT FROM (f.total, f.peak, f.first_at)
ORDER BY 1, 2
"""
_LEVELS = """
SELECT t.id, t.deployment_id, t.resource_kind, t.day, t.last_level, t.level_microseconds, r.occurred_at, r.quantity
FROM usage_daily_totals t JOIN resource_kinds k ON k.code = t.resource_kind AND k.aggregation = 'TIME_WEIGHTED'
JOIN usage_records r ON r.tenant_id = t.tenant_id AND r.deployment_id = t.deployment_id
    AND r.resource_kind = t.resource_kind
    AND r.occurred_at >= t.day::timestamp AT TIME ZONE $2::text
    AND r.occurred_at < (t.day + 1)::timestamp AT TIME ZONE $2::text
WHERE t.deployment_id = any($1::uuid[])
ORDER BY t.id
"""


async def _unlike_their_events(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    found = [Finding(*row) for row in await examination.fetch(_DIFFERING, keys, examination.zone.key)]
    # A deployment at a time: levels are folded by the core, which wants the events themselves.
    for key in keys:
        rows = await examination.fetch(_LEVELS, [key], examination.zone.key)
        for _, events in groupby(rows, itemgetter("id")):
            found += _level_differs(examination, list(events))
    return found


def _level_differs(examination: Examination, rows: Sequence[Any]) -> list[Finding]:
    kept = rows[0]
    events = [UsageEvent(row["occurred_at"], row["quantity"]) for row in rows]
    folded = fold(kept["resource_kind"], Aggregation.TIME_WEIGHTED, events, examination.zone)
    assert isinstance(folded, LevelUsage)  # noqa: S101 - what TIME_WEIGHTED folds to
    given = {day.date: (day.last_level, day.level_microseconds) for day in folded.days}
    found: tuple[Decimal, Decimal] = (kept["last_level"], kept["level_microseconds"])
    day: date = kept["day"]
    if given.keys() == {day} and given[day] == found:
        return []
    message = f"{kept['resource_kind']} on {day} has level {found[0]} and {found[1]} in all; its events give {given}"
    return [Finding(f"usage_daily_totals {kept['id']}", message)]


LAWS = (Law("a day's totals are its events folded", Spine.DEPLOYMENTS, _unlike_their_events),)
