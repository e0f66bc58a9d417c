"""Prints values: tables on a terminal, plain lines in a pipe, or JSON."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import rich_click as click
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from app.operations.currencies import CURRENCIES

MAX_LINE_LENGTH = 10_000
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def show_values(console: Console, title: str, values: Iterable[tuple[str, str]]) -> None:
    """Prints names and values: `name value` lines in a pipe."""
    if not console.is_terminal:
        for name, value in values:
            console.print(f"{name} {value}", soft_wrap=True, highlight=False, markup=False)
        return
    table = Table(title=title, show_header=False)
    for row in values:
        table.add_row(*map(escape, row))
    console.print(table)


def show_rows(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints rows: lines with tabs between their values in a pipe, the columns' names first. On a terminal, no value is
    cut, even if the terminal is too narrow: a code that is cut cannot be copied.
    """
    if not console.is_terminal:
        for row in (columns, *rows):
            click.echo("\t".join(row))
        return
    table = Table(*columns, title=title, box=None, pad_edge=False, title_justify="left")
    for row in rows:
        table.add_row(*map(escape, row))
    unlimited = console.options.update(max_width=MAX_LINE_LENGTH)
    console.width = max(console.width, Measurement.get(console, unlimited, table).maximum)
    console.print(table)


def show_json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def amount_text(cents: int, currency: str) -> str:
    """Formats an amount in the currency's minor unit, such as 1,200.00 USD."""
    return f"{Decimal(cents).scaleb(-CURRENCIES[currency].minor_units):,f} {currency}"
