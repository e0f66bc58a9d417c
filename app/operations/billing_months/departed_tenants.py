"""Changes of tenants that have left: no later rollup of theirs would correct the month, so one is made for it."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork

# Of months that are corrected on another invoice; a stale draft and a month without one are rated again themselves.
# $2: the first day of the month from which on the tenant has no subscription.
_CHANGES_OF_DEPARTED = """
SELECT c.tenant_id, min(c.changed_at) AS changed_at FROM billing_month_changes c
JOIN billing_months b ON b.tenant_id = c.tenant_id AND b.period_start = c.period_start AND b.state = 'ISSUED'
WHERE c.changed_at < $1 AND c.period_start < $2
  AND NOT EXISTS (SELECT FROM subscriptions s
                  WHERE s.tenant_id = c.tenant_id AND (s.ended_on IS NULL OR s.ended_on >= $2))
GROUP BY c.tenant_id ORDER BY c.tenant_id
"""


class DepartedTenantChange(NamedTuple):
    """A tenant without a subscription, and when the first change that waits arrived."""

    tenant_id: UUID
    changed_at: datetime


async def changes_of_departed_tenants(
    unit: UnitOfWork, before: datetime, from_month: date
) -> list[DepartedTenantChange]:
    """Of tenants that have no subscription in the month or later: changes of issued months that arrived before then."""
    return [DepartedTenantChange(*row) for row in await unit.connection.fetch(_CHANGES_OF_DEPARTED, before, from_month)]
