"""Which row of a bank statement surely pays which invoice, and why another does not."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from app.database import UnitOfWork
from app.operations.bank_statements.statement_rows import BankRow
from app.operations.ledger import Receivable

MAX_CANDIDATES = 10

_NUMBER = re.compile(r"(?<![0-9A-Z])INV-[0-9]{4}-[0-9]{6,9}(?![0-9A-Z])")
_OF_AMOUNT = """
SELECT id, balance_cents FROM (
    SELECT b.id, b.balance_cents, row_number() OVER (PARTITION BY b.balance_cents ORDER BY b.due_on, b.id) AS place
    FROM invoice_balances b
    WHERE b.currency = $1 AND b.balance_cents > 0 AND b.balance_cents = any($2::bigint[])) AS found
WHERE place <= $3 ORDER BY place
"""


class ProposalReason(StrEnum):
    """Why a row was not recorded as a payment. Part of the API."""

    MONEY_OUT = "MONEY_OUT"
    NO_INVOICE_NAMED = "NO_INVOICE_NAMED"
    SEVERAL_INVOICES_NAMED = "SEVERAL_INVOICES_NAMED"
    UNKNOWN_INVOICE = "UNKNOWN_INVOICE"
    INVOICE_NOT_OPEN = "INVOICE_NOT_OPEN"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"


def named_numbers(row: BankRow) -> tuple[str, ...]:
    """The invoice numbers in the row's description and reference, each once."""
    return tuple(dict.fromkeys(_NUMBER.findall(f"{row.description}\n{row.reference}".upper())))


def doubt(
    row: BankRow, currency: str, numbers: Sequence[str], named: Sequence[Receivable], balance_cents: int
) -> ProposalReason | None:
    """Why the row does not surely pay the one invoice that it names; None: it does.

    named: the issued invoices with the named numbers. balance_cents: of the first, after the rows before this one.
    """
    if row.amount_cents <= 0:
        return ProposalReason.MONEY_OUT
    if len(numbers) != 1:
        return ProposalReason.SEVERAL_INVOICES_NAMED if numbers else ProposalReason.NO_INVOICE_NAMED
    if not named:
        return ProposalReason.UNKNOWN_INVOICE
    if not balance_cents:
        return ProposalReason.INVOICE_NOT_OPEN
    if named[0].currency != currency:
        return ProposalReason.CURRENCY_MISMATCH
    return None if row.amount_cents == balance_cents else ProposalReason.AMOUNT_DIFFERS


async def invoices_of_amounts(unit: UnitOfWork, currency: str, amounts: Sequence[int]) -> Mapping[int, list[UUID]]:
    """The open invoices whose balance is one of the amounts, the oldest due first, at most MAX_CANDIDATES of each."""
    found: dict[int, list[UUID]] = {}
    for row in await unit.connection.fetch(_OF_AMOUNT, currency, sorted(set(amounts)), MAX_CANDIDATES):
        found.setdefault(row["balance_cents"], []).append(row["id"])
    return found
