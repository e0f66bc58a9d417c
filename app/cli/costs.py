"""`arcadia costs`: imports a provider's bill, matches it again, withdraws it."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TypeVar
from uuid import UUID

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.billing import parse_decimal
from app.cli.operator_context import call_of, operator
from app.cli.reading import read
from app.cli.value_table import AS_JSON, amount_text, show_json, show_values
from app.operations import costs as operations
from app.operations.calls.audit import auditing
from app.operations.calls.context import Context
from app.operations.costs import BillField, ColumnOfField
from app.settings import Settings

T = TypeVar("T")

BILL = """
query Bill($id: ID!) {
  cloudInvoice(id: $id) {
    id provider externalId periodStart periodEnd currency exchangeRate reportingCurrency totalCents allocatedCents
    withdrawnAt withdrawnBy withdrawalReason lines { totalCount }
  }
}
"""
BILLS = """
query Bills {
  cloudInvoices(first: 100) {
    nodes { id provider externalId periodStart currency totalCents allocatedCents withdrawnAt }
  }
}
"""


class ExactNumber(click.ParamType[Decimal]):
    """A decimal number, parsed exactly."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        number = parse_decimal(str(value))
        if number is None:
            self.fail(f"{value!r} is not a number such as 1.53", param, ctx)
        return number


class ColumnName(click.ParamType[ColumnOfField]):
    """FIELD=COLUMN, such as amount=UnblendedCost."""

    name = "field=column"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ColumnOfField:
        if isinstance(value, ColumnOfField):
            return value
        field, _, column = str(value).partition("=")
        if field not in {each.value for each in BillField} or not column:
            fields = ", ".join(each.value for each in BillField)
            self.fail(f"{value!r} is not FIELD=COLUMN, where FIELD is one of {fields}", param, ctx)
        return ColumnOfField(BillField(field), column)


@click.group()
def costs() -> None:
    """Import and manage the cloud provider's bills, which are the cost in margin reports."""


@costs.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="FILE")
@click.option("--provider", default="digitalocean", show_default=True, help="The name of the provider.")
@click.option("--external-id", required=True, metavar="ID", help="The provider's id of the bill.")
@click.option("--currency", default="USD", show_default=True, help="The ISO 4217 code of the bill's currency.")
@click.option(
    "--exchange-rate",
    type=ExactNumber(),
    help="Units of the reporting currency for one unit of the bill's currency; required if the two differ.",
)
@click.option(
    "--column",
    "columns",
    type=ColumnName(),
    multiple=True,
    help="The file's column for a field, such as amount=UnblendedCost; may be repeated. Required for other providers "
    "than digitalocean.",
)
@AS_JSON
def import_(file: str, *, as_json: bool, **terms: Any) -> None:
    """Import a bill from FILE: a CSV of up to 100,000 rows, plain or gzip, or - for standard input."""

    async def work(context: Context, progress: operations.Progress) -> UUID:
        with _opened(file) as content:
            imported = await operations.import_cloud_invoice(context, file=content, progress=progress, **terms)
        if imported.ignored_columns:
            click.echo(f"Ignored columns: {', '.join(imported.ignored_columns)}.", err=True)
        return imported.cloud_invoice_id

    audited_input = {"file": file, **terms, "columns": [f"{field}={column}" for field, column in terms["columns"]]}
    asyncio.run(_run("import", audited_input, work, as_json=as_json))


@costs.command()
@click.argument("bill", type=click.UUID, metavar="BILL")
@AS_JSON
def rematch(bill: UUID, *, as_json: bool) -> None:
    """Match the rows of a bill to registered resources again.

    BILL is the id that `arcadia costs import` and `arcadia costs list` print.
    """

    async def work(context: Context, progress: operations.Progress) -> UUID:
        rematched = await operations.rematch_cloud_invoice(context, cloud_invoice_id=bill, progress=progress)
        click.echo(f"Rows with a changed match: {rematched.changed_lines}.", err=True)
        return bill

    asyncio.run(_run("rematch", {"bill": bill}, work, as_json=as_json))


