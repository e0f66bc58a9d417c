"""An invoice's life after it is drafted: DRAFT -> ISSUED -> PAID, and VOID from the first two."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.billing import Fault, day_of
from app.database import UnitOfWork
from app.database.locks import lock_row
from app.operations import validation
from app.operations.access import Action, authorise, not_found
from app.operations.context import Context
from app.operations.invoices.late import flag, open_again
from app.operations.refusal import ProblemCode, Refusal
from app.operations.transaction import transact
from app.tables.invoices import InvoiceStatus, TenantInvoices
from app.tables.tenants import Tenants

# The row's lock lasts until the commit, so the numbers of a year have no gap and no order but that of the commits.
_NEXT_NUMBER = """
INSERT INTO invoice_number_sequences (year, last_number) VALUES ($1, 1)
ON CONFLICT (year) DO UPDATE SET last_number = invoice_number_sequences.last_number + 1
RETURNING last_number
"""


async def issue_invoice(context: Context, *, invoice_id: UUID) -> UUID:
    """Gives a draft its number and due date; from then on it does not change. Raises INVOICE_NOT_DRAFT.

    Usage that made it stale is late from then on.
    """
    authorise(context, Action.ISSUE_INVOICE)

    async def work(unit: UnitOfWork) -> UUID:
        await _hold_tenant(invoice_id)
        await _lock(invoice_id, InvoiceStatus.DRAFT)
        now = context.clock()  # read once: the number's year, the day of issue and the due date are of one instant
        issued_on = day_of(now, context.settings.billing_time_zone)
        await flag(unit, invoice_id, issued_on)
        number = await unit.connection.fetchval(_NEXT_NUMBER, issued_on.year)
        await TenantInvoices.update(
            {
                TenantInvoices.status: InvoiceStatus.ISSUED,
                TenantInvoices.number: f"INV-{issued_on.year}-{number:06}",
                TenantInvoices.issued_at: now,
                TenantInvoices.issued_on: issued_on,
                TenantInvoices.due_on: issued_on + timedelta(days=context.settings.payment_terms_days),
            }
        ).where(TenantInvoices.id == invoice_id)
        return invoice_id

    return await transact(context, work)


async def mark_invoice_paid(
    context: Context, *, invoice_id: UUID, reference: str, paid_at: datetime | None = None
) -> UUID:
    """Records the payment of an issued invoice, now or at an earlier instant since its issue. Raises INVOICE_PAID,
    CONFLICT, VALIDATION_FAILED.
    """
    authorise(context, Action.MARK_INVOICE_PAID)
    now = context.clock()
    faults = [*validation.name("reference", reference), *validation.instant("paid_at", paid_at)]
    if paid_at is not None and paid_at > now:
        faults.append(Fault(("paid_at",), "must not be in the future"))
    validation.refuse(faults)

    async def work(_unit: UnitOfWork) -> UUID:
        invoice = await _lock(invoice_id, InvoiceStatus.ISSUED)
        if paid_at is not None and paid_at < invoice["issued_at"]:
            issued_at = invoice["issued_at"].isoformat()
            validation.refuse([Fault(("paid_at",), f"must not be before the invoice was issued, at {issued_at}")])
        await TenantInvoices.update(
            {
                TenantInvoices.status: InvoiceStatus.PAID,
                TenantInvoices.paid_at: paid_at or now,
                TenantInvoices.payment_reference: reference,
            }
        ).where(TenantInvoices.id == invoice_id)
        return invoice_id

    return await transact(context, work)


async def void_invoice(context: Context, *, invoice_id: UUID, reason: str | None = None) -> UUID:
    """Withdraws a draft or an issued invoice; a number it has stays used. Its month is unbilled again, and the next
    rollup bills it as the next revision. Late usage that it billed is open again. Raises INVOICE_PAID, CONFLICT.
    """
    authorise(context, Action.VOID_INVOICE)
    validation.refuse(validation.free_text("reason", reason))

    async def work(unit: UnitOfWork) -> UUID:
        await _hold_tenant(invoice_id)
        await _lock(invoice_id, InvoiceStatus.DRAFT, InvoiceStatus.ISSUED)
        await open_again(unit, [invoice_id], context.today())
        await TenantInvoices.update(
            {
                TenantInvoices.status: InvoiceStatus.VOID,
                TenantInvoices.voided_at: context.clock(),
                TenantInvoices.void_reason: reason,
            }
        ).where(TenantInvoices.id == invoice_id)
        return invoice_id

    return await transact(context, work)


async def _hold_tenant(invoice_id: UUID) -> None:
    """Nothing comes to its months meanwhile: see closing.py."""
    invoice = await TenantInvoices.select(TenantInvoices.tenant_id).where(TenantInvoices.id == invoice_id).first()
    if invoice is not None:
        await lock_row(Tenants, invoice["tenant_id"], Tenants.id)


async def _lock(invoice_id: UUID, *wanted: InvoiceStatus) -> dict[str, Any]:
    """Locks the invoice, which must be in one of these statuses, and returns its status and issued_at."""
    row: dict[str, Any] | None = await lock_row(
        TenantInvoices, invoice_id, TenantInvoices.status, TenantInvoices.issued_at
    )
    if row is None:
        raise not_found("invoice", invoice_id, ("invoiceId",))
    status = InvoiceStatus(row["status"])
    if status in wanted:
        return row
    code = ProblemCode.CONFLICT
    if wanted == (InvoiceStatus.DRAFT,):
        code = ProblemCode.INVOICE_NOT_DRAFT
    elif status is InvoiceStatus.PAID:
        code = ProblemCode.INVOICE_PAID
    needed = " or ".join(status.lower() for status in wanted)
    raise Refusal(code, f"the invoice is {status.lower()}; it would have to be {needed}", ("invoiceId",))
