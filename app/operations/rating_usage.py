"""Reads the usage for rating from the daily totals: by deployment, kind and resource."""

from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple, Protocol
from uuid import UUID

from app.billing import (
    Aggregation,
    DailyLevel,
    DailyQuantities,
    LevelStream,
    LevelUsage,
    MaxUsage,
    PeakStream,
    Period,
    SumUsage,
    Usage,
)
from app.database import UnitOfWork
from app.tables.usage import NO_RESOURCE

# One row for each deployment, kind and resource, in the order of the index, which is also Python's: nothing is sorted,
# and aggregates keep the order of their rows. For SUM kinds all rows have the same resource.
_USAGE = """
SELECT deployment_id, resource_kind, resource_id, bit_or(1 << (day - $2::date)) AS mask,
       string_agg(trim_scale(CASE WHEN resource_kind = any($3::text[]) THEN peak ELSE total END)::text, ' ') AS texts
FROM (
    SELECT deployment_id, resource_kind COLLATE "C" AS resource_kind, resource_id, day, total, peak
    FROM usage_daily_totals
    WHERE deployment_id = any($1::uuid[]) AND month = $2
    ORDER BY 1, 2, 3, 4
) AS days
GROUP BY deployment_id, resource_kind, resource_id
ORDER BY deployment_id, resource_kind, resource_id
"""
_LEVELS = """
SELECT u.deployment_id, u.resource_kind, u.resource_id, u.day, u.first_at, u.last_level, u.level_microseconds
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS l (tenant_id, deployment_id, resource_kind, resource_id)
JOIN usage_daily_totals u USING (tenant_id, deployment_id, resource_kind, resource_id)
WHERE u.day >= $5 AND u.day < $6
ORDER BY u.day
"""
_KINDS = "SELECT code, aggregation FROM resource_kinds WHERE aggregation <> 'SUM'"
# The last level before the month, however old: one index look-up for each deployment, kind and resource. A resource
# that ended before the month carries no level into it.
_CARRIED = """
WITH deployments AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS d (tenant_id, deployment_id)
), streams AS (
    SELECT tenant_id, deployment_id, '00000000-0000-0000-0000-000000000000'::uuid AS resource_id FROM deployments
    UNION ALL
    SELECT d.tenant_id, d.deployment_id, r.id
    FROM deployments d JOIN cloud_resources r ON r.tenant_id = d.tenant_id AND r.deployment_id = d.deployment_id
    WHERE r.destroyed_at IS NULL OR r.destroyed_at > $4
)
SELECT s.deployment_id, k.resource_kind, s.resource_id, carried.last_level
FROM streams s
CROSS JOIN unnest($5::text[]) AS k (resource_kind)
CROSS JOIN LATERAL (
    SELECT u.last_level FROM usage_daily_totals u
    WHERE u.tenant_id = s.tenant_id AND u.deployment_id = s.deployment_id AND u.resource_kind = k.resource_kind
      AND u.resource_id = s.resource_id AND u.day < $3
    ORDER BY u.day DESC LIMIT 1
) AS carried
WHERE carried.last_level > 0
"""


class Metered(Protocol):
    """A deployment whose usage is read."""

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def deployment_id(self) -> UUID: ...


class _UsageStream(NamedTuple):
    """A deployment's usage of one kind, of one resource or of none."""

    deployment_id: UUID
    resource_kind: str
    resource_id: UUID


async def usage_of(unit: UnitOfWork, period: Period, billable: Sequence[Metered]) -> dict[UUID, list[Usage]]:
    """Returns the month's usage of each deployment, in order of kind."""
    aggregations = {code: Aggregation(name) for code, name in await unit.connection.fetch(_KINDS)}
    maxima = [kind for kind, aggregation in aggregations.items() if aggregation is Aggregation.MAX]
    deployments = [deployment.deployment_id for deployment in billable]
    usage: dict[UUID, list[Usage]] = defaultdict(list)
    peaks: dict[tuple[UUID, str], list[PeakStream]] = defaultdict(list)
    levelled: set[_UsageStream] = set()
    for deployment_id, kind, resource_id, mask, texts in await unit.connection.fetch(
        _USAGE, deployments, period.start, maxima
    ):
        aggregation = aggregations.get(kind, Aggregation.SUM)
        if aggregation is Aggregation.SUM:
            usage[deployment_id].append(SumUsage(kind, DailyQuantities(period.start, mask, texts)))
        elif aggregation is Aggregation.MAX:
            days = DailyQuantities(period.start, mask, texts)
            peaks[deployment_id, kind].append(PeakStream(_resource(resource_id), days))
        else:
            levelled.add(_UsageStream(deployment_id, kind, resource_id))
    levels = [kind for kind, aggregation in aggregations.items() if aggregation is Aggregation.TIME_WEIGHTED]
    other_usage: list[tuple[UUID, Usage]] = [
        (key[0], MaxUsage(key[1], tuple(streams))) for key, streams in peaks.items()
    ]
    if levels:
        other_usage += await _level_usage(unit, period, billable, levels, levelled)
    for deployment_id, of_kind in other_usage:
        insort(usage[deployment_id], of_kind, key=attrgetter("resource_kind"))
    return usage


async def _level_usage(
    unit: UnitOfWork,
    period: Period,
    billable: Sequence[Metered],
    kinds: Sequence[str],
    levelled: AbstractSet[_UsageStream],
) -> list[tuple[UUID, LevelUsage]]:
    """Returns the usage of the resources that have levels in the month (`levelled`) or a level from
    an earlier month.
    """
    tenants = {deployment.deployment_id: deployment.tenant_id for deployment in billable}
    carried: dict[_UsageStream, Decimal] = {
        _UsageStream(*key): level
        for *key, level in await unit.connection.fetch(
            _CARRIED, list(tenants.values()), list(tenants), period.start, period.starts_at, kinds
        )
    }
    days: dict[_UsageStream, list[DailyLevel]] = defaultdict(list)
    if levelled:
        of_tenants = [tenants[stream.deployment_id] for stream in levelled]
        columns = of_tenants, *map(list, zip(*levelled, strict=True))
        for deployment_id, kind, resource_id, *day in await unit.connection.fetch(
            _LEVELS, *columns, period.start, period.end
        ):
            days[_UsageStream(deployment_id, kind, resource_id)].append(DailyLevel(*day))
    streams: dict[tuple[UUID, str], list[LevelStream]] = defaultdict(list)
    for stream in sorted(levelled | carried.keys()):
        level = LevelStream(_resource(stream.resource_id), tuple(days[stream]), carried.get(stream, Decimal(0)))
        streams[stream.deployment_id, stream.resource_kind].append(level)
    return [(key[0], LevelUsage(key[1], tuple(of_kind))) for key, of_kind in streams.items()]


def _resource(resource_id: UUID) -> str | None:
    """Converts a stored resource id to the form of the billing rules: None for usage without a resource."""
    return None if resource_id == NO_RESOURCE else str(resource_id)
