"""Records changes to ended months, so that the next rating of the month includes them and none is lost.

A rating locks the month's row exclusively. A change first takes a shared lock on the row and then reads its state, so
that one of the two sees the other: either the rating includes the change, or the change is recorded for a month that
was rated. The row is locked whether the month was rated or not, and is inserted if it is missing: without it a change
could commit after the rating without being noticed.
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

CLOCK_MARGIN = timedelta(minutes=5)
"""The maximum difference between the clocks of two machines, plus how long a transaction can go on after the month's
end.
"""

RATED = (BillingMonthState.DRAFT, BillingMonthState.ISSUED, BillingMonthState.ZERO)
"""The states in which a change must be recorded. A month in any other state will be rated from current data anyway, or
never.
"""

# In a later month without a subscription of the tenant, there is nothing that the change could affect.
_INSERT_MONTHS = """
INSERT INTO billing_months (id, tenant_id, period_start, state, billed_cents, open_credit_deployments)
SELECT m.id, m.tenant_id, m.period_start, 'OPEN', 0, '{}'
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::boolean[]) AS m (id, tenant_id, period_start, is_first)
WHERE NOT EXISTS (
        SELECT FROM billing_months b WHERE b.tenant_id = m.tenant_id AND b.period_start = m.period_start)
  AND (m.is_first OR EXISTS (
        SELECT FROM subscriptions s
        WHERE s.tenant_id = m.tenant_id AND is_in_month(s.started_on, s.ended_on, m.period_start)))
ORDER BY m.tenant_id, m.period_start
ON CONFLICT (tenant_id, period_start) DO NOTHING
"""
_LOCK_SHARED = """
SELECT b.tenant_id, b.period_start, b.state FROM billing_months b
JOIN unnest($1::uuid[], $2::date[]) AS m (tenant_id, period_start)
    ON m.tenant_id = b.tenant_id AND m.period_start = b.period_start
ORDER BY b.tenant_id, b.period_start FOR SHARE OF b
"""
# A change that is already waiting has the same effect.
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
    """A change that affects what a tenant is billed for, from a day on. deployment_id: None if it affects the whole
    tenant.

    last_day: the last day that can change; None: every day from the first on.
    """

    tenant_id: UUID
    deployment_id: UUID | None
    first_day: date
    last_day: date | None = None


def first_open_day(context: Context) -> date:
    """Returns the first day of the earliest month that certainly has not ended. Earlier months may already be rated, or
    be rated at any moment.
    """
    return Period.holding(context.clock() + CLOCK_MARGIN, context.settings.billing_time_zone).start


async def record_changes(context: Context, unit: UnitOfWork, changes: Iterable[Change], reason: ChangeReason) -> None:
    """Records the changes for every rated month that they affect, and prevents rating of all affected months until the
    commit.

    Every operation that changes the inputs of a rating calls this in its transaction. Changes of the running month need
    no database access.
    """
    open_day = first_open_day(context)
    reached = {
        (change.tenant_id, month, change.deployment_id): month == change.first_day.replace(day=1)
        for change in changes
        for month in _months(change, open_day)
    }
    if not reached:
        return
    rated = await _lock_shared(unit, reached)
    recorded = [key for key in sorted(reached, key=str) if key[:2] in rated]
    if recorded:
        columns = [list(column) for column in zip(*recorded, strict=True)]
        await unit.connection.execute(_RECORD, new_ids(len(recorded)), *columns, reason, context.clock())


async def _lock_shared(unit: UnitOfWork, reached: dict[tuple[UUID, date, UUID | None], bool]) -> set[tuple[UUID, date]]:
    """Takes a shared lock on the billing months; returns those that are rated."""
    months: dict[tuple[UUID, date], bool] = {}
    for (tenant_id, month, _), is_first in reached.items():
        months[tenant_id, month] = is_first or months.get((tenant_id, month), False)
    tenant_ids, starts = [tenant_id for tenant_id, _ in months], [month for _, month in months]
    await unit.connection.execute(_INSERT_MONTHS, new_ids(len(months)), tenant_ids, starts, list(months.values()))
    rows: Sequence[tuple[UUID, date, str]] = await unit.connection.fetch(_LOCK_SHARED, tenant_ids, starts)
    return {(tenant_id, month) for tenant_id, month, state in rows if state in RATED}


def _months(change: Change, open_day: date) -> Iterable[date]:
    """Returns the first days of the months before `open_day` that the change affects."""
    month = change.first_day.replace(day=1)
    while month < open_day and (change.last_day is None or month <= change.last_day):
        yield month
        month = (month + timedelta(days=31)).replace(day=1)
