"""A month's usage of deployments, beside the quantities that their plans include."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from app.billing import ReportedUsage, resource_usage
from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.periods import month_of
from app.operations.rating_inputs import billable_deployments_of, gather, tenant_headers


async def monthly_usage(
    context: Context, deployment_ids: Sequence[UUID], *, period_start: date | None = None
) -> dict[UUID, list[ReportedUsage]]:
    """Returns each deployment's usage of a month (default: the current one) by resource kind: every kind that its plan
    prices or that was used.
    """
    period = month_of(context, period_start)

    async def work(unit: UnitOfWork) -> dict[UUID, list[ReportedUsage]]:
        subscribed = await billable_deployments_of(unit, period, deployment_ids)
        headers = await tenant_headers(unit, {deployment.tenant_id for deployment in subscribed}, period)
        months: dict[UUID, list[ReportedUsage]] = {deployment_id: [] for deployment_id in deployment_ids}
        for deployment, inputs in zip(subscribed, await gather(unit, period, subscribed), strict=True):
            months[deployment.deployment_id] = resource_usage(headers[deployment.tenant_id], inputs)
        return months

    return await transact(context, work)
