"""Uses a tenant's credit: on its open invoices, or paid out."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from app.billing import day_of
from app.billing.ledger import credit_refunded
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.ledger import (
    NewJournalEntry,
    apply_credit,
    change_credit,
    lock_credit,
    lock_open_receivables,
    lock_receivables,
    lock_tenant,
    write_entries,
)
from app.operations.payments.recording import MAX_REFERENCE_LENGTH, amount_faults, day_faults
from app.tables.ids import new_id
from app.tables.ledger import JournalEntryKind
from app.tables.payments import Refunds

_SAME_REFERENCE = "SELECT id, amount_cents, currency, paid_out_on FROM refunds WHERE tenant_id = $1 AND reference = $2"


async def allocate_credit(context: Context, *, tenant_id: UUID, invoice_ids: Sequence[UUID] | None = None) -> UUID:
    """Applies the tenant's credit to the named invoices, or to all that are open, the oldest due first.

    Returns the tenant's id. Raises NOT_FOUND.
    """
    authorise(context, Action.ALLOCATE_CREDIT)

    async def work(unit: UnitOfWork) -> UUID:
        currency = await lock_tenant(unit, tenant_id)
        if currency is None:
            raise not_found("tenant", tenant_id, ("tenantId",))
        if invoice_ids is None:
            receivables = await lock_open_receivables(unit, tenant_id, currency)
        else:
            receivables = await lock_receivables(unit, [tenant_id], invoice_ids)
        found = {one.id for one in receivables}
        for index, invoice_id in enumerate(invoice_ids or ()):
            if invoice_id not in found:
                raise not_found("issued invoice", invoice_id, ("invoiceIds", str(index)))
        await apply_credit(unit, context.settings.billing_time_zone, receivables, context.clock())
        return tenant_id

    return await transact(context, work, UUID)


async def refund_credit(
    context: Context, *, tenant_id: UUID, amount_cents: int, paid_out_on: date, reference: str
) -> UUID:
    """Records that credit of the tenant was paid out, and returns the refund's id; that of the first where the same was
    recorded before.

    Raises NOT_FOUND, VALIDATION_FAILED, CREDIT_TOO_SMALL for more than the tenant has, CONFLICT for a reference that
    was used for another refund.
    """
    authorise(context, Action.REFUND_CREDIT)
    now = context.clock()
    today = day_of(now, context.settings.billing_time_zone)
    validation.refuse(
        [
            *amount_faults("amount_cents", amount_cents),
            *day_faults("paid_out_on", paid_out_on, today),
            *validation.name("reference", reference, MAX_REFERENCE_LENGTH),
        ]
    )

    async def work(unit: UnitOfWork) -> UUID:
        currency = await lock_tenant(unit, tenant_id)
        if currency is None:
            raise not_found("tenant", tenant_id, ("tenantId",))
        recorded = await _recorded(unit, tenant_id, reference, (amount_cents, currency, paid_out_on))
        if recorded is not None:
            return recorded
        available = await lock_credit(unit, tenant_id, currency)
        if amount_cents > available:
            message = f"the tenant's credit balance is {available} cents; refund at most that"
            raise Refusal(ProblemCode.CREDIT_TOO_SMALL, message, ("amountCents",))
        return await _refund(
            unit,
            context,
            Refunds(
                id=new_id(),
                tenant_id=tenant_id,
                amount_cents=amount_cents,
                currency=currency,
                paid_out_on=paid_out_on,
                reference=reference,
                recorded_at=now,
                recorded_by=context.principal.subject,
            ),
        )

    return await transact(context, work, UUID)


async def _recorded(unit: UnitOfWork, tenant_id: UUID, reference: str, described: tuple[int, str, date]) -> UUID | None:
    """The refund with this reference, if it is the same; None: there is none yet. Raises CONFLICT."""
    row = await unit.connection.fetchrow(_SAME_REFERENCE, tenant_id, reference)
    if row is None:
        return None
    if tuple(row)[1:] != described:
        raise Refusal(ProblemCode.CONFLICT, f"another refund has the reference {reference!r}", ("reference",))
    refund_id: UUID = row["id"]
    return refund_id


async def _refund(unit: UnitOfWork, context: Context, refund: Refunds) -> UUID:
    await Refunds.insert(refund)
    await change_credit(unit, refund.tenant_id, refund.currency, -refund.amount_cents)
    entry = NewJournalEntry(
        refund.tenant_id,
        JournalEntryKind.CREDIT_REFUNDED,
        refund.currency,
        refund.id,
        f"Refund {refund.reference}",
        credit_refunded(refund.amount_cents),
    )
    await write_entries(unit, context.settings.billing_time_zone, [entry], refund.recorded_at)
    refund_id: UUID = refund.id
    return refund_id
