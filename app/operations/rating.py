"""The one place that gathers what `quote()` is given: a subscription's terms, days and usage of a month.

Set by set: however many subscriptions, it takes the same few statements. Quotes of the running month, forecasts,
rollups and verification all rate what this gathers.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
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
    LevelUsage,
    MaxUsage,
    Period,
    PlanInForce,
    QuoteHeader,
    SubscriptionInputs,
    SumUsage,
    TaxTerms,
    Usage,
)
from app.database import UnitOfWork
from app.operations.plan_terms import plan_terms


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
_OF_DEPLOYMENTS = """
SELECT s.id, d.tenant_id, d.id, d.slug, s.trial_ends_at
FROM cloud_deployments d LEFT JOIN subscriptions s
    ON s.tenant_id = d.tenant_id AND s.deployment_id = d.id
    AND s.started_on < $3 AND (s.ended_on IS NULL OR s.ended_on >= $2)
WHERE d.id = any($1::uuid[])
"""
_HEADERS = """
SELECT t.id, t.currency, t.tax_exempt,
       array(SELECT x.name FROM tax_rates x WHERE x.country = t.country ORDER BY x.name COLLATE "C") AS taxes,
       array(SELECT x.rate FROM tax_rates x WHERE x.country = t.country ORDER BY x.name COLLATE "C") AS rates
FROM tenants t WHERE t.id = any($1::uuid[])
"""
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
SELECT subscription_id, id, code, price_cents, resource_kind, quantity, attached_at, attached_on
FROM subscription_addons
WHERE subscription_id = any($1::uuid[]) AND attached_on < $2
ORDER BY subscription_id, attached_at, id
"""
# One row a deployment, its usage in the order of the index that finds it: to group by kind as well would sort every
# deployment's rows, which takes twice as long as all the rest. Aggregates keep the order of a sorted sub-select.
_USAGE = """
SELECT u.deployment_id, string_agg(u.resource_kind, ' ') AS kinds, array_agg(u.day - $2::date) AS days,
       string_agg(trim_scale(CASE WHEN u.resource_kind = any($4::text[]) THEN u.peak ELSE u.total END)::text, ' ')
           AS quantities
FROM (
    SELECT deployment_id, resource_kind, day, total, peak FROM usage_daily_totals
    WHERE deployment_id = any($1::uuid[]) AND day >= $2 AND day < $3 AND resource_kind <> all($5::text[])
    ORDER BY deployment_id, day
) AS u
GROUP BY u.deployment_id
"""
_LEVELS = """
SELECT d.deployment_id, k.resource_kind, level.*
FROM unnest($1::uuid[], $2::uuid[]) AS d (tenant_id, deployment_id)
CROSS JOIN unnest($5::text[]) AS k (resource_kind)
CROSS JOIN LATERAL (
    SELECT array_agg(u.day ORDER BY u.day) AS days, array_agg(u.first_at ORDER BY u.day) AS first_at,
           array_agg(u.last_level ORDER BY u.day) AS last_levels,
           array_agg(u.level_microseconds ORDER BY u.day) AS levels
    FROM usage_daily_totals u
    WHERE u.tenant_id = d.tenant_id AND u.deployment_id = d.deployment_id AND u.resource_kind = k.resource_kind
      AND u.day >= $3 AND u.day < $4
) AS level
WHERE level.days IS NOT NULL
"""
_KINDS = "SELECT code, aggregation FROM resource_kinds WHERE aggregation <> 'SUM'"
# The last level before the month, however long ago: one index look-up a deployment and kind.
_CARRIED = """
SELECT d.deployment_id, k.resource_kind, carried.last_level
FROM unnest($1::uuid[], $2::uuid[]) AS d (tenant_id, deployment_id)
CROSS JOIN unnest($4::text[]) AS k (resource_kind)
CROSS JOIN LATERAL (
    SELECT u.last_level FROM usage_daily_totals u
    WHERE u.tenant_id = d.tenant_id AND u.deployment_id = d.deployment_id AND u.resource_kind = k.resource_kind
      AND u.day < $3
    ORDER BY u.day DESC LIMIT 1
) AS carried
WHERE carried.last_level > 0
"""


async def tenant_headers(unit: UnitOfWork, tenant_ids: Iterable[UUID], period: Period) -> dict[UUID, QuoteHeader]:
    """Currency and taxes of each tenant, for the month."""
    return {
        row["id"]: QuoteHeader(
            period=period,
            currency=row["currency"],
            taxes=tuple(map(TaxTerms, row["taxes"], row["rates"])),
            tax_exempt=row["tax_exempt"],
        )
        for row in await unit.connection.fetch(_HEADERS, list(tenant_ids))
    }


