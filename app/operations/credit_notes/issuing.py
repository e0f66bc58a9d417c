"""Issues credit notes: by line, by gross amount, or over everything that is left."""

from typing import Any
from uuid import UUID

from app.billing import CreditAmounts, CreditSplit, RevenuePart, day_of
from app.billing.ledger import credit_note_issued
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.credit_notes.remaining import CreditableInvoice, creditable_invoice
from app.operations.credit_notes.requests import (
    CreditRequest,
    everything_left,
    reason_faults,
    request_faults,
    requested_amounts,
)
from app.operations.ledger import (
    BalanceChange,
    JournalEntry,
    Receivable,
    change_balances,
    change_credit,
    lock_credit,
    write_entries,
)
from app.operations.payments.write_offs import lock_receivable, lower_write_offs
from app.tables.credit_notes import CreditNoteLines, CreditNotes, CreditReason
from app.tables.ids import new_id
from app.tables.ledger import JournalEntryKind, SettledBy

_NEXT_NUMBER = """
INSERT INTO credit_note_number_sequences (year, last_number) VALUES ($1, 1)
ON CONFLICT (year) DO UPDATE SET last_number = credit_note_number_sequences.last_number + 1
RETURNING last_number
"""


async def issue_credit_note(context: Context, request: CreditRequest) -> UUID:
    """Issues the note that is asked for, and returns its id.

    Raises NOT_FOUND, INVOICE_NOT_ISSUED, CREDIT_EXCEEDS_LINE, VALIDATION_FAILED.
    """
    authorise(context, Action.ISSUE_CREDIT_NOTE)
    validation.refuse(request_faults(request))

    async def work(unit: UnitOfWork) -> UUID:
        invoice = await lock_receivable(unit, request.invoice_id)
        creditable = await creditable_invoice(unit, invoice.tenant_id, invoice.id)
        amounts = await requested_amounts(unit, invoice, creditable, request)
        return await enter_credit_note(
            unit, context, invoice, creditable, amounts, reason=request.reason, description=request.description
        )

    return await transact(context, work)


async def credit_invoice(context: Context, *, invoice_id: UUID, reason: CreditReason, description: str) -> UUID:
    """Issues the note over everything that is left of the invoice, negative lines included, and returns its id.

    Raises NOT_FOUND, INVOICE_NOT_ISSUED, VALIDATION_FAILED, and CONFLICT where nothing is left.
    """
    authorise(context, Action.ISSUE_CREDIT_NOTE)
    validation.refuse(reason_faults(reason, description))

    async def work(unit: UnitOfWork) -> UUID:
        invoice = await lock_receivable(unit, invoice_id)
        creditable = await creditable_invoice(unit, invoice.tenant_id, invoice.id)
        amounts = everything_left(invoice, creditable)
        return await enter_credit_note(
            unit, context, invoice, creditable, amounts, reason=reason, description=description
        )

    return await transact(context, work)


async def enter_credit_note(
    unit: UnitOfWork,
    context: Context,
    invoice: Receivable,
    creditable: CreditableInvoice,
    amounts: CreditAmounts,
    *,
    reason: CreditReason,
    description: str,
) -> UUID:
    """Writes the note of a locked invoice, its journal entry and the balances, and returns the note's id.

    The total lowers what is written off first, then the balance; the rest is the tenant's credit.
    """
    now = context.clock()
    split = await _split(unit, invoice, amounts.total_cents)
    today = day_of(now, context.settings.billing_time_zone)
    number: int = await unit.connection.fetchval(_NEXT_NUMBER, today.year)
    note = CreditNotes(
        id=new_id(),
        number=f"CRN-{today.year}-{number:06}",
        reason=reason,
        description=description,
        issued_on=today,
        issued_at=now,
        issued_by=context.principal.subject,
        **_totals(invoice, amounts, split),
    )
    await CreditNotes.insert(note)
    await CreditNoteLines.insert(*_lines(note, creditable, amounts))
    written_off = sum(one.total_cents for one in split.written_off)
    change = BalanceChange(
        invoice.id,
        SettledBy.CREDIT_NOTE,
        noted=written_off + split.receivable_cents,
        written_off=-written_off,
        credited_net=amounts.net_cents,
        credited_tax=amounts.tax_cents,
    )
    await change_balances(unit, invoice.tenant_id, [change], now)
    if split.credit_cents:
        await lock_credit(unit, invoice.tenant_id, invoice.currency)
        await change_credit(unit, invoice.tenant_id, invoice.currency, split.credit_cents)
    entry = JournalEntry(
        invoice.tenant_id,
        JournalEntryKind.CREDIT_NOTE_ISSUED,
        invoice.currency,
        note.id,
        f"Credit note {note.number} on {invoice.number}",
        credit_note_issued(_revenue(creditable, amounts), amounts.taxes, split),
    )
    await write_entries(unit, context.settings.billing_time_zone, [entry], now)
    note_id: UUID = note.id
    return note_id


async def _split(unit: UnitOfWork, invoice: Receivable, total_cents: int) -> CreditSplit:
    written_off, receivable, credit = invoice.split(total_cents)
    parts = await lower_write_offs(unit, invoice.tenant_id, invoice.id, written_off) if written_off else ()
    return CreditSplit(parts, receivable, credit)


def _totals(invoice: Receivable, amounts: CreditAmounts, split: CreditSplit) -> dict[str, Any]:
    return {
        "tenant_id": invoice.tenant_id,
        "invoice_id": invoice.id,
        "currency": invoice.currency,
        "net_cents": amounts.net_cents,
        "tax_cents": amounts.tax_cents,
        "total_cents": amounts.total_cents,
        "written_off_cents": sum(one.total_cents for one in split.written_off),
        "receivable_cents": split.receivable_cents,
        "credit_cents": split.credit_cents,
    }


def _lines(note: Any, creditable: CreditableInvoice, amounts: CreditAmounts) -> list[CreditNoteLines]:
    rows: list[tuple[int, int, int | None]] = [(position, cents, None) for position, cents in amounts.lines]
    for key, net_cents, tax_cents in amounts.taxes:
        rows.append((creditable.tax_line(key)[0], tax_cents, net_cents))
    return [
        CreditNoteLines(
            id=new_id(),
            tenant_id=note.tenant_id,
            credit_note_id=note.id,
            invoice_line_id=creditable.lines[position].id,
            position=position,
            amount_cents=cents,
            taxed_net_cents=taxed_net_cents,
        )
        for position, cents, taxed_net_cents in rows
    ]


def _revenue(creditable: CreditableInvoice, amounts: CreditAmounts) -> dict[RevenuePart, int]:
    revenue: dict[RevenuePart, int] = {}
    for position, cents in amounts.lines:
        part = creditable.lines[position].part
        revenue[part] = revenue.get(part, 0) + cents
    return revenue
