"""Takes an issued invoice out of the ledger when it is voided, or replaced by the next revision."""

from collections.abc import Sequence
from datetime import datetime

from app.billing.ledger import mirrored
from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.ledger import (
    BalanceChange,
    JournalEntry,
    Receivable,
    change_balances,
    postings_of,
    write_entries,
)
from app.operations.ledger.credit import return_credit
from app.tables.ledger import JournalEntryKind, SettledBy


def refuse_void(invoice: Receivable, path: tuple[str, ...] = ()) -> None:
    """Raises INVOICE_PAID for an invoice with payments, CONFLICT for one with credit notes or a write-off. Credit that
    was applied to it, and a payment that was reversed, do not count.
    """
    if invoice.paid_cents:
        raise Refusal(ProblemCode.INVOICE_PAID, _message(invoice, "payments"), path)
    if invoice.credited_net_cents or invoice.credited_tax_cents or invoice.noted_cents:
        raise Refusal(ProblemCode.CONFLICT, _message(invoice, "credit notes"), path)
    if invoice.written_off_cents:
        raise Refusal(ProblemCode.CONFLICT, _message(invoice, "a write-off"), path)


async def void_receivables(unit: UnitOfWork, context: Context, invoices: Sequence[Receivable], now: datetime) -> None:
    """Gives back credit applied to the locked invoices and mirrors the entries of their issue. They are ISSUED then,
    and their balances 0.
    """
    for invoice in invoices:
        await return_credit(unit, context, invoice, now)
        issued = await postings_of(unit, invoice.tenant_id, invoice.id, JournalEntryKind.INVOICE_ISSUED)
        entry = JournalEntry(
            invoice.tenant_id,
            JournalEntryKind.INVOICE_VOIDED,
            invoice.currency,
            invoice.id,
            f"Invoice {invoice.number} voided",
            mirrored(issued),
        )
        await write_entries(unit, context, [entry], now)
        void = BalanceChange(invoice.id, SettledBy.ZERO, voided=invoice.total_cents)
        await change_balances(unit, invoice.tenant_id, [void], now)


def _message(invoice: Receivable, what: str) -> str:
    return f"the invoice {invoice.number} has {what}; issue a credit note instead"
