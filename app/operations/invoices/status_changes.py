"""The lifecycle of an invoice: DRAFT -> ISSUED -> PAID, and VOID from DRAFT or ISSUED."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from piccolo.columns.combination import And

from app.billing import InputFault, day_of
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
from app.tables.invoices import InvoiceStatus, TenantInvoices

# The row stays locked until the commit, so the numbers of a year have no gaps and are in the order of the commits.
_NEXT_NUMBER = """
INSERT INTO invoice_number_sequences (year, last_number) VALUES ($1, 1)
ON CONFLICT (year) DO UPDATE SET last_number = invoice_number_sequences.last_number + 1
RETURNING last_number
"""


async def issue_invoice(context: Context, *, invoice_id: UUID, issue_stale: bool = False) -> UUID:
    """Issues a draft: gives it a number and a due date. It cannot change afterwards. If its total is 0 it is paid at
    once.

    Raises INVOICE_NOT_DRAFT; DRAFT_STALE for a draft whose month changed after it was rated, unless `issue_stale` is
    set: then the next rollup corrects the month.
    """
    authorise(context, Action.ISSUE_INVOICE)

    async def work(unit: UnitOfWork) -> UUID:
        await lock_months_of_invoice(unit, invoice_id)
        invoice = await _lock(invoice_id, InvoiceStatus.DRAFT)
        if not issue_stale:
            await _refuse_stale(unit, invoice)
        await _issue(context, unit, invoice)
        await month_was_issued(unit, invoice["tenant_id"], invoice["period_start"])
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


async def _issue(context: Context, unit: UnitOfWork, invoice: dict[str, Any]) -> None:
    now = context.clock()
    today = day_of(now, context.settings.billing_time_zone)
    invoice_number = await unit.connection.fetchval(_NEXT_NUMBER, today.year)
    await TenantInvoices.update(
        {
            TenantInvoices.status: InvoiceStatus.ISSUED,
            TenantInvoices.number: f"INV-{today.year}-{invoice_number:06}",
            TenantInvoices.issued_at: now,
            TenantInvoices.issued_on: today,
            TenantInvoices.due_on: today + timedelta(days=context.settings.payment_terms_days),
        }
    ).where(_is(invoice))
    if invoice["total_cents"] == 0:
        await TenantInvoices.update({TenantInvoices.status: InvoiceStatus.PAID, TenantInvoices.paid_at: now}).where(
            _is(invoice)
        )


async def mark_invoice_paid(
    context: Context, *, invoice_id: UUID, reference: str, paid_at: datetime | None = None
) -> UUID:
    """Records the payment of an issued invoice, now or at an earlier instant. Raises INVOICE_PAID, CONFLICT."""
    authorise(context, Action.MARK_INVOICE_PAID)
    now = context.clock()
    faults = [*validation.name("reference", reference), *validation.instant("paid_at", paid_at)]
    if paid_at is not None and paid_at > now:
        faults.append(InputFault(("paid_at",), "must not be in the future"))
    validation.refuse(faults)

    async def work(_unit: UnitOfWork) -> UUID:
        invoice = await _lock(invoice_id, InvoiceStatus.ISSUED)
        if paid_at is not None and paid_at < invoice["issued_at"]:
            validation.refuse(
                [InputFault(("paid_at",), f"must not be before the invoice was issued, {invoice['issued_at']}")]
            )
        await TenantInvoices.update(
            {
                TenantInvoices.status: InvoiceStatus.PAID,
                TenantInvoices.paid_at: paid_at or now,
                TenantInvoices.payment_reference: reference,
            }
        ).where(_is(invoice))
        return invoice_id

    return await transact(context, work, UUID)


async def void_invoice(context: Context, *, invoice_id: UUID, reason: str | None = None) -> UUID:
    """Voids a draft or an issued invoice; its number is not used again. Its month must be rated again, as the next
    revision, and what it billed for earlier months is due again. Raises INVOICE_PAID, CONFLICT.
    """
    authorise(context, Action.VOID_INVOICE)
    validation.refuse(validation.free_text("reason", reason))

    async def work(unit: UnitOfWork) -> UUID:
        await lock_months_of_invoice(unit, invoice_id)
        invoice = await _lock(invoice_id, InvoiceStatus.DRAFT, InvoiceStatus.ISSUED)
        now = context.clock()
        await invoice_is_voided(unit, invoice_id, invoice["tenant_id"], invoice["period_start"], now)
        await TenantInvoices.update(
            {
                TenantInvoices.status: InvoiceStatus.VOID,
                TenantInvoices.voided_at: now,
                TenantInvoices.void_reason: reason,
            }
        ).where(_is(invoice))
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
