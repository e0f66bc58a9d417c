"""Changes to months that have ended: recorded for whoever rates the month next, so that none is lost.

Whoever rates a month holds its row exclusively. A change shares the row first and then reads its state, so that each
knows of the other: either the change is rated, or it is recorded for a month that was. The row is shared whether the
month was rated or not, and made where it is missing: without it a change could commit after the rating unseen.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from app.billing import Period
from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.tables.billing_months import BillingMonthState, ChangeReason
from app.tables.ids import new_ids

MARGIN = timedelta(minutes=5)
"""How far the clocks of two machines may differ, and a transaction may outlast the month's end."""

RATED = (BillingMonthState.DRAFT, BillingMonthState.ISSUED, BillingMonthState.ZERO)
"""The states in which a change must be recorded: any other month is rated anew, or never again."""

# A later month in which the tenant has no subscription has nothing that the change could reach.
_MAKE = """
INSERT INTO billing_months (id, tenant_id, period_start, state, billed_cents, open_credit_deployments)
SELECT m.id, m.tenant_id, m.period_start, 'OPEN', 0, '{}'
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::boolean[]) AS m (id, tenant_id, period_start, is_first)
WHERE NOT EXISTS (
        SELECT FROM billing_months b WHERE b.tenant_id = m.tenant_id AND b.period_start = m.period_start)
  AND (m.is_first OR EXISTS (
        SELECT FROM subscriptions s
        WHERE s.tenant_id = m.tenant_id AND s.started_on < m.period_start + interval '1 month'
          AND (s.ended_on IS NULL OR s.ended_on >= m.period_start)))
ORDER BY m.tenant_id, m.period_start
ON CONFLICT (tenant_id, period_start) DO NOTHING
"""
_SHARE = """
SELECT b.tenant_id, b.period_start, b.state FROM billing_months b
JOIN unnest($1::uuid[], $2::date[]) AS m (tenant_id, period_start)
    ON m.tenant_id = b.tenant_id AND m.period_start = b.period_start
ORDER BY b.tenant_id, b.period_start FOR SHARE OF b
"""
# One that waits already says as much.
_RECORD = """
INSERT INTO billing_month_changes (id, tenant_id, period_start, deployment_id, reason, changed_at)
SELECT n.id, n.tenant_id, n.period_start, n.deployment_id, $5, $6
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::uuid[]) AS n (id, tenant_id, period_start, deployment_id)
WHERE NOT EXISTS (
    SELECT FROM billing_month_changes c
    WHERE c.tenant_id = n.tenant_id AND c.period_start = n.period_start AND c.reason = $5
      AND c.deployment_id IS NOT DISTINCT FROM n.deployment_id)
"""


class Change(NamedTuple):
    """What a tenant is billed changed from a day on: of a deployment, or with None of the whole tenant.

    last_day: the last day that it can change; None: every day since.
    """

    tenant_id: UUID
    deployment_id: UUID | None
    first_day: date
    last_day: date | None = None


def first_open_day(context: Context) -> date:
    """The first day of the month that surely has not ended: any month before it may be rated at any moment."""
    return Period.holding(context.clock() + MARGIN, context.settings.billing_time_zone).start


async def record_changes(context: Context, unit: UnitOfWork, changes: Iterable[Change], reason: ChangeReason) -> None:
    """Records the changes for every rated month they reach, and keeps all months they reach from being rated until the
    commit. Every operation that alters what a month is rated from calls this, in its transaction.

    Changes of the running month cost nothing.
    """
    until = first_open_day(context)
    reached = {
        (change.tenant_id, month, change.deployment_id): month == change.first_day.replace(day=1)
        for change in changes
        for month in _months(change, until)
    }
    if not reached:
        return
    rated = await _share(unit, reached)
    recorded = [key for key in sorted(reached, key=str) if key[:2] in rated]
    if recorded:
        columns = [list(column) for column in zip(*recorded, strict=True)]
        await unit.connection.execute(_RECORD, new_ids(len(recorded)), *columns, reason, context.clock())


async def _share(unit: UnitOfWork, reached: dict[tuple[UUID, date, UUID | None], bool]) -> set[tuple[UUID, date]]:
    """Shares the months, and gives those that are rated."""
    months: dict[tuple[UUID, date], bool] = {}
    for (tenant_id, month, _), is_first in reached.items():
        months[tenant_id, month] = is_first or months.get((tenant_id, month), False)
    tenant_ids, starts = [tenant_id for tenant_id, _ in months], [month for _, month in months]
    await unit.connection.execute(_MAKE, new_ids(len(months)), tenant_ids, starts, list(months.values()))
    rows: Sequence[tuple[UUID, date, str]] = await unit.connection.fetch(_SHARE, tenant_ids, starts)
    return {(tenant_id, month) for tenant_id, month, state in rows if state in RATED}


def _months(change: Change, until: date) -> Iterable[date]:
    """The first days of the months before `until` that the change reaches."""
    month = change.first_day.replace(day=1)
    while month < until and (change.last_day is None or month <= change.last_day):
        yield month
        month = (month + timedelta(days=31)).replace(day=1)
