"""`arcadia journal`: exports the journal of a period."""

import asyncio
import sys
from datetime import date, timedelta

import rich_click as click

from app.cli.operator_context import operator
from app.cli.parameter_types import DayParameter, MonthParameter
from app.operations.journal_export import JournalFormat, export_journal
from app.settings import Settings


@click.command()
@click.argument("month", type=MonthParameter(), metavar="[YYYY-MM]", required=False)
@click.option(
    "--from", "first_day", type=DayParameter(), metavar="YYYY-MM-DD", help="The first day, instead of a month."
)
@click.option("--to", "end", type=DayParameter(), metavar="YYYY-MM-DD", help="The day after the last day.")
@click.option(
    "--format",
    "journal_format",
    type=click.Choice([each.value for each in JournalFormat]),
    default=JournalFormat.BEANCOUNT.value,
    show_default=True,
    help="The program to write for, or csv.",
)
def journal(month: date | None, first_day: date | None, end: date | None, journal_format: str) -> None:
    """Print the journal of a month, such as 2026-04, or of the days from --from until before --to.

    It begins with the balances before the period and ends with those after it, as assertions that bean-check and
    `hledger check` verify.
    """
    if month is not None and first_day is None and end is None:
        first_day, end = month, (month + timedelta(days=31)).replace(day=1)
    elif month is not None or first_day is None or end is None:
        raise click.UsageError("Give a month such as 2026-04, or both --from and --to.")
    asyncio.run(_export(first_day, end, JournalFormat(journal_format)))


async def _export(first_day: date, end: date, journal_format: JournalFormat) -> None:
    async with operator(Settings.from_environment()) as context:
        await export_journal(
            context, first_day=first_day, end=end, journal_format=journal_format, write=sys.stdout.write
        )
