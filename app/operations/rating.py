"""The one place that gathers what `quote()` is given: a subscription's terms, days and usage of a month.

Set by set: however many subscriptions, it takes the same few statements. Quotes of the running month, forecasts,
rollups and verification all rate what this gathers.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import (
    ActiveSpan,
    AddonTerms,
    Aggregation,
    DailyLevel,
    DailyQuantities,
    LevelStream,
    LevelUsage,
    MaxUsage,
    PeakStream,
    Period,
    PlanInForce,
    QuoteHeader,
    SubscriptionInputs,
    SumUsage,
    TaxTerms,
    Usage,
)
from app.database import UnitOfWork
from app.operations.monthly_charges import charges_of_deployments
from app.operations.plan_terms import plan_terms
from app.operations.taxes import RATES_OF_COUNTRIES
from app.tables.usage import NO_RESOURCE


class Enrolment(NamedTuple):
    """A deployment with the subscription it has in the month, if any. Cheap to hold by the ten thousand."""

    subscription_id: UUID | None
    tenant_id: UUID
    deployment_id: UUID
    slug: str
    trial_ends_at: datetime | None


# C is the order of code points, and so Python's: lines and documents come in the order that `quote()` gives them.
_OF_TENANTS = """
SELECT s.id, d.tenant_id, d.id, d.slug, s.trial_ends_at
FROM subscriptions s JOIN cloud_deployments d ON d.tenant_id = s.tenant_id AND d.id = s.deployment_id
WHERE s.tenant_id = any($1::uuid[]) AND s.started_on < $3 AND (s.ended_on IS NULL OR s.ended_on >= $2)
ORDER BY d.tenant_id, d.slug COLLATE "C"
"""
_ENROLLED = f"DECLARE enrolled NO SCROLL CURSOR FOR {_OF_TENANTS}"
_OF_DEPLOYMENTS = """
SELECT s.id, d.tenant_id, d.id, d.slug, s.trial_ends_at
FROM cloud_deployments d LEFT JOIN subscriptions s
    ON s.tenant_id = d.tenant_id AND s.deployment_id = d.id
    AND s.started_on < $3 AND (s.ended_on IS NULL OR s.ended_on >= $2)
WHERE d.id = any($1::uuid[])
"""
_HEADERS = f"""
SELECT t.id, t.currency, coalesce(e.tax_exempt, false) AS tax_exempt, r.names, r.rates
FROM tenants t
LEFT JOIN ({RATES_OF_COUNTRIES}) AS r ON r.country = t.country
LEFT JOIN LATERAL (
    SELECT x.tax_exempt FROM tenant_tax_exemptions x WHERE x.tenant_id = t.id AND x.first_day <= $1
    ORDER BY x.first_day DESC LIMIT 1
) AS e ON true
WHERE t.id = any($2::uuid[])
"""  # noqa: S608 - made of constants
_PLANS = """
SELECT subscription_id, effective_on, plan_version_id FROM subscription_plan_versions
WHERE subscription_id = any($1::uuid[]) AND effective_on < $2
ORDER BY subscription_id, effective_on
"""
# What ended after the month was open throughout it: a later pause changes nothing of it.
_SPANS = """
SELECT subscription_id, first_on, CASE WHEN last_on < $3 THEN last_on END AS last_on FROM subscription_active_spans
WHERE subscription_id = any($1::uuid[]) AND first_on < $3 AND (last_on IS NULL OR last_on >= $2)
ORDER BY subscription_id, first_on, id
"""
_ADDONS = """
SELECT subscription_id, id, code, price_cents, resource_kind, quantity, attached_at, attached_on,
       CASE WHEN detached_on < $3 THEN detached_on END AS detached_on
