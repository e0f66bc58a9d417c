"""What a credit note is asked to take off an invoice, and the amounts that come of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.billing import (
    CreditAmounts,
    CreditedLine,
    CreditExceedsInvoice,
    CreditExceedsLine,
    GrossImpossible,
    InputFault,
)
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import not_found
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.credit_notes.remaining import CreditableInvoice
from app.operations.ledger import Receivable
from app.tables.credit_notes import CreditReason

MAX_LINES = 500
"""Lines that one note may name; a note over everything that is left has any number."""

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
    """What to credit of an invoice: net amounts of lines, or a gross amount (of one line if it is named).

    description: the reason in words, for the note's reader.
    """

    invoice_id: UUID
    reason: CreditReason
    description: str
    lines: tuple[LineCredit, ...] | None = None
    gross_cents: int | None = None
    gross_line_id: UUID | None = None


def request_faults(request: CreditRequest) -> list[InputFault]:
    """What is wrong with a request, whatever is left of the invoice."""
    faults = reason_faults(request.reason, request.description)
    if request.lines is not None and request.gross_cents is not None:
        faults.append(InputFault(("gross_cents",), "must not be given together with lines"))
    if request.lines is None and request.gross_cents is None:
        faults.append(InputFault(("lines",), "or grossCents must be given; creditInvoice credits everything"))
    if request.gross_line_id is not None and request.gross_cents is None:
        faults.append(InputFault(("gross_line_id",), "needs grossCents"))
    if request.gross_cents is not None:
        faults += _amount_faults(("gross_cents",), request.gross_cents)
    return faults + _line_faults(request.lines)


def reason_faults(reason: CreditReason, description: str) -> list[InputFault]:
    """What is wrong with the reason that a person gives."""
    faults = [*validation.name("description", description, validation.MAX_TEXT_LENGTH)]
    if reason is CreditReason.LATE_CORRECTION:
        message = "must not be LATE_CORRECTION: rollups issue these notes, and count them as billed"
        faults.append(InputFault(("reason",), message))
    return faults


def _line_faults(lines: Sequence[LineCredit] | None) -> list[InputFault]:
    if lines is None:
        return []
    if not lines:
        return [InputFault(("lines",), "must name at least one line")]
    faults, seen = [*validation.at_most("lines", lines, MAX_LINES)], set[UUID]()
    for index, line in enumerate(lines):
        faults += _amount_faults(("lines", str(index), "net_cents"), line.net_cents)
        if line.line_id in seen:
            faults.append(InputFault(("lines", str(index), "line_id"), "is named twice"))
        seen.add(line.line_id)
    return faults


def _amount_faults(path: tuple[str, ...], cents: int) -> list[InputFault]:
    faults = [InputFault(path, fault.message) for fault in validation.cents(path[-1], cents)]
    return faults or ([InputFault(path, "must be above 0")] if cents <= 0 else [])


async def requested_amounts(
    unit: UnitOfWork, invoice: Receivable, creditable: CreditableInvoice, request: CreditRequest
) -> CreditAmounts:
    """The amounts of the note that is asked for, of a request without faults.

    Raises NOT_FOUND for a line that is not the invoice's, CREDIT_EXCEEDS_LINE, VALIDATION_FAILED for a tax line and
    for a gross amount that rounding makes impossible.
    """
    remaining = creditable.remaining
    try:
        if request.gross_cents is None:
            return remaining.credit(await _credited_lines(unit, invoice, request.lines or ()))
        position = None
        if request.gross_line_id is not None:
            positions = await _positions(unit, invoice, [request.gross_line_id], [("grossLineId",)])
            position = positions[request.gross_line_id]
        return remaining.credit_gross(request.gross_cents, position)
    except CreditExceedsLine as error:
        raise _exceeds_line(request, creditable, error) from error
    except CreditExceedsInvoice as error:
        message = f"of the invoice {invoice.number} at most {error.left_cents} cents with tax can be credited"
        path = ("grossCents",) if request.lines is None else ("lines",)
        raise Refusal(ProblemCode.CREDIT_EXCEEDS_LINE, message, path) from error
    except GrossImpossible as error:
        nearest = " or ".join(map(str, error.nearest_cents))
        message = f"is an amount that no net amount and its tax add up to; the nearest possible: {nearest}"
        raise Refusal(ProblemCode.VALIDATION_FAILED, f"grossCents {message}", ("grossCents",)) from error


def everything_left(invoice: Receivable, creditable: CreditableInvoice) -> CreditAmounts:
    """The amounts of the note over everything that is left. Raises CONFLICT where nothing is."""
    amounts = creditable.remaining.credit_all()
    if not amounts.lines and not amounts.taxes:
        message = f"nothing is left to credit of the invoice {invoice.number}"
        raise Refusal(ProblemCode.CONFLICT, message, ("invoiceId",))
    return amounts


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
            message = f"{'.'.join(path)} is a tax line; credit the lines that it taxes"
            raise Refusal(ProblemCode.VALIDATION_FAILED, message, path)
    return {line_id: row["position"] for line_id, row in found.items()}


def _exceeds_line(request: CreditRequest, creditable: CreditableInvoice, error: CreditExceedsLine) -> Refusal:
    path: tuple[str, ...] = ("grossCents",)
    if request.lines is not None:
        line_id = creditable.lines[error.position].id
        index = next(index for index, line in enumerate(request.lines) if line.line_id == line_id)
        path = ("lines", str(index), "netCents")
    message = f"of line {error.position} at most {error.left_cents} cents without tax can be credited"
    return Refusal(ProblemCode.CREDIT_EXCEEDS_LINE, message, path)
