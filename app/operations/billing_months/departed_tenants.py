"""Finds changes to months of tenants that have no subscription any more: no later rollup would bill these changes, so
one must be started for them.
"""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork

# Only months that are corrected on another invoice: stale drafts, and months without an invoice, are rated again
# themselves.
_CHANGES_OF_DEPARTED = """
SELECT c.tenant_id, min(c.changed_at) AS changed_at FROM billing_month_changes c
JOIN billing_months b ON b.tenant_id = c.tenant_id AND b.period_start = c.period_start AND b.state = 'ISSUED'
WHERE c.changed_at < $1 AND c.period_start < $2
  AND NOT EXISTS (SELECT FROM subscriptions s
                  WHERE s.tenant_id = c.tenant_id AND (s.ended_on IS NULL OR s.ended_on >= $2))
GROUP BY c.tenant_id ORDER BY c.tenant_id
"""


class DepartedTenantChange(NamedTuple):
    """A tenant without a subscription, and when its first waiting change arrived."""

    tenant_id: UUID
    changed_at: datetime


async def changes_of_departed_tenants(
    unit: UnitOfWork, before: datetime, from_month: date
) -> list[DepartedTenantChange]:
    """Returns the tenants without a subscription in `from_month` or later whose issued months have a change that
    arrived before `before`.
    """
    return [DepartedTenantChange(*row) for row in await unit.connection.fetch(_CHANGES_OF_DEPARTED, before, from_month)]
