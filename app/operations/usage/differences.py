"""Compares daily totals with their events, computed in another way than the totals themselves."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import day_of
from app.billing.period import ONE_DAY, day_start, microseconds
from app.database import UnitOfWork

_LAST_CORRECTIONS = """
SELECT DISTINCT ON (c.tenant_id, c.record_id) c.tenant_id, c.record_id, c.quantity
FROM cloud_deployments d JOIN usage_corrections c ON c.tenant_id = d.tenant_id AND c.deployment_id = d.id
WHERE d.id = any($1::uuid[])
ORDER BY c.tenant_id, c.record_id, c.corrected_at DESC, c.id DESC
"""
# The day that is stored with the event counts.
_AMOUNTS_AND_READINGS = f"""
WITH corrected AS ({_LAST_CORRECTIONS}), folded AS (
    SELECT r.tenant_id, r.deployment_id, r.resource_kind, r.day,
           coalesce(CASE WHEN k.aggregation <> 'SUM' THEN r.resource_id END,
                    '00000000-0000-0000-0000-000000000000') AS resource_id,
           count(*) AS events, sum(coalesce(c.quantity, r.quantity)) AS total,
           max(coalesce(c.quantity, r.quantity)) AS peak, min(r.occurred_at) AS first_at
    FROM cloud_deployments d JOIN usage_records r ON r.tenant_id = d.tenant_id AND r.deployment_id = d.id
    JOIN resource_kinds k ON k.code = r.resource_kind AND k.aggregation <> 'TIME_WEIGHTED'
    LEFT JOIN corrected c ON c.tenant_id = r.tenant_id AND c.record_id = r.id
    LEFT JOIN cloud_resources s
        ON k.aggregation = 'MAX' AND s.tenant_id = r.tenant_id AND s.id = r.resource_id AND s.destroyed_at IS NOT NULL
    WHERE d.id = any($1::uuid[]) AND (s.id IS NULL OR r.occurred_at < s.destroyed_at)
    GROUP BY 1, 2, 3, 4, 5
), kept AS (
    SELECT t.* FROM usage_daily_totals t JOIN resource_kinds k ON k.code = t.resource_kind
    WHERE t.deployment_id = any($1::uuid[]) AND k.aggregation <> 'TIME_WEIGHTED'
)
SELECT coalesce('usage_daily_totals ' || k.id, 'cloud_deployments ' || f.deployment_id),
       format('%s of resource %s on %s has %s', resource_kind, resource_id, day, CASE
           WHEN k.id IS NULL THEN format('%s events and no total', f.events)
           WHEN f.deployment_id IS NULL THEN 'a total and no events'
           ELSE format('total %s, peak %s, first at %s; its events give %s, %s, %s', trim_scale(k.total),
                       trim_scale(k.peak), k.first_at, trim_scale(f.total), trim_scale(f.peak), f.first_at) END)
FROM folded f FULL JOIN kept k USING (tenant_id, deployment_id, resource_kind, resource_id, day)
WHERE (k.total, k.peak, k.first_at) IS DISTINCT FROM (f.total, f.peak, f.first_at)
ORDER BY 1, 2
"""  # noqa: S608 - made of constants
_LEVEL_EVENTS = f"""
WITH corrected AS ({_LAST_CORRECTIONS})
SELECT r.resource_kind, coalesce(r.resource_id, '00000000-0000-0000-0000-000000000000') AS resource_id, r.day,
       r.occurred_at, coalesce(c.quantity, r.quantity) AS quantity, s.destroyed_at
