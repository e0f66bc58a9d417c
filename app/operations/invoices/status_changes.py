"""The lifecycle of an invoice: DRAFT -> ISSUED -> PAID, and VOID from DRAFT or ISSUED."""

from datetime import datetime
from typing import Any
from uuid import UUID

from piccolo.columns.combination import And

from app.billing import Allocation, InputFault, day_of
from app.database import UnitOfWork
from app.database.locks import lock_row
from app.operations.billing_months.invoice_changes import (
    changes_of,
    invoice_is_voided,
    lock_months_of_invoice,
    month_was_issued,
)
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.documents.document_data import DocumentKind
from app.operations.documents.rendering import render_short_document
from app.operations.events import record_invoices
from app.operations.invoices.issuing import DraftInvoice, issue_drafts
from app.operations.invoices.voiding import void_fault, void_receivables
from app.operations.ledger import lock_receivables, lock_tenant_of_invoice
from app.operations.payments import NewPayment, enter_payment
from app.tables.events import EventType
from app.tables.invoices import InvoiceStatus, TenantInvoices
from app.tables.payments import PaymentMethod


async def issue_invoice(context: Context, *, invoice_id: UUID, issue_stale: bool = False) -> UUID:
    """Issues a draft: gives it a number and a due date. It cannot change afterwards. If its total is 0 it is paid at
    once.

    Raises INVOICE_NOT_DRAFT; SUPPLIER_INCOMPLETE; DRAFT_STALE for a draft whose month changed after it was rated,
    unless `issue_stale` is set: then the next rollup corrects the month.
    """
    authorise(context, Action.ISSUE_INVOICE)

    async def work(unit: UnitOfWork) -> UUID:
        await lock_tenant_of_invoice(unit, invoice_id)
        await lock_months_of_invoice(unit, invoice_id)
        invoice = await _lock(invoice_id, InvoiceStatus.DRAFT)
        if not issue_stale:
            await _refuse_stale(unit, invoice)
        await issue_drafts(unit, context, [DraftInvoice(invoice["tenant_id"], invoice_id, invoice["currency"])])
        await month_was_issued(unit, invoice["tenant_id"], invoice["period_start"])
        await render_short_document(unit, context, invoice["tenant_id"], invoice_id, DocumentKind.INVOICE)
        return invoice_id

    return await transact(context, work, UUID)


async def _refuse_stale(unit: UnitOfWork, invoice: dict[str, Any]) -> None:
    changes = await changes_of(unit, invoice["tenant_id"], invoice["period_start"])
    if changes:
        raise Refusal(
            ProblemCode.DRAFT_STALE,
            f"the month changed after the draft was rated: {', '.join(changes)}; roll it up again with force, or issue"
            " it as it is with issueStale: true, and the next rollup bills the difference",
            ("invoiceId",),
        )


async def mark_invoice_paid(
    context: Context, *, invoice_id: UUID, reference: str, paid_at: datetime | None = None
) -> UUID:
    """Records a payment of the whole balance of an issued invoice, now or at an earlier instant.

    Raises INVOICE_PAID, and CONFLICT for a draft or void invoice.
    """
    authorise(context, Action.MARK_INVOICE_PAID)
    now = context.clock()
    faults = [*validation.name("reference", reference), *validation.instant("paid_at", paid_at)]
    if paid_at is not None and paid_at > now:
        faults.append(InputFault(("paid_at",), "must not be in the future"))
    validation.refuse(faults)

    async def work(unit: UnitOfWork) -> UUID:
        tenant_id = await lock_tenant_of_invoice(unit, invoice_id)
        invoice = await _lock(invoice_id, InvoiceStatus.ISSUED)
        if paid_at is not None and paid_at < invoice["issued_at"]:
            validation.refuse(
                [InputFault(("paid_at",), f"must not be before the invoice was issued, {invoice['issued_at']}")]
            )
        [receivable] = await lock_receivables(unit, [tenant_id], [invoice_id])
        payment = NewPayment(
            tenant_id=tenant_id,
            amount_cents=receivable.balance_cents,
            currency=receivable.currency,
            received_on=day_of(paid_at or now, context.settings.billing_time_zone),
            method=PaymentMethod.OTHER,
            reference=f"{receivable.number} marked as paid: {reference}",
            allocations=(Allocation(invoice_id, receivable.balance_cents),),
        )
        await enter_payment(unit, context, payment, now, paid_at=paid_at, invoice_reference=reference)
        return invoice_id

    return await transact(context, work, UUID)


async def void_invoice(context: Context, *, invoice_id: UUID, reason: str | None = None) -> UUID:
    """Withdraws a draft or an issued invoice; a number it has stays used. Its month is to be rated again, as the next
    revision, and what it billed of earlier months is open again. Credit that was applied to it is the tenant's again.

    Raises INVOICE_PAID for an invoice with payments; CONFLICT for one with credit notes, written off or void.
    """
    authorise(context, Action.VOID_INVOICE)
    validation.refuse(validation.free_text("reason", reason))

    async def work(unit: UnitOfWork) -> UUID:
        tenant_id = await lock_tenant_of_invoice(unit, invoice_id)
        await lock_months_of_invoice(unit, invoice_id)
        invoice = await _lock(invoice_id, InvoiceStatus.DRAFT, InvoiceStatus.ISSUED, InvoiceStatus.PAID)
        now = context.clock()
        for receivable in await lock_receivables(unit, [tenant_id], [invoice_id]):
            if (fault := void_fault(receivable)) is not None:
                raise Refusal(fault.code, fault.message, ("invoiceId",))
            await void_receivables(unit, context.settings.billing_time_zone, [receivable], now)
        await invoice_is_voided(unit, invoice_id, invoice["tenant_id"], invoice["period_start"], now)
        await TenantInvoices.update(
            {
                TenantInvoices.status: InvoiceStatus.VOID,
                TenantInvoices.paid_at: None,
                TenantInvoices.voided_at: now,
                TenantInvoices.void_reason: reason,
            }
        ).where(_is(invoice))
        await record_invoices(unit, EventType.INVOICE_VOIDED, [(tenant_id, invoice_id)], now)
        return invoice_id

    return await transact(context, work, UUID)


def _is(invoice: dict[str, Any]) -> And:
    its_own: And = (TenantInvoices.tenant_id == invoice["tenant_id"]) & (TenantInvoices.id == invoice["id"])
    return its_own


async def _lock(invoice_id: UUID, *wanted: InvoiceStatus) -> dict[str, Any]:
    """Locks the invoice and returns its row. Raises a refusal unless the invoice has one of the given statuses."""
    row: dict[str, Any] | None = await lock_row(TenantInvoices, invoice_id)
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
    raise Refusal(code, f"the invoice is {status.lower()}; this is possible only while it is {needed}", ("invoiceId",))
