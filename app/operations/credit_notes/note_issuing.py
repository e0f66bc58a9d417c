"""Issues credit notes: by line, by gross amount, or over everything that is left."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

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
from app.operations.documents.document_data import DocumentKind
from app.operations.documents.document_issuing import keep_credit_note_document
from app.operations.documents.rendering import render_short_document
from app.operations.events import CreditNoteData, record_tenant_event
from app.operations.ledger import (
    BalanceChange,
    NewJournalEntry,
    Receivable,
    change_balances,
    change_credit,
    lock_credit,
    write_entries,
)
from app.operations.payments.write_offs import lock_receivable, lower_write_offs
from app.tables.credit_notes import CreditNotes, CreditReason
from app.tables.events import EventType
from app.tables.ids import new_id, new_ids
from app.tables.ledger import JournalEntryKind, SettledBy

_NEXT_NUMBER = """
INSERT INTO credit_note_number_sequences (year, last_number) VALUES ($1, 1)
ON CONFLICT (year) DO UPDATE SET last_number = credit_note_number_sequences.last_number + 1
RETURNING last_number
"""
_WRITE_LINES = """
INSERT INTO credit_note_lines
    (id, tenant_id, credit_note_id, invoice_line_id, position, amount_cents, taxed_net_cents)
SELECT l.id, $1, $2, l.invoice_line_id, l.position, l.amount_cents, l.taxed_net_cents
FROM unnest($3::uuid[], $4::uuid[], $5::int[], $6::bigint[], $7::bigint[])
    AS l (id, invoice_line_id, position, amount_cents, taxed_net_cents)
