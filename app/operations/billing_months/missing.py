"""The months that tenants are billed for have their rows before anyone looks for what is due."""

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
# A subscription or a charge makes a month one to bill; usage without a subscription is listed on the month's run.
_INSERT = """
WITH months AS (
    SELECT $1::date AS starts, ($1::date + interval '1 month')::date AS ends
), due AS (
    SELECT s.tenant_id, m.starts FROM months m
    JOIN subscriptions s ON s.started_on < m.ends AND (s.ended_on IS NULL OR s.ended_on >= m.starts)
    UNION
    SELECT c.tenant_id, m.starts FROM months m JOIN charges c ON c.charged_on >= m.starts AND c.charged_on < m.ends
    UNION
    SELECT d.tenant_id, m.starts FROM months m CROSS JOIN cloud_deployments d
    WHERE NOT EXISTS (SELECT FROM subscriptions s WHERE s.tenant_id = d.tenant_id AND s.deployment_id = d.id
                        AND s.started_on < m.ends AND (s.ended_on IS NULL OR s.ended_on >= m.starts))
      AND EXISTS (SELECT FROM usage_daily_totals u
                  WHERE u.tenant_id = d.tenant_id AND u.deployment_id = d.id AND u.month = m.starts)
)
INSERT INTO billing_months (id, tenant_id, period_start, state, billed_cents, open_credit_deployments)
SELECT gen_random_uuid(), tenant_id, starts, 'OPEN', 0, '{}' FROM due
ORDER BY tenant_id, starts
ON CONFLICT (tenant_id, period_start) DO NOTHING
"""
_ADVANCE = "UPDATE installation SET billing_months_through = $1 WHERE id = 1"


async def insert_missing_months(context: Context, unit: UnitOfWork) -> None:
    """Inserts the rows of all months that have ended since the last time, for all tenants.

    What is backdated into months before that has its rows made by the operation that does it: see changes.py.
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
    while first <= last.start:  # a month to a statement: many of them would outlast the statements' time limit
        await unit.connection.execute(_INSERT, first)
        first = Period(first, last.zone).end
    if through is None or through < last.start:
        await unit.connection.execute(_ADVANCE, last.start)
