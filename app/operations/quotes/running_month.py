"""Rates the running month of deployments: as if it ended now, and extrapolated to its end."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from app import billing
from app.billing import AmountTooLarge, Period, QuoteInputs, RatedMonth, SubscriptionInputs
from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.rating_inputs import billable_deployments_of, gather, tenant_headers

Seen = Callable[[SubscriptionInputs, Period, datetime], SubscriptionInputs]
Month = RatedMonth | Refusal | None


async def months_to_date(context: Context, deployment_ids: Sequence[UUID]) -> dict[UUID, Month]:
    """Returns the amounts of each deployment's current month as if the month ended now, with tax; each deployment is
    rated separately. None for a deployment without a subscription in the month; an AmountTooLarge error in place of
    amounts that do not fit 64 bits.
    """
    return await _rate(context, deployment_ids, billing.month_to_date)


async def forecasts(context: Context, deployment_ids: Sequence[UUID]) -> dict[UUID, Month]:
    """Returns the amounts of each deployment's current month with usage extrapolated linearly to the month's end;
    otherwise as `months_to_date`.
    """
    return await _rate(context, deployment_ids, billing.extrapolated)


async def _rate(context: Context, deployment_ids: Sequence[UUID], seen: Seen) -> dict[UUID, Month]:
    now = context.clock()
    period = Period.holding(now, context.settings.billing_time_zone)

    async def work(unit: UnitOfWork) -> dict[UUID, Month]:
        billable = [
            deployment
            for deployment in await billable_deployments_of(unit, period, deployment_ids)
            if deployment.subscription_id
        ]
        headers = await tenant_headers(unit, {deployment.tenant_id for deployment in billable}, period)
        quotes: dict[UUID, Month] = dict.fromkeys(deployment_ids)
        for deployment, inputs in zip(billable, await gather(unit, period, billable), strict=True):
            month = QuoteInputs(headers[deployment.tenant_id], (seen(inputs, period, now),))
            try:
                quotes[deployment.deployment_id] = billing.quote(month)
            except AmountTooLarge as error:
                quotes[deployment.deployment_id] = Refusal(ProblemCode.AMOUNT_TOO_LARGE, str(error))
        return quotes

    return await transact(context, work)
