"""Reads a month's one-off charges for rating: those of subscribed deployments, and the others.

A charge below 0 is always rated without a subscription, after all subscriptions: how much of it an invoice applies
depends on all of them.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.billing import ChargeInputs, ChargeTerms, Period, UnsubscribedCharge
from app.database import UnitOfWork

_DEPLOYMENT_CHARGES = """
SELECT deployment_id, id, description, net_cents, charged_on FROM charges
WHERE tenant_id = any($1::uuid[]) AND deployment_id = any($2::uuid[])
  AND is_in_month(charged_on, $3) AND net_cents > 0
ORDER BY id
"""
# Collation C orders by code points, as Python does.
_WITHOUT_SUBSCRIPTION = """
SELECT c.tenant_id, d.slug, c.deployment_id, c.id, c.description, c.net_cents, c.charged_on
FROM charges c LEFT JOIN cloud_deployments d ON d.tenant_id = c.tenant_id AND d.id = c.deployment_id
WHERE c.tenant_id = any($1::uuid[]) AND is_in_month(c.charged_on, $2) AND (c.net_cents < 0 OR NOT EXISTS (
    SELECT FROM subscriptions s
    WHERE s.tenant_id = c.tenant_id AND s.deployment_id = c.deployment_id
      AND is_in_month(s.started_on, s.ended_on, $2)))
ORDER BY c.tenant_id, d.slug COLLATE "C" NULLS FIRST, c.id
"""


async def charges_of_deployments(
    unit: UnitOfWork, period: Period, tenant_ids: Iterable[UUID], deployment_ids: Iterable[UUID]
) -> dict[UUID, list[ChargeTerms]]:
    """Returns the month's charges above 0 of each of the deployments, in order of id; only deployments that
    have any.
    """
    arguments = list(set(tenant_ids)), list(deployment_ids), period.start
    charges: dict[UUID, list[ChargeTerms]] = defaultdict(list)
    for row in await unit.connection.fetch(_DEPLOYMENT_CHARGES, *arguments):
        charges[row["deployment_id"]].append(_terms(row))
    return charges


async def charges_of(unit: UnitOfWork, period: Period, tenant_ids: Iterable[UUID]) -> dict[UUID, ChargeInputs]:
    """Returns the month's other charges of each tenant that has any: those below 0, the tenant's own, and those of
    deployments without a subscription in the month.
    """
    charges: dict[UUID, list[UnsubscribedCharge]] = defaultdict(list)
    for row in await unit.connection.fetch(_WITHOUT_SUBSCRIPTION, list(tenant_ids), period.start):
        deployment_id = row["deployment_id"] and str(row["deployment_id"])
        charges[row["tenant_id"]].append(UnsubscribedCharge(row["slug"], deployment_id, _terms(row)))
    return {tenant_id: ChargeInputs(tuple(each)) for tenant_id, each in charges.items()}


def _terms(row: Any) -> ChargeTerms:
    return ChargeTerms(str(row["id"]), row["description"], row["net_cents"], row["charged_on"])