"""


async def issue_credit_note(context: Context, request: CreditRequest) -> UUID:
    """Issues the note that is asked for, and returns its id.

    Raises NOT_FOUND, INVOICE_NOT_ISSUED, CREDIT_EXCEEDS_LINE, VALIDATION_FAILED.
    """
    authorise(context, Action.ISSUE_CREDIT_NOTE)
    validation.refuse(request_faults(request))

    async def work(unit: UnitOfWork) -> UUID:
        invoice, creditable = await _locked(unit, request.invoice_id)
        amounts = await requested_amounts(unit, invoice, creditable, request)
        issued_by = context.principal.subject
        note = NewCreditNote(invoice, creditable, amounts, request.reason, request.description, issued_by)
        return await _enter_rendered(unit, context, note)

    return await transact(context, work, UUID)


async def credit_invoice(context: Context, *, invoice_id: UUID, reason: CreditReason, description: str) -> UUID:
    """Issues the note over everything that is left of the invoice, negative lines included, and returns its id.

    Raises NOT_FOUND, INVOICE_NOT_ISSUED, VALIDATION_FAILED, and CONFLICT where nothing is left.
    """
    authorise(context, Action.ISSUE_CREDIT_NOTE)
    validation.refuse(reason_faults(reason, description))

    async def work(unit: UnitOfWork) -> UUID:
        invoice, creditable = await _locked(unit, invoice_id)
        amounts = everything_left(invoice, creditable)
        note = NewCreditNote(invoice, creditable, amounts, reason, description, context.principal.subject)
        return await _enter_rendered(unit, context, note)

    return await transact(context, work, UUID)


async def _locked(unit: UnitOfWork, invoice_id: UUID) -> tuple[Receivable, CreditableInvoice]:
    invoice = await lock_receivable(unit, invoice_id)
    return invoice, await creditable_invoice(unit, invoice.tenant_id, invoice.id)


async def _enter_rendered(unit: UnitOfWork, context: Context, note: "NewCreditNote") -> UUID:
    note_id = await enter_credit_note(unit, context.settings.billing_time_zone, note, context.clock())
    await render_short_document(unit, context, note.invoice.tenant_id, note_id, DocumentKind.CREDIT_NOTE)
    return note_id


@dataclass(frozen=True, slots=True)
class NewCreditNote:
    """A note of a locked invoice, before it has a number. description: the reason in words."""

    invoice: Receivable
    creditable: CreditableInvoice
    amounts: CreditAmounts
    reason: CreditReason
    description: str
    issued_by: str


async def enter_credit_note(unit: UnitOfWork, zone: ZoneInfo, note: NewCreditNote, now: datetime) -> UUID:
    """Writes the note, its journal entry and the balances, and returns the note's id.

    The total lowers what is written off first, then the balance; the rest is the tenant's credit.
    """
    invoice, amounts = note.invoice, note.amounts
    split = await _split(unit, invoice, amounts.total_cents)
    note_id, number = await _write(unit, zone, note, split, now)
    written_off = sum(one.total_cents for one in split.written_off)
    change = BalanceChange(
        invoice.id,
        SettledBy.CREDIT_NOTE,
        noted=written_off + split.receivable_cents,
        written_off=-written_off,
        credited_net=amounts.net_cents,
        credited_tax=amounts.tax_cents,
        source_id=note_id,
    )
    await change_balances(unit, invoice.tenant_id, [change], now)
    if split.credit_cents:
        await lock_credit(unit, invoice.tenant_id, invoice.currency)
        await change_credit(unit, invoice.tenant_id, invoice.currency, split.credit_cents)
    entry = NewJournalEntry(
        invoice.tenant_id,
        JournalEntryKind.CREDIT_NOTE_ISSUED,
        invoice.currency,
        note_id,
        f"Credit note {number} on {invoice.number}",
        credit_note_issued(_revenue(note.creditable, amounts), amounts.taxes, split),
    )
    await write_entries(unit, zone, [entry], now)
    await keep_credit_note_document(unit, invoice.tenant_id, note_id, now)
    return note_id


async def _write(
    unit: UnitOfWork, zone: ZoneInfo, note: NewCreditNote, split: CreditSplit, now: datetime
) -> tuple[UUID, str]:
    """Writes the note and its lines, and returns its id and number."""
    invoice, amounts, today = note.invoice, note.amounts, day_of(now, zone)
    last: int = await unit.connection.fetchval(_NEXT_NUMBER, today.year)
    note_id, number = new_id(), f"CRN-{today.year}-{last:06}"
    row = CreditNotes(
        id=note_id,
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        number=number,
        reason=note.reason,
        description=note.description,
        currency=invoice.currency,
        net_cents=amounts.net_cents,
        tax_cents=amounts.tax_cents,
        total_cents=amounts.total_cents,
        written_off_cents=sum(one.total_cents for one in split.written_off),
        receivable_cents=split.receivable_cents,
        credit_cents=split.credit_cents,
        issued_on=today,
        issued_at=now,
        issued_by=note.issued_by,
    )
    await CreditNotes.insert(row)
    _record_event(unit, invoice.number, row)
    rows = _lines(note.creditable, amounts)
    columns = [list(column) for column in zip(*rows, strict=True)]
    await unit.connection.execute(_WRITE_LINES, invoice.tenant_id, note_id, new_ids(len(rows)), *columns)
    return note_id, number


def _record_event(unit: UnitOfWork, invoice_number: str, note: CreditNotes) -> None:
    data = CreditNoteData(
        credit_note_id=note.id,
        tenant_id=note.tenant_id,
        number=note.number,
        invoice_id=note.invoice_id,
        invoice_number=invoice_number,
        reason=CreditReason(note.reason),
        currency=note.currency,
        net_cents=note.net_cents,
        tax_cents=note.tax_cents,
        total_cents=note.total_cents,
        written_off_cents=note.written_off_cents,
        receivable_cents=note.receivable_cents,
        credit_cents=note.credit_cents,
        issued_on=note.issued_on,
    )
    record_tenant_event(unit, EventType.CREDIT_NOTE_ISSUED, note.tenant_id, data, note.issued_at)


async def _split(unit: UnitOfWork, invoice: Receivable, total_cents: int) -> CreditSplit:
    written_off, receivable, credit = invoice.split(total_cents)
    parts = await lower_write_offs(unit, invoice.tenant_id, invoice.id, written_off) if written_off else ()
    return CreditSplit(parts, receivable, credit)


def _lines(creditable: CreditableInvoice, amounts: CreditAmounts) -> list[tuple[UUID, int, int, int | None]]:
    """Invoice line, position and amount; of a tax line also the net amount that it taxes."""
    rows: list[tuple[int, int, int | None]] = [(position, cents, None) for position, cents in amounts.lines]
    rows += [(creditable.tax_line(tax.key)[0], tax.tax_cents, tax.net_cents) for tax in amounts.taxes]
    return [(creditable.lines[position].id, position, cents, taxed) for position, cents, taxed in rows]


def _revenue(creditable: CreditableInvoice, amounts: CreditAmounts) -> dict[RevenuePart, int]:
    revenue: dict[RevenuePart, int] = {}
    for position, cents in amounts.lines:
        part = creditable.lines[position].part
        revenue[part] = revenue.get(part, 0) + cents
    return revenue
