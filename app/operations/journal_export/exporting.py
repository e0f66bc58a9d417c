"""Exports a period of the journal, in flat memory and from one snapshot.

The export is complete in itself: it begins with the balances before the period, and ends with those after it, which the
reading program checks.
"""

from collections.abc import Callable
from datetime import date
from enum import StrEnum

from app.billing import InputFault
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.journal_export.beancount import BeancountText
from app.operations.journal_export.csv_rows import CsvText
from app.operations.journal_export.entry_rows import account_totals, entries, sum_accounts
from app.operations.journal_export.hledger import HledgerText
from app.operations.journal_export.text import ExportPeriod, JournalText

Write = Callable[[str], object]


class JournalFormat(StrEnum):
    """A program's format, or CSV."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"


_TEXTS: dict[JournalFormat, Callable[[ExportPeriod], JournalText]] = {
    JournalFormat.BEANCOUNT: BeancountText,
    JournalFormat.HLEDGER: HledgerText,
    JournalFormat.CSV: CsvText,
}


async def export_journal(
    context: Context, *, first_day: date, end: date, journal_format: JournalFormat, write: Write
) -> None:
    """Writes the entries recorded from first_day until before end, piece by piece.

    A lost connection is not tried again, as a part may be written: raises DatabaseUnavailable. Raises
    PERMISSION_DENIED, and VALIDATION_FAILED for a period without a day.
    """
    authorise(context, Action.SEE_LEDGER)
    faults = [*validation.day("from", first_day), *validation.day("to", end)]
    if not faults and end <= first_day:
        faults.append(InputFault(("to",), "must be after the first day of the period"))
    validation.refuse(faults)
    period = ExportPeriod(first_day, end)
    async with context.database.unit_of_work(context.principal.scope) as unit:
        await unit.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await _export(unit, period, _TEXTS[journal_format](period), write)


async def _export(unit: UnitOfWork, period: ExportPeriod, text: JournalText, write: Write) -> None:
    await sum_accounts(unit, *period)
    for piece in text.head(await _currencies(unit)):
        write(piece)
    async for totals in account_totals(unit):
        write(text.declaration(totals.account))
    currency = None
    async for totals in account_totals(unit):
        if totals.opening_cents:
            if totals.account.currency != currency:
                currency = totals.account.currency
                write(text.opening(currency))
            write(text.opening_balance(totals))
    async for entry in entries(unit, *period):
        for piece in text.entry(entry):
            write(piece)
    currency = None
    async for totals in account_totals(unit):
        if totals.account.currency != currency:
            currency = totals.account.currency
            write(text.closing(currency))
        write(text.closing_balance(totals))


async def _currencies(unit: UnitOfWork) -> list[str]:
    rows = await unit.connection.fetch(
        'SELECT DISTINCT currency COLLATE "C" AS currency FROM pg_temp.journal_export_accounts ORDER BY 1'
    )
    return [row["currency"] for row in rows]