FROM cloud_deployments d JOIN usage_records r ON r.tenant_id = d.tenant_id AND r.deployment_id = d.id
JOIN resource_kinds k ON k.code = r.resource_kind AND k.aggregation = 'TIME_WEIGHTED'
LEFT JOIN corrected c ON c.tenant_id = r.tenant_id AND c.record_id = r.id
LEFT JOIN cloud_resources s ON s.tenant_id = r.tenant_id AND s.id = r.resource_id
WHERE d.id = any($1::uuid[]) AND (s.destroyed_at IS NULL OR r.occurred_at < s.destroyed_at)
"""  # noqa: S608 - made of constants
_LEVEL_TOTALS = """
SELECT t.id, t.resource_kind, t.resource_id, t.day, t.total, t.peak, t.first_at, t.last_level, t.level_microseconds
FROM usage_daily_totals t JOIN resource_kinds k ON k.code = t.resource_kind AND k.aggregation = 'TIME_WEIGHTED'
WHERE t.deployment_id = any($1::uuid[])
"""


class _DayLevels(NamedTuple):
    """One day of one resource's levels."""

    resource_kind: str
    resource_id: UUID
    day: date

    def __str__(self) -> str:
        return f"{self.resource_kind} of resource {self.resource_id} on {self.day}"


class _Total(NamedTuple):
    total: Decimal
    peak: Decimal
    first_at: datetime
    last_level: Decimal
    level_microseconds: Decimal

    def __str__(self) -> str:
        return (
            f"total {self.total.normalize():f}, peak {self.peak.normalize():f}, first at {self.first_at},"
            f" last level {self.last_level.normalize():f}, level {self.level_microseconds.normalize():f} in all"
        )


async def differences(unit: UnitOfWork, zone: ZoneInfo, deployments: Sequence[UUID]) -> list[tuple[str, str]]:
    """Returns the row of each daily total that differs from its events, with a message. Needs one snapshot."""
    rows_and_messages = [tuple(row) for row in await unit.connection.fetch(_AMOUNTS_AND_READINGS, deployments)]
    for deployment_id in deployments:  # one at a time, because the events themselves are read
        events = await unit.connection.fetch(_LEVEL_EVENTS, [deployment_id])
        totals = await unit.connection.fetch(_LEVEL_TOTALS, [deployment_id])
        if events or totals:
            rows_and_messages += _levels_differ(deployment_id, _folded(events, zone), totals)
    return rows_and_messages


def _levels_differ(
    deployment_id: UUID, expected: dict[_DayLevels, _Total], totals: Sequence[Any]
) -> Iterator[tuple[str, str]]:
    stored_totals = {_DayLevels(row["resource_kind"], row["resource_id"], row["day"]): row for row in totals}
    for stream in sorted(expected.keys() - stored_totals.keys()):
        yield f"cloud_deployments {deployment_id}", f"{stream} has events but no daily total"
    for stream, row in sorted(stored_totals.items()):
        key, stored = f"usage_daily_totals {row['id']}", _Total(*list(row)[4:])
        if stream not in expected:
            yield key, f"{stream} has a daily total but no events"
        elif stored != expected[stream]:
            yield key, f"{stream} has {stored}; its events give {expected[stream]}"


def _folded(events: Sequence[Any], zone: ZoneInfo) -> dict[_DayLevels, _Total]:
    days: dict[_DayLevels, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for event in events:
        stream = _DayLevels(event["resource_kind"], event["resource_id"], event["day"])
        days[stream].append((event["occurred_at"], event["quantity"]))
    ends = {(event["resource_kind"], event["resource_id"]): event["destroyed_at"] for event in events}
    for (kind, resource_id), end in ends.items():
        if end is not None:
            days[_DayLevels(kind, resource_id, day_of(end, zone))].append((end, Decimal(0)))
    return {stream: _fold(sorted(levels), day_start(stream.day + ONE_DAY, zone)) for stream, levels in days.items()}


def _fold(levels: Sequence[tuple[datetime, Decimal]], ends_at: datetime) -> _Total:
    """Computes a day's total from the levels of one stream, in chronological order; of several at the same instant, the
    highest counts.
    """
    quantities = [quantity for _, quantity in levels]
    until = [*(occurred_at for occurred_at, _ in levels[1:]), ends_at]
    quantity_microseconds = (
        quantity * microseconds(since, end) for (since, quantity), end in zip(levels, until, strict=True)
    )
    return _Total(
        sum(quantities, Decimal(0)),
        max(quantities),
        levels[0][0],
        quantities[-1],
        sum(quantity_microseconds, Decimal(0)),
    )
