"""`arcadia export`: invoices, lines, payments or the ledger of a period."""

import asyncio
import sys
from datetime import date

import rich_click as click

from app.cli.operator_context import operator
from app.cli.parameter_types import DayParameter
from app.operations.exports import ExportedRecords, ExportFormat, ExportRequest, export_records
from app.operations.tenants import tenant_id_of
from app.settings import Settings


@click.command()
@click.argument("records", type=click.Choice([each.value for each in ExportedRecords]))
@click.option("--from", "first_day", type=DayParameter(), metavar="YYYY-MM-DD", required=True, help="The first day.")
@click.option("--to", "end", type=DayParameter(), metavar="YYYY-MM-DD", required=True, help="The day after the last.")
@click.option("--tenant", metavar="CODE", help="Only this tenant's records.")
@click.option(
    "--format",
    "export_format",
    type=click.Choice([each.value for each in ExportFormat]),
    default=ExportFormat.CSV.value,
    show_default=True,
    help="CSV, or a JSON object a line.",
)
def export(records: str, first_day: date, end: date, tenant: str | None, export_format: str) -> None:
    """Print the invoices, their lines, the payments or the ledger's postings of a period.

    Invoices and lines are found by the day of issue, payments by the day received, postings by the day recorded.
    """
    asyncio.run(_export(ExportedRecords(records), ExportFormat(export_format), (first_day, end), tenant))


async def _export(
    records: ExportedRecords, export_format: ExportFormat, period: tuple[date, date], tenant: str | None
) -> None:
    async with operator(Settings.from_environment()) as context:
        tenant_id = None if tenant is None else await tenant_id_of(context, code=tenant)
        async for text in export_records(context, ExportRequest(records, export_format, *period, tenant_id)):
            sys.stdout.write(text)