FROM subscription_addons
WHERE subscription_id = any($1::uuid[]) AND attached_on < $3 AND (detached_on IS NULL OR detached_on >= $2)
ORDER BY subscription_id, attached_at, id
"""
# A deployment, kind and resource in one row, in the order of the index that finds them, which is Python's: nothing is
# sorted, and aggregates keep the order of their rows. Of kinds that are SUM all rows have the same resource.
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
# The last level before the month, however long ago: one index look-up a deployment, kind and resource. What ended
# before the month carries none.
_CARRIED = f"""
WITH deployments AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS d (tenant_id, deployment_id)
), streams AS (
    SELECT tenant_id, deployment_id, '{NO_RESOURCE}'::uuid AS resource_id FROM deployments
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


class _Stream(NamedTuple):
    """A deployment's usage of one kind, of one resource or of none."""

    deployment_id: UUID
    resource_kind: str
    resource_id: UUID


async def tenant_headers(unit: UnitOfWork, tenant_ids: Iterable[UUID], period: Period) -> dict[UUID, QuoteHeader]:
    """Currency and taxes of each tenant for the month: those in force on its last day."""
    return {
        row["id"]: QuoteHeader(
            period=period,
            currency=row["currency"],
            taxes=tuple(map(TaxTerms, row["names"] or (), row["rates"] or ())),
            tax_exempt=row["tax_exempt"],
        )
        for row in await unit.connection.fetch(_HEADERS, period.last_day, list(tenant_ids))
    }


async def enrolments(unit: UnitOfWork, period: Period, tenant_ids: Iterable[UUID]) -> list[Enrolment]:
    """The tenants' deployments with a subscription in the month, by tenant and in line order."""
    rows = await unit.connection.fetch(_OF_TENANTS, list(tenant_ids), period.start, period.end)
    return [Enrolment(*row) for row in rows]


async def enrolled_portions(
    unit: UnitOfWork, period: Period, tenant_ids: Iterable[UUID], size: int
) -> AsyncGenerator[list[Enrolment], None]:
    """The same, so many at a time, and only they are held. Once in a transaction."""
    await unit.connection.execute(_ENROLLED, list(tenant_ids), period.start, period.end)
    while rows := await unit.connection.fetch(f"FETCH {size} FROM enrolled"):
        yield [Enrolment(*row) for row in rows]
        if len(rows) < size:
            return


async def enrolments_of(unit: UnitOfWork, period: Period, deployment_ids: Iterable[UUID]) -> list[Enrolment]:
    """Those of the deployments that the scope has, subscribed or not."""
    rows = await unit.connection.fetch(_OF_DEPLOYMENTS, list(deployment_ids), period.start, period.end)
    return [Enrolment(*row) for row in rows]


async def gather(unit: UnitOfWork, period: Period, enrolled: Sequence[Enrolment]) -> Iterator[SubscriptionInputs]:
    """What each month is rated from, in the order given; without a subscription that is its usage alone.

    All that is needed has been read; each is put together when it is its turn, and may be forgotten before the next.
    """
    ids = [enrolment.subscription_id for enrolment in enrolled if enrolment.subscription_id]
    plans = await _plans_in_force(unit, period, ids)
    spans = _by_subscription(await unit.connection.fetch(_SPANS, ids, period.start, period.end), _span)
    addons = _by_subscription(await unit.connection.fetch(_ADDONS, ids, period.start, period.end), _addon)
    usage = await usage_of(unit, period, enrolled)
    billed = [enrolment for enrolment in enrolled if enrolment.subscription_id]
    tenants, deployments = {one.tenant_id for one in billed}, [one.deployment_id for one in billed]
    charges = await charges_of_deployments(unit, period, tenants, deployments)
    return (
        SubscriptionInputs(
            slug=enrolment.slug,
            plans=tuple(plans[enrolment.subscription_id]),
            active_spans=tuple(spans[enrolment.subscription_id]),
            addons=tuple(addons[enrolment.subscription_id]),
            usage=tuple(usage[enrolment.deployment_id]),
            trial_ends_at=enrolment.trial_ends_at,
            subscription_id=str(enrolment.subscription_id) if enrolment.subscription_id else None,
            deployment_id=str(enrolment.deployment_id),
            charges=tuple(charges[enrolment.deployment_id]),
        )
        for enrolment in enrolled
    )


def _by_subscription(rows: Iterable[Any], convert: Any) -> dict[UUID | None, list[Any]]:
    grouped: dict[UUID | None, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row["subscription_id"]].append(convert(row))
    return grouped


def _span(row: Any) -> ActiveSpan:
    return ActiveSpan(row["first_on"], row["last_on"])


def _addon(row: Any) -> AddonTerms:
    return AddonTerms(
        id=str(row["id"]),
        code=row["code"],
        price_cents=row["price_cents"],
        attached_at=row["attached_at"],
        attached_on=row["attached_on"],
        resource_kind=row["resource_kind"],
        quantity=row["quantity"],
        detached_on=row["detached_on"],
    )


async def _plans_in_force(unit: UnitOfWork, period: Period, ids: list[UUID]) -> dict[UUID | None, list[PlanInForce]]:
    rows = await unit.connection.fetch(_PLANS, ids, period.end)
    terms = await plan_terms(unit, (row["plan_version_id"] for row in rows))
    plans: dict[UUID | None, list[PlanInForce]] = defaultdict(list)
    for row in rows:
        history = plans[row["subscription_id"]]
        if row["effective_on"] <= period.start:
            history.clear()  # superseded before the month began
        history.append(PlanInForce(row["effective_on"], terms[row["plan_version_id"]]))
    return plans


async def usage_of(unit: UnitOfWork, period: Period, enrolled: Sequence[Enrolment]) -> dict[UUID, list[Usage]]:
    """The month's usage of each deployment, in order of kind."""
    aggregations = {code: Aggregation(name) for code, name in await unit.connection.fetch(_KINDS)}
    maxima = [kind for kind, aggregation in aggregations.items() if aggregation is Aggregation.MAX]
    deployments = [enrolment.deployment_id for enrolment in enrolled]
    usage: dict[UUID, list[Usage]] = defaultdict(list)
    peaks: dict[tuple[UUID, str], list[PeakStream]] = defaultdict(list)
    levelled: set[_Stream] = set()
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
            levelled.add(_Stream(deployment_id, kind, resource_id))
    levels = [kind for kind, aggregation in aggregations.items() if aggregation is Aggregation.TIME_WEIGHTED]
    rest: list[tuple[UUID, Usage]] = [(key[0], MaxUsage(key[1], tuple(streams))) for key, streams in peaks.items()]
    if levels:
        rest += await _level_usage(unit, period, enrolled, levels, levelled)
    for deployment_id, one in rest:
        insort(usage[deployment_id], one, key=attrgetter("resource_kind"))
    return usage


async def _level_usage(
    unit: UnitOfWork,
    period: Period,
    enrolled: Sequence[Enrolment],
    kinds: Sequence[str],
    levelled: AbstractSet[_Stream],
) -> list[tuple[UUID, LevelUsage]]:
    """Of what has levels in the month (`levelled`), or carries one into it."""
    tenants = {enrolment.deployment_id: enrolment.tenant_id for enrolment in enrolled}
    carried: dict[_Stream, Decimal] = {
        _Stream(*key): level
        for *key, level in await unit.connection.fetch(
            _CARRIED, list(tenants.values()), list(tenants), period.start, period.starts_at, kinds
        )
    }
    days: dict[_Stream, list[DailyLevel]] = defaultdict(list)
    if levelled:
        of_tenants = [tenants[stream.deployment_id] for stream in levelled]
        columns = of_tenants, *map(list, zip(*levelled, strict=True))
        for deployment_id, kind, resource_id, *day in await unit.connection.fetch(
            _LEVELS, *columns, period.start, period.end
        ):
            days[_Stream(deployment_id, kind, resource_id)].append(DailyLevel(*day))
    streams: dict[tuple[UUID, str], list[LevelStream]] = defaultdict(list)
    for stream in sorted(levelled | carried.keys()):
        level = LevelStream(_resource(stream.resource_id), tuple(days[stream]), carried.get(stream, Decimal(0)))
        streams[stream.deployment_id, stream.resource_kind].append(level)
    return [(key[0], LevelUsage(key[1], tuple(of_kind))) for key, of_kind in streams.items()]


def _resource(resource_id: UUID) -> str | None:
    """As the rules name the stream."""
    return None if resource_id == NO_RESOURCE else str(resource_id)