@costs.command()
@click.argument("bill", type=click.UUID, metavar="BILL")
@click.option("--reason", required=True, help="The reason for the withdrawal, at most 200 characters.")
@AS_JSON
def withdraw(bill: UUID, reason: str, *, as_json: bool) -> None:
    """Withdraw a bill permanently: it no longer counts as cost, its rows stay, and it may be imported again.

    BILL is the id that `arcadia costs import` and `arcadia costs list` print.
    """

    async def work(context: Context, _progress: operations.Progress) -> UUID:
        return await operations.withdraw_cloud_invoice(context, cloud_invoice_id=bill, reason=reason)

    asyncio.run(_run("withdraw", {"bill": bill, "reason": reason}, work, as_json=as_json))


@costs.command("list")
@AS_JSON
def list_(*, as_json: bool) -> None:
    """List the latest 100 bills."""
    asyncio.run(_list(Console(), as_json=as_json))


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """Yields the file of a bill, or a seekable copy of standard input."""
    if file != "-":
        with Path(file).open("rb") as content:
            yield content
        return
    with TemporaryFile() as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.seek(0)
        yield copy


async def _run(
    command: str,
    audited_input: dict[str, Any],
    work: Callable[[Context, operations.Progress], Awaitable[UUID]],
    *,
    as_json: bool,
) -> None:
    """Runs a command about a bill as an audited call, and shows the bill whose id it returns."""
    async with operator(Settings.from_environment()) as context:
        with _progress(Console(stderr=True)) as progress:
            async with auditing(context, call_of(f"costs {command}", audited_input)) as audited:
                bill = await work(audited, progress)
        await _show(Console(), context, bill, as_json=as_json)


@contextmanager
def _progress(console: Console) -> Iterator[operations.Progress]:
    """Shows a progress bar on a terminal, and nothing in a pipe."""
    columns = (TextColumn("rows"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress_bar:
        task_id = progress_bar.add_task("rows", total=None)
        yield lambda done, total: progress_bar.update(task_id, completed=done, total=total)


async def _show(console: Console, context: Context, bill_id: UUID, *, as_json: bool) -> None:
    bill = (await read(context, BILL, {"id": str(bill_id)}))["cloudInvoice"]
    if as_json:
        show_json(bill)
        return
    currency = bill["currency"]
    values = [
        ("id", str(bill_id)),
        ("bill", f"{bill['provider']} {bill['externalId']}"),
        ("period", f"{bill['periodStart']} to {bill['periodEnd']}, exclusive"),
        ("rows", str(bill["lines"]["totalCount"])),
        ("total", amount_text(bill["totalCents"], currency)),
        ("allocated", amount_text(bill["allocatedCents"], currency)),
        ("unallocated", amount_text(bill["totalCents"] - bill["allocatedCents"], currency)),
        ("exchange rate", f"{bill['exchangeRate']} {bill['reportingCurrency']} for 1 {currency}"),
    ]
    if bill["withdrawnAt"]:
        values.append(("withdrawn", f"{bill['withdrawnAt']} by {bill['withdrawnBy']}: {bill['withdrawalReason']}"))
    show_values(console, "Provider's bill", values)


async def _list(console: Console, *, as_json: bool) -> None:
    async with operator(Settings.from_environment()) as context:
        bills = (await read(context, BILLS, {}))["cloudInvoices"]["nodes"]
    if as_json:
        show_json(bills)
        return
    show_values(console, "Providers' bills", [(bill["id"], _line(bill)) for bill in bills])


def _line(bill: dict[str, Any]) -> str:
    total, allocated = (amount_text(bill[name], bill["currency"]) for name in ("totalCents", "allocatedCents"))
    withdrawn = ", withdrawn" if bill["withdrawnAt"] else ""
    return (
        f"{bill['provider']} {bill['externalId']} from {bill['periodStart']}: {total}, {allocated} allocated{withdrawn}"
    )
