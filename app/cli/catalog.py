"""`arcadia catalog`: compares the catalog in a YAML file with the database, applies it, and exports the database's."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import rich_click as click
from rich.console import Console
from rich.text import Text

from app.cli.command_refused import CommandRefusedError
from app.cli.operator_context import call_of, operator
from app.cli.value_table import AS_JSON, show_json
from app.operations.calls.audit import auditing
from app.operations.calls.context import Context
from app.operations.catalog_file import (
    CatalogChange,
    CatalogFile,
    ChangedValue,
    Differences,
    StoredItem,
    apply_catalog,
    compare_catalog,
    export_catalog,
    read_catalog,
)
from app.settings import Settings

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")


@click.group()
def catalog() -> None:
    """Keep resource kinds, plans and add-ons in a YAML file: see its differences, apply it, export it.

    What is in the database but not in the file is reported and left alone. A changed price becomes a new plan version;
    subscriptions keep theirs.
    """


@catalog.command()
@FILE
@AS_JSON
def plan(file: Path, *, as_json: bool) -> None:
    """Show what `apply` would change, and change nothing."""
    asyncio.run(_compare(compare_catalog, file, "to be made", as_json=as_json))


@catalog.command()
@FILE
@AS_JSON
def apply(file: Path, *, as_json: bool) -> None:
    """Make the changes that `plan` shows, in one transaction: all of them, or none if one is refused.

    Nothing is deleted: what the file does not name is left alone.
    """

    async def audited(context: Context, read: CatalogFile) -> Differences:
        async with auditing(context, call_of("catalog apply", {"file": str(file)})) as audited_context:
            return await apply_catalog(audited_context, read)

    asyncio.run(_compare(audited, file, "made", as_json=as_json))


@catalog.command()
def export() -> None:
    """Print the database's catalog as a file in which `plan` finds nothing to change.

    Archived plans, retired versions and drafts are not part of it.
    """
    asyncio.run(_export())


async def _export() -> None:
    async with operator(Settings.from_environment()) as context:
        click.echo(await export_catalog(context), nl=False)


async def _compare(
    work: Callable[[Context, CatalogFile], Awaitable[Differences]], file: Path, done: str, *, as_json: bool
) -> None:
    settings = Settings.from_environment()
    read = read_catalog(_text_of(file), str(file))
    async with operator(settings) as context:
        found = await work(context, read)
    if as_json:
        show_json(_document(found))
    else:
        _show(Console(highlight=False), found, done)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandRefusedError(f"{file}: the file is not UTF-8 text: {error.reason}") from error


def _document(found: Differences) -> dict[str, Any]:
    return {
        "changes": [
            {
                "item": change.item,
                "code": change.entry.code,
                "version": change.version,
                "values": [value._asdict() for value in change.values],
            }
            for change in found.changes
        ],
        "leftAlone": [item._asdict() for item in found.left_alone],
    }


def _show(console: Console, found: Differences, done: str) -> None:
    for change in found.changes:
        console.print(Text(_title(change), style="bold green" if change.created else "bold yellow"), soft_wrap=True)
        for value in change.values:
            console.print(Text(f"    {_value(value)}"), soft_wrap=True)
    for item in found.left_alone:
        console.print(Text(f"only in the database, left alone: {_stored(item)}", style="dim"), soft_wrap=True)
    count = len(found.changes)
    console.print(f"Changes {done}: {count}." if count else "Nothing to change.")


def _title(change: CatalogChange) -> str:
    if change.version is None:
        return f"{'create' if change.created else 'change'} {change.item} {change.entry.code}"
    kept = "" if change.created else "; subscriptions keep their version"
    return f"draft and publish version {change.version} of plan {change.entry.code}{kept}"


def _value(value: ChangedValue) -> str:
    if value.before is None:
        return f"{value.name}: {value.after}"
    return f"{value.name}: {value.before} → {value.after or 'removed'}"


def _stored(item: StoredItem) -> str:
    return f"{item.item} {item.code}" if item.version is None else f"version {item.version} of plan {item.code}"
