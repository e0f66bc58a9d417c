"""Finds usage of deployments without a subscription in the month: it is not billed, but listed on the run."""

from collections.abc import Sequence
from uuid import UUID

from app.billing import Period, to_decimal
from app.database import UnitOfWork
from app.operations.rating_inputs import BillableDeployment
from app.operations.rating_usage import usage_of
from app.operations.rollups.progress import UnpricedUsageRow
from app.tables.rollups import UnpricedReason

_METERED = """
SELECT NULL::uuid, d.tenant_id, d.id, d.slug, NULL::timestamptz FROM cloud_deployments d
WHERE d.tenant_id = any($1::uuid[])
  AND NOT EXISTS (SELECT FROM subscriptions s WHERE s.tenant_id = d.tenant_id AND s.deployment_id = d.id
                    AND is_in_month(s.started_on, s.ended_on, $2))
  AND EXISTS (SELECT FROM usage_daily_totals u
              WHERE u.tenant_id = d.tenant_id AND u.deployment_id = d.id AND u.month = $2)
ORDER BY d.tenant_id, d.slug COLLATE "C"
"""


async def unsubscribed_usage(unit: UnitOfWork, period: Period, tenant_ids: Sequence[UUID]) -> list[UnpricedUsageRow]:
    """Returns the usage by tenant, deployment and kind."""
    rows = await unit.connection.fetch(_METERED, tenant_ids, period.start)
    metered = [BillableDeployment(*row) for row in rows]
    if not metered:
        return []
    usage = await usage_of(unit, period, metered)
    return [
        UnpricedUsageRow(
            one.tenant_id,
            str(one.deployment_id),
            of_kind.resource_kind,
            to_decimal(of_kind.used(period, period.days)),
            UnpricedReason.NOT_SUBSCRIBED,
        )
        for one in metered
        for of_kind in usage[one.deployment_id]
    ]
