"""Previews credit notes: the note that a request would make, without making it."""

from dataclasses import dataclass
from uuid import UUID

from app.billing import CreditAmounts
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.credit_notes.remaining import CreditableInvoice, creditable_invoice
from app.operations.credit_notes.requests import CreditRequest, request_faults, requested_amounts
from app.operations.ledger import Receivable, read_receivables, tenant_of_invoice
from app.operations.payments.write_offs import refuse_unissued


@dataclass(frozen=True, slots=True)
class PreviewedLine:
    """What the note takes off one line of the invoice; of a tax line the tax."""

    line_id: UUID
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedCreditNote:
    """The note that a request would make, and what would be left of the invoice after it."""

    invoice_id: UUID
    currency: str
    lines: tuple[PreviewedLine, ...]
    net_cents: int
    tax_cents: int
    total_cents: int
    written_off_cents: int
    receivable_cents: int
    credit_cents: int
    remaining_net_cents: int
    remaining_tax_cents: int


async def preview_credit_note(context: Context, request: CreditRequest) -> PreviewedCreditNote:
    """The note that issue_credit_note would make, from one snapshot. Raises as it does; changes and locks nothing."""
    authorise(context, Action.ISSUE_CREDIT_NOTE)
    validation.refuse(request_faults(request))

    async def work(unit: UnitOfWork) -> PreviewedCreditNote:
        await unit.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        tenant_id = await tenant_of_invoice(unit, request.invoice_id)
        invoice = refuse_unissued(await read_receivables(unit, [tenant_id], [request.invoice_id]))
        creditable = await creditable_invoice(unit, tenant_id, invoice.id)
        amounts = await requested_amounts(unit, invoice, creditable, request)
        return _preview(invoice, creditable, amounts)

    return await transact(context, work)


def _preview(invoice: Receivable, creditable: CreditableInvoice, amounts: CreditAmounts) -> PreviewedCreditNote:
    written_off, receivable, credit = invoice.split(amounts.total_cents)
    by_position = dict(amounts.lines)
    by_position |= {creditable.tax_line(tax.key)[0]: tax.tax_cents for tax in amounts.taxes}
    return PreviewedCreditNote(
        invoice_id=invoice.id,
        currency=invoice.currency,
        lines=tuple(PreviewedLine(creditable.lines[at].id, cents) for at, cents in sorted(by_position.items())),
        net_cents=amounts.net_cents,
        tax_cents=amounts.tax_cents,
        total_cents=amounts.total_cents,
        written_off_cents=written_off,
        receivable_cents=receivable,
        credit_cents=credit,
        remaining_net_cents=creditable.remaining.net_cents - amounts.net_cents,
        remaining_tax_cents=creditable.remaining.tax_cents - amounts.tax_cents,
    )
