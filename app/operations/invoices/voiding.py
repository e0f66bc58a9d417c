"""Takes an issued invoice out of the ledger when it is voided, or replaced by the next revision."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.billing.ledger import mirrored
from app.database import UnitOfWork
from app.operations.calls.refusal import ProblemCode
from app.operations.ledger import (
    BalanceChange,
    NewJournalEntry,
    Receivable,
    change_balances,
    postings_of,
    return_credit,
    write_entries,
)
from app.tables.ledger import JournalEntryKind, SettledBy


class VoidFault(NamedTuple):
    """Why an invoice cannot be voided or replaced."""

    code: ProblemCode
    message: str


def void_fault(invoice: Receivable) -> VoidFault | None:
    """INVOICE_PAID for an invoice with payments, CONFLICT for one with credit notes or a write-off; None for others.

    Credit that was applied to it, and a payment that was reversed, do not count.
    """
    if invoice.paid_cents:
        return VoidFault(ProblemCode.INVOICE_PAID, _message(invoice, "payments"))
    if invoice.credited_net_cents or invoice.credited_tax_cents:
        return VoidFault(ProblemCode.CONFLICT, _message(invoice, "credit notes"))
    if invoice.written_off_cents:
        return VoidFault(ProblemCode.CONFLICT, _message(invoice, "a write-off"))
    return None


async def void_receivables(unit: UnitOfWork, zone: ZoneInfo, invoices: Sequence[Receivable], now: datetime) -> None:
    """Gives back credit applied to the locked invoices and mirrors the entries of their issue. They are ISSUED then,
    and their balances 0.
    """
    for invoice in invoices:
        await return_credit(unit, zone, invoice, now)
        issued = await postings_of(unit, invoice.tenant_id, invoice.id, JournalEntryKind.INVOICE_ISSUED)
        entry = NewJournalEntry(
            invoice.tenant_id,
            JournalEntryKind.INVOICE_VOIDED,
            invoice.currency,
            invoice.id,
            f"Invoice {invoice.number} voided",
            mirrored(issued),
        )
        await write_entries(unit, zone, [entry], now)
        void = BalanceChange(invoice.id, SettledBy.ZERO, voided=invoice.total_cents, source_id=invoice.id)
        await change_balances(unit, invoice.tenant_id, [void], now)


def _message(invoice: Receivable, what: str) -> str:
    return f"the invoice {invoice.number} has {what}; issue a credit note instead"
