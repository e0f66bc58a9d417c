"""Inserts the billing months of all tenants before anything looks for months that are due."""

from datetime import date

from app.billing import Period
from app.database import UnitOfWork
from app.operations.calls.context import Context

# One process inserts at a time; whoever waited finds nothing left to do.
_THROUGH = "SELECT billing_months_through FROM installation WHERE id = 1 FOR UPDATE"
_FIRST = """
SELECT least((SELECT min(started_on) FROM subscriptions), (SELECT min(charged_on) FROM charges),
             (SELECT min(month) FROM usage_daily_totals))
"""
# A subscription or a charge makes a month billable; usage without a subscription is listed on the month's rollup.
_INSERT = """
WITH due AS (
    SELECT tenant_id FROM subscriptions WHERE is_in_month(started_on, ended_on, $1)
    UNION
    SELECT tenant_id FROM charges WHERE is_in_month(charged_on, $1)
    UNION
    SELECT d.tenant_id FROM cloud_deployments d
    WHERE NOT EXISTS (SELECT FROM subscriptions s WHERE s.tenant_id = d.tenant_id AND s.deployment_id = d.id
                        AND is_in_month(s.started_on, s.ended_on, $1))
      AND EXISTS (SELECT FROM usage_daily_totals u
                  WHERE u.tenant_id = d.tenant_id AND u.deployment_id = d.id AND u.month = $1)
)
INSERT INTO billing_months (id, tenant_id, period_start, state, billed_cents, open_credit_deployments)
SELECT gen_random_uuid(), tenant_id, $1, 'OPEN', 0, '{}' FROM due
ORDER BY tenant_id
ON CONFLICT (tenant_id, period_start) DO NOTHING
"""
_ADVANCE = "UPDATE installation SET billing_months_through = $1 WHERE id = 1"


async def insert_missing_months(context: Context, unit: UnitOfWork) -> None:
    """Inserts the rows of all months that have ended since the last call, for all tenants.

    An operation that backdates something into earlier months inserts their rows itself: see changes.py.
    """
    last = Period.holding(context.clock(), context.settings.billing_time_zone).previous()
    through: date | None = await unit.connection.fetchval(
        "SELECT billing_months_through FROM installation WHERE id = 1"
    )
    if through is not None and through >= last.start:
        return
    through = await unit.connection.fetchval(_THROUGH)
    if through is None:
        first: date | None = await unit.connection.fetchval(_FIRST)
        first = last.start if first is None else first.replace(day=1)
    else:
        first = Period(through, last.zone).end
    while first <= last.start:  # one month per statement: many would exceed the statement time-out
        await unit.connection.execute(_INSERT, first)
        first = Period(first, last.zone).end
    if through is None or through < last.start:
        await unit.connection.execute(_ADVANCE, last.start)
