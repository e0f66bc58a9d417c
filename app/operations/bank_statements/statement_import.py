"""Imports a bank statement, in one transaction: payments for the rows that are certain, proposals for the rest."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from app.billing import Allocation
from app.database import UnitOfWork
from app.operations.bank_statements.payment_matching import (
    MAX_CANDIDATES,
    ProposalReason,
    doubt,
    invoices_of_amounts,
    named_numbers,
)
from app.operations.bank_statements.statement_rows import BankRow, read_rows
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.currencies import CURRENCIES
from app.operations.ledger import Receivable, lock_receivables, lock_tenants
from app.operations.payments import AllocatedPayment, NewPayment, enter_payments
from app.tables.payments import PaymentMethod

_NAMED = "SELECT tenant_id, id FROM tenant_invoices WHERE number = any($1::text[]) ORDER BY tenant_id, id"
_RECORDED = "SELECT reference, id FROM payments WHERE method = 'BANK_TRANSFER' AND reference = any($1::text[])"


class RecordedRow(NamedTuple):
    """A row that is a payment."""

    line: int
    payment_id: UUID


class Proposal(NamedTuple):
    """A row for a person to decide. candidates: the open invoices that it names or whose balance is its amount.

    payment_reference: with it as the reference of a payment by bank transfer, the next import knows the row.
    """

    line: int
    booked_on: date
    amount_cents: int
    description: str
    reference: str
    payment_reference: str
    reason: ProposalReason
    candidates: tuple[UUID, ...]


class BankStatementOutcome(NamedTuple):
    """The outcomes of the rows, in their order."""

    recorded: tuple[RecordedRow, ...]
    recorded_before: tuple[RecordedRow, ...]
    proposals: tuple[Proposal, ...]


class _Doubtful(NamedTuple):
    row: BankRow
    reason: ProposalReason
    named: list[Receivable]


async def import_bank_statement(context: Context, *, csv: str, currency: str) -> BankStatementOutcome:
    """Records a row as a payment where it names one open invoice's number and its exact balance; see read_rows for the
    file. A row that has a payment already is left alone, so importing a file twice changes nothing.

    Raises VALIDATION_FAILED, with the lines at fault; then nothing is recorded.
    """
    authorise(context, Action.IMPORT_BANK_STATEMENT)
    validation.refuse(validation.currency("currency", currency))
    rows = read_rows(csv, currency, CURRENCIES[currency].minor_units, context.today())

    async def work(unit: UnitOfWork) -> BankStatementOutcome:
        receivables = await _lock_named(unit, rows)
        references = [row.payment_reference for row in rows]
        before = {row["reference"]: row["id"] for row in await unit.connection.fetch(_RECORDED, references)}
        balances = {one.id: one.balance_cents for one in receivables.values()}
        certain, doubtful = [], []
        for row in rows:
            if row.payment_reference in before:
                continue
            numbers = named_numbers(row)
            named = [receivables[number] for number in numbers if number in receivables]
            reason = doubt(row, currency, numbers, named, balances[named[0].id] if named else 0)
            if reason is None:
                certain.append((row.line, _payment(row, named[0])))
                balances[named[0].id] = 0
            else:
                doubtful.append(_Doubtful(row, reason, [one for one in named if balances[one.id]]))
        ids = await enter_payments(unit, context, [payment for _, payment in certain], context.clock())
        recorded = (RecordedRow(line, payment_id) for (line, _), payment_id in zip(certain, ids, strict=True))
        known = tuple(
            RecordedRow(row.line, before[row.payment_reference]) for row in rows if row.payment_reference in before
        )
        return BankStatementOutcome(tuple(recorded), known, await _proposals(unit, currency, doubtful))

    return await transact(context, work, BankStatementOutcome)


async def _lock_named(unit: UnitOfWork, rows: Sequence[BankRow]) -> dict[str, Receivable]:
    """Locks the tenants and then the issued invoices that rows name, and returns the invoices by number."""
    numbers = {number for row in rows if row.amount_cents > 0 for number in named_numbers(row)}
    found = await unit.connection.fetch(_NAMED, sorted(numbers))
    tenant_ids = sorted({row["tenant_id"] for row in found})
    await lock_tenants(unit, tenant_ids)
    return {one.number: one for one in await lock_receivables(unit, tenant_ids, [row["id"] for row in found])}


def _payment(row: BankRow, invoice: Receivable) -> AllocatedPayment:
    allocations = (Allocation(invoice.id, row.amount_cents),)
    payment = NewPayment(
        tenant_id=invoice.tenant_id,
        amount_cents=row.amount_cents,
        currency=invoice.currency,
        received_on=row.booked_on,
        method=PaymentMethod.BANK_TRANSFER,
        reference=row.payment_reference,
        payer_text=row.description or None,
        allocations=allocations,
    )
    return AllocatedPayment(payment, allocations, row.reference or payment.reference)


async def _proposals(unit: UnitOfWork, currency: str, doubtful: Sequence[_Doubtful]) -> tuple[Proposal, ...]:
    amounts = [one.row.amount_cents for one in doubtful if one.row.amount_cents > 0]
    of_amount = await invoices_of_amounts(unit, currency, amounts) if amounts else {}
    proposals = []
    for row, reason, named in doubtful:
        candidates = dict.fromkeys([*(one.id for one in named), *of_amount.get(row.amount_cents, ())])
        chosen = tuple(candidates)[:MAX_CANDIDATES] if row.amount_cents > 0 else ()
        proposals.append(Proposal(*row, reason, chosen))
    return tuple(proposals)
