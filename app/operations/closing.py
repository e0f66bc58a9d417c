"""Months that are over: whoever closes one (rates, issues or voids it) holds its tenant, whoever changes what it was
rated from shares it. So each of the two knows of the other: a change is rated, or comes to a month that was.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from app.billing import Period
from app.database import UnitOfWork
from app.operations.context import Context

MARGIN = timedelta(minutes=5)
"""How far the clocks of two machines may lie apart, and a transaction outlast the month's end."""

_SHARE = "SELECT FROM tenants WHERE id = any($1::uuid[]) ORDER BY id FOR SHARE"
# Drafts of the month that holds the day, and of later ones, are stale then; settlements at nothing are undone.
_REOPEN = """
WITH stale AS (
    UPDATE tenant_invoices SET stale_since = $3
    WHERE tenant_id = $1 AND period_end > $2 AND status = 'DRAFT' AND stale_since IS NULL
)
UPDATE rollup_outcomes SET reopened_at = $3
WHERE tenant_id = $1 AND (period_start + interval '1 month')::date > $2 AND outcome = 'SETTLED' AND reopened_at IS NULL
"""


def first_open_day(context: Context) -> date:
    """The months before the one that begins with this day may be closed already, or at any moment."""
    return Period.holding(context.clock() + MARGIN, context.settings.billing_time_zone).start


async def share_tenants(unit: UnitOfWork, tenant_ids: Iterable[UUID]) -> None:
    """Keeps the tenants' months from being closed until the commit. Before any lock on what is changed."""
    await unit.connection.execute(_SHARE, list(tenant_ids))


async def reopen_months(unit: UnitOfWork, tenant_id: UUID, first_day: date, now: datetime) -> None:
    """Says of the drafts and settlements from this day on that they are behind the data. The tenant is shared."""
    await unit.connection.execute(_REOPEN, tenant_id, first_day, now)
