"""`arcadia config`: the settings in effect, and where each comes from."""

import re
from datetime import time
from enum import Enum
from typing import Any

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Table

from app.database.connect import place
from app.queue import redis_place
from app.settings import SettingInEffect, Settings, settings_in_effect

MASKED = "********"
_USER_IN_URL = re.compile(r"://[^/@]*@")


class _Shown(msgspec.Struct):
    """A setting as it is printed. value: as it is written in the environment; null if there is none."""

    name: str
    value: str | None
    source: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def config(*, as_json: bool) -> None:
    """Print the settings in effect and where each comes from. Secrets are masked.

    Of URLs, user and password are left out. A value comes from its default, the environment, or the file that its
    variable with the suffix _FILE names.
    """
    shown = [_Shown(each.name, _text(each), each.source) for each in settings_in_effect(Settings.from_environment())]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(shown)).decode())
        return
    console = Console()
    if not console.is_terminal:
        for each in shown:
            console.print(
                f"{each.name}={each.value or ''} ({each.source})", soft_wrap=True, highlight=False, markup=False
            )
        return
    table = Table("setting", "value", "source")
    for each in shown:
        table.add_row(each.name, each.value or "", each.source)
    console.print(table)


def _text(setting: SettingInEffect) -> str | None:
    value = setting.value
    if value in {None, ()}:
        return None
    if not setting.is_secret:
        separator = "; " if setting.name.endswith("ADDRESS") else ", "
        return _USER_IN_URL.sub("://", _written(value, separator))
    if setting.name.endswith("DATABASE_URL"):
        return f"postgresql://{place(value)}"
    return f"redis://{redis_place(value)}" if setting.name.endswith("QUEUE_URL") else MASKED


def _written(value: Any, separator: str) -> str:
    """Returns a value as it is written in the environment."""
    match value:
        case bool():
            return "on" if value else "off"
        case time():
            return f"{value:%H:%M}"
        case Enum():
            return str(value.value)
        case tuple():
            return separator.join("=".join(part) if isinstance(part, tuple) else str(part) for part in value)
    return str(value)