async def enrolments(unit: UnitOfWork, period: Period, tenant_ids: Iterable[UUID]) -> list[Enrolment]:
    """The tenants' deployments with a subscription in the month, by tenant and in line order."""
    rows = await unit.connection.fetch(_OF_TENANTS, list(tenant_ids), period.start, period.end)
    return [Enrolment(*row) for row in rows]


async def enrolments_of(unit: UnitOfWork, period: Period, deployment_ids: Iterable[UUID]) -> list[Enrolment]:
    """Those of the deployments that the scope has, subscribed or not."""
    rows = await unit.connection.fetch(_OF_DEPLOYMENTS, list(deployment_ids), period.start, period.end)
    return [Enrolment(*row) for row in rows]


async def gather(unit: UnitOfWork, period: Period, enrolled: Sequence[Enrolment]) -> list[SubscriptionInputs]:
    """What each month is rated from, in the order given; without a subscription that is its usage alone."""
    ids = [enrolment.subscription_id for enrolment in enrolled if enrolment.subscription_id]
    plans = await _plans_in_force(unit, period, ids)
    spans = _by_subscription(await unit.connection.fetch(_SPANS, ids, period.start, period.end), _span)
    addons = _by_subscription(await unit.connection.fetch(_ADDONS, ids, period.end), _addon)
    usage = await usage_of(unit, period, enrolled)
    return [
        SubscriptionInputs(
            slug=enrolment.slug,
            plans=tuple(plans[enrolment.subscription_id]),
            active_spans=tuple(spans[enrolment.subscription_id]),
            addons=tuple(addons[enrolment.subscription_id]),
            usage=tuple(usage[enrolment.deployment_id]),
            trial_ends_at=enrolment.trial_ends_at,
            subscription_id=str(enrolment.subscription_id) if enrolment.subscription_id else None,
            deployment_id=str(enrolment.deployment_id),
        )
        for enrolment in enrolled
    ]


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
    kinds = await unit.connection.fetch(_KINDS)
    maxima = [row["code"] for row in kinds if row["aggregation"] == Aggregation.MAX]
    levels = [row["code"] for row in kinds if row["aggregation"] == Aggregation.TIME_WEIGHTED]
    deployments = [enrolment.deployment_id for enrolment in enrolled]
    usage: dict[UUID, list[Usage]] = defaultdict(list)
    rows = await unit.connection.fetch(_USAGE, deployments, period.start, period.end, maxima, levels)
    for deployment_id, *columns in rows:
        for kind, days in _by_kind(period, *columns).items():
            usage[deployment_id].append(MaxUsage(kind, days) if kind in maxima else SumUsage(kind, days))
    if levels:
        for deployment_id, level in await _level_usage(unit, period, enrolled, levels):
            usage[deployment_id].append(level)
    for found in usage.values():
        found.sort(key=attrgetter("resource_kind"))
    return usage


def _by_kind(period: Period, kinds: str, days: list[int], quantities: str) -> dict[str, DailyQuantities]:
    """A deployment's rows in order of day, sorted by kind."""
    masks: dict[str, int] = {}
    texts: dict[str, list[str]] = {}
    for kind, day, text in zip(kinds.split(), days, quantities.split(), strict=True):
        if kind in masks:
            masks[kind] |= 1 << day
            texts[kind].append(text)
        else:
            masks[kind] = 1 << day
            texts[kind] = [text]
    return {kind: DailyQuantities(period.start, mask, " ".join(texts[kind])) for kind, mask in masks.items()}


async def _level_usage(
    unit: UnitOfWork, period: Period, enrolled: Sequence[Enrolment], kinds: list[str]
) -> list[tuple[UUID, LevelUsage]]:
    tenants = [enrolment.tenant_id for enrolment in enrolled]
    deployments = [enrolment.deployment_id for enrolment in enrolled]
    carried: dict[tuple[UUID, str], Decimal] = {
        (row["deployment_id"], row["resource_kind"]): row["last_level"]
        for row in await unit.connection.fetch(_CARRIED, tenants, deployments, period.start, kinds)
    }
    usage = []
    for row in await unit.connection.fetch(_LEVELS, tenants, deployments, period.start, period.end, kinds):
        deployment_id, kind = row["deployment_id"], row["resource_kind"]
        days = tuple(map(DailyLevel, row["days"], row["first_at"], row["last_levels"], row["levels"]))
        usage.append((deployment_id, LevelUsage(kind, days, carried.pop((deployment_id, kind), Decimal(0)))))
    usage += [(deployment_id, LevelUsage(kind, (), level)) for (deployment_id, kind), level in carried.items()]
    return usage
