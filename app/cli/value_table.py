"""Prints names and values: a table on a terminal, `name value` lines in a pipe."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table


def show_values(console: Console, title: str, values: Iterable[tuple[str, str]]) -> None:
    if not console.is_terminal:
        for name, value in values:
            console.print(f"{name} {value}", soft_wrap=True, highlight=False, markup=False)
        return
    table = Table(title=title, show_header=False)
    for row in values:
        table.add_row(*row)
    console.print(table)
