"""Waiving a month: it is worth nothing, for good."""

from datetime import date
from uuid import UUID

from app.billing import InputFault
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.periods import month_of
from app.tables.billing_months import BillingMonthState

_MAKE = """
INSERT INTO billing_months (id, tenant_id, period_start, state, billed_cents, open_credit_deployments)
SELECT gen_random_uuid(), t.id, $2, 'OPEN', 0, '{}' FROM tenants t WHERE t.id = $1
ON CONFLICT (tenant_id, period_start) DO NOTHING
"""
_HOLD = "SELECT id, state FROM billing_months WHERE tenant_id = $1 AND period_start = $2 FOR NO KEY UPDATE"
_WAIVE = """
UPDATE billing_months SET state = 'WAIVED', rated_cents = 0, open_credit_deployments = '{}', failure = NULL,
    waived_at = $3, waived_by = $4, waive_reason = $5
WHERE tenant_id = $1 AND period_start = $2
"""
_DROP_CHANGES = "DELETE FROM billing_month_changes WHERE tenant_id = $1 AND period_start = $2"


async def waive_month(context: Context, *, tenant_id: UUID, period_start: date, reason: str) -> UUID:
    """Gives up a month that has no live invoice; returns the billing month's id.

    What other invoices have billed for it is credited by the next rollup. Later changes do not reopen it. Raises
    CONFLICT for a month with a live invoice, and for one that is waived already.
    """
    authorise(context, Action.WAIVE_MONTH)
    validation.refuse(validation.name("reason", reason, longest=validation.MAX_TEXT_LENGTH))
    period = month_of(context, period_start)
    if period.start > context.today():
        validation.refuse([InputFault(("period_start",), "must not be a month to come")])

    async def work(unit: UnitOfWork) -> UUID:
        await unit.connection.execute(_MAKE, tenant_id, period.start)
        month = await unit.connection.fetchrow(_HOLD, tenant_id, period.start)
        if month is None:
            raise not_found("tenant", tenant_id, ("tenantId",))
        _refuse(BillingMonthState(month["state"]))
        await unit.connection.execute(
            _WAIVE, tenant_id, period.start, context.clock(), context.principal.subject, reason
        )
        await unit.connection.execute(_DROP_CHANGES, tenant_id, period.start)
        month_id: UUID = month["id"]
        return month_id

    return await transact(context, work)


def _refuse(state: BillingMonthState) -> None:
    if state in {BillingMonthState.DRAFT, BillingMonthState.ISSUED}:
        message = "the month has an invoice; void it first, if it is not paid"
    elif state is BillingMonthState.WAIVED:
        message = "the month is waived already"
    else:
        return
    raise Refusal(ProblemCode.CONFLICT, message, ("periodStart",))
