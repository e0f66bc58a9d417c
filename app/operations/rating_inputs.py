"""Reads the inputs of rating: a subscription's terms, days and usage of a month.

The number of statements does not depend on the number of subscriptions. Quotes of the running month, forecasts, rollups
and verification all rate these inputs.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import (
    ActiveSpan,
    AddonTerms,
    Period,
    PlanInForce,
    QuoteHeader,
    SubscriptionInputs,
    TaxTerms,
)
from app.database import UnitOfWork
from app.operations.monthly_charges import charges_of_deployments
from app.operations.plan_terms import plan_terms
from app.operations.rating_usage import usage_of
from app.operations.taxes import RATES_OF_COUNTRIES


class BillableDeployment(NamedTuple):
    """A deployment with the subscription it has in the month, if any. It is small enough to hold tens of thousands."""

    subscription_id: UUID | None
    tenant_id: UUID
    deployment_id: UUID
    slug: str
    trial_ends_at: datetime | None


# Collation C orders by code points, as Python does: lines and documents are in the order in which `quote()` puts them.
_BILLABLE_BY_TENANT = """
SELECT s.id, d.tenant_id, d.id, d.slug, s.trial_ends_at
FROM subscriptions s JOIN cloud_deployments d ON d.tenant_id = s.tenant_id AND d.id = s.deployment_id
WHERE s.tenant_id = any($1::uuid[]) AND is_in_month(s.started_on, s.ended_on, $2)
ORDER BY d.tenant_id, d.slug COLLATE "C"
"""
_BILLABLE_CURSOR = f"DECLARE enrolled NO SCROLL CURSOR FOR {_BILLABLE_BY_TENANT}"
_BILLABLE_BY_DEPLOYMENT = """
SELECT s.id, d.tenant_id, d.id, d.slug, s.trial_ends_at
FROM cloud_deployments d LEFT JOIN subscriptions s
    ON s.tenant_id = d.tenant_id AND s.deployment_id = d.id
    AND is_in_month(s.started_on, s.ended_on, $2)
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
# A subscription that ended after the month was open during all of it: a later pause does not affect the month.
_SPANS = """
SELECT subscription_id, first_on, CASE WHEN last_on < $3 THEN last_on END AS last_on FROM subscription_active_spans
WHERE subscription_id = any($1::uuid[]) AND is_in_month(first_on, last_on, $2)
ORDER BY subscription_id, first_on, id
"""
_ADDONS = """
SELECT subscription_id, id, code, price_cents, resource_kind, quantity, attached_at, attached_on,
       CASE WHEN detached_on < $3 THEN detached_on END AS detached_on
FROM subscription_addons
WHERE subscription_id = any($1::uuid[]) AND is_in_month(attached_on, detached_on, $2)
ORDER BY subscription_id, attached_at, id
"""


async def tenant_headers(unit: UnitOfWork, tenant_ids: Iterable[UUID], period: Period) -> dict[UUID, QuoteHeader]:
    """Returns each tenant's currency and taxes for the month: those in force on its last day."""
    return {
        row["id"]: QuoteHeader(
            period=period,
            currency=row["currency"],
            taxes=tuple(map(TaxTerms, row["names"] or (), row["rates"] or ())),
            tax_exempt=row["tax_exempt"],
        )
        for row in await unit.connection.fetch(_HEADERS, period.last_day, list(tenant_ids))
    }


async def billable_deployments(
    unit: UnitOfWork, period: Period, tenant_ids: Iterable[UUID]
) -> list[BillableDeployment]:
    """Returns the tenants' deployments with a subscription in the month, by tenant and in line order."""
    rows = await unit.connection.fetch(_BILLABLE_BY_TENANT, list(tenant_ids), period.start)
    return [BillableDeployment(*row) for row in rows]


async def billable_portions(
    unit: UnitOfWork, period: Period, tenant_ids: Iterable[UUID], size: int
) -> AsyncGenerator[list[BillableDeployment], None]:
    """Yields the deployments that `billable_deployments` returns, at most `size` at a time, so that only these are in
    memory. May be used once in a transaction.
    """
    await unit.connection.execute(_BILLABLE_CURSOR, list(tenant_ids), period.start)
    while rows := await unit.connection.fetch(f"FETCH {size} FROM enrolled"):
        yield [BillableDeployment(*row) for row in rows]
        if len(rows) < size:
            return


async def billable_deployments_of(
    unit: UnitOfWork, period: Period, deployment_ids: Iterable[UUID]
) -> list[BillableDeployment]:
    """Returns the given deployments without those that the scope cannot read; a deployment need not have a
    subscription.
    """
    rows = await unit.connection.fetch(_BILLABLE_BY_DEPLOYMENT, list(deployment_ids), period.start)
    return [BillableDeployment(*row) for row in rows]


async def gather(
    unit: UnitOfWork, period: Period, billable: Sequence[BillableDeployment]
) -> Iterator[SubscriptionInputs]:
    """Yields the rating inputs of each deployment's month, in the given order. For a deployment without a subscription
    they contain only its usage.

    Everything needed has been read when the first is yielded; each is assembled only when it is requested, which limits
    memory.
    """
    ids = [deployment.subscription_id for deployment in billable if deployment.subscription_id]
    plans = await _plans_in_force(unit, period, ids)
    spans = _by_subscription(await unit.connection.fetch(_SPANS, ids, period.start, period.end), _span)
    addons = _by_subscription(await unit.connection.fetch(_ADDONS, ids, period.start, period.end), _addon)
    usage = await usage_of(unit, period, billable)
    billed = [deployment for deployment in billable if deployment.subscription_id]
    tenants, deployments = {one.tenant_id for one in billed}, [one.deployment_id for one in billed]
    charges = await charges_of_deployments(unit, period, tenants, deployments)
    return (
        SubscriptionInputs(
            slug=deployment.slug,
            plans=tuple(plans[deployment.subscription_id]),
            active_spans=tuple(spans[deployment.subscription_id]),
            addons=tuple(addons[deployment.subscription_id]),
            usage=tuple(usage[deployment.deployment_id]),
            trial_ends_at=deployment.trial_ends_at,
            subscription_id=str(deployment.subscription_id) if deployment.subscription_id else None,
            deployment_id=str(deployment.deployment_id),
            charges=tuple(charges[deployment.deployment_id]),
        )
        for deployment in billable
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
