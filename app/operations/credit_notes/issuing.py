"""Issues credit notes: by line, by gross amount, or over everything that is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.billing import (
    CreditAmounts,
    CreditedLine,
    CreditExceedsInvoice,
    CreditExceedsLine,
    CreditSplit,
    GrossImpossible,
    InputFault,
    RevenuePart,
    day_of,
)
from app.billing.ledger import credit_note_issued
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.credit_notes.remaining import CreditableInvoice, creditable_invoice
from app.operations.dunning_wake_up import wake_dunning
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
_LINE_IDS = """
SELECT id, position, kind FROM tenant_invoice_lines WHERE tenant_id = $1 AND invoice_id = $2 AND id = any($3::uuid[])
"""


@dataclass(frozen=True, slots=True)
class LineCredit:
    """A net amount to take off one line of the invoice."""

    line_id: UUID
    net_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRequest:
    """What to credit of an invoice: lines, or a gross amount (of one line if it is named), or, with neither, all.

    description: the reason in words, for the note's reader.
    """

    invoice_id: UUID
    reason: CreditReason
    description: str
    lines: tuple[LineCredit, ...] | None = None
    gross_cents: int | None = None
    gross_line_id: UUID | None = None


async def issue_credit_note(context: Context, request: CreditRequest) -> UUID:
    """Issues the note and returns its id.

    Raises NOT_FOUND, INVOICE_NOT_ISSUED, CREDIT_EXCEEDS_LINE, VALIDATION_FAILED; CONFLICT where nothing is left.
    """
    authorise(context, Action.ISSUE_CREDIT_NOTE)
    validation.refuse(_faults(request))

    async def work(unit: UnitOfWork) -> UUID:
        invoice = await lock_receivable(unit, request.invoice_id)
        creditable = await creditable_invoice(unit, invoice.tenant_id, invoice.id)
        amounts = await requested_amounts(unit, invoice, creditable, request)
        wake_dunning(unit, context, invoice.tenant_id)
        return await enter_credit_note(
            unit, context, invoice, creditable, amounts, reason=request.reason, description=request.description
        )

    return await transact(context, work)


async def requested_amounts(
    unit: UnitOfWork, invoice: Receivable, creditable: CreditableInvoice, request: CreditRequest
) -> CreditAmounts:
    """The amounts of the note that is asked for. Raises as issue_credit_note does."""
    remaining = creditable.remaining
    try:
        if request.lines is not None:
            return remaining.credit(await _credited_lines(unit, invoice, request.lines))
        if request.gross_cents is not None:
            position = None
            if request.gross_line_id is not None:
                positions = await _positions(unit, invoice, [request.gross_line_id], [("grossLineId",)])
                position = positions[request.gross_line_id]
            return remaining.credit_gross(request.gross_cents, position)
    except CreditExceedsLine as error:
        raise _exceeds_line(request, creditable, error) from error
    except CreditExceedsInvoice as error:
        message = f"of the invoice at most {error.left_cents} cents with tax can be credited"
        raise Refusal(ProblemCode.CREDIT_EXCEEDS_LINE, message, _whole_path(request)) from error
    except GrossImpossible as error:
        nearest = " or ".join(map(str, error.nearest_cents))
        fault = InputFault(("gross_cents",), f"no net amount and its tax make this; the nearest possible: {nearest}")
        validation.refuse([fault])
    amounts = remaining.credit_all()
    if not amounts.total_cents:
        message = f"nothing is left to credit of the invoice {invoice.number}"
        raise Refusal(ProblemCode.CONFLICT, message, ("invoiceId",))
    return amounts


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
    written_off = min(total_cents, invoice.written_off_rest_cents)
    parts = await lower_write_offs(unit, invoice.tenant_id, invoice.id, written_off) if written_off else ()
    receivable = min(total_cents - written_off, invoice.balance_cents)
    return CreditSplit(parts, receivable, total_cents - written_off - receivable)


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


async def _credited_lines(unit: UnitOfWork, invoice: Receivable, lines: Sequence[LineCredit]) -> list[CreditedLine]:
    paths = [("lines", str(index), "lineId") for index in range(len(lines))]
    positions = await _positions(unit, invoice, [line.line_id for line in lines], paths)
    return [CreditedLine(positions[line.line_id], line.net_cents) for line in lines]


async def _positions(
    unit: UnitOfWork, invoice: Receivable, line_ids: Sequence[UUID], paths: Sequence[tuple[str, ...]]
) -> dict[UUID, int]:
    """Raises NOT_FOUND for a line that is not the invoice's, VALIDATION_FAILED for a tax line."""
    rows = await unit.connection.fetch(_LINE_IDS, invoice.tenant_id, invoice.id, list(line_ids))
    found = {row["id"]: row for row in rows}
    for line_id, path in zip(line_ids, paths, strict=True):
        if line_id not in found:
            raise not_found("line of the invoice", line_id, path)
        if found[line_id]["kind"] == "TAX":
            validation.refuse([InputFault(path, "is a tax line; credit the lines that it taxes")])
    return {line_id: row["position"] for line_id, row in found.items()}


def _exceeds_line(request: CreditRequest, creditable: CreditableInvoice, error: CreditExceedsLine) -> Refusal:
    path: tuple[str, ...] = ("grossCents",)
    if request.lines is not None:
        line_id = creditable.lines[error.position].id
        index = next(index for index, line in enumerate(request.lines) if line.line_id == line_id)
        path = ("lines", str(index), "netCents")
    message = f"of line {error.position} at most {error.left_cents} cents, net, can be credited"
    return Refusal(ProblemCode.CREDIT_EXCEEDS_LINE, message, path)


def _whole_path(request: CreditRequest) -> tuple[str, ...]:
    return ("lines",) if request.lines is not None else ("grossCents",)


def _faults(request: CreditRequest) -> list[InputFault]:
    faults = [*validation.name("description", request.description, validation.MAX_TEXT_LENGTH)]
    if request.lines is not None and request.gross_cents is not None:
        faults.append(InputFault(("gross_cents",), "must not be given together with lines"))
    if request.gross_line_id is not None and request.gross_cents is None:
        faults.append(InputFault(("gross_line_id",), "needs gross_cents"))
    if request.gross_cents is not None and request.gross_cents <= 0:
        faults.append(InputFault(("gross_cents",), "must be above 0"))
    seen = set[UUID]()
    if request.lines is not None and not request.lines:
        faults.append(InputFault(("lines",), "must name at least one line"))
    for index, line in enumerate(request.lines or ()):
        if line.net_cents <= 0:
            faults.append(InputFault(("lines", str(index), "net_cents"), "must be above 0"))
        if line.line_id in seen:
            faults.append(InputFault(("lines", str(index), "line_id"), "is named twice"))
        seen.add(line.line_id)
    return faults
