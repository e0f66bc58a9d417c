"""The context of a command, acting as the system, opened and closed around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import rich_click as click

from app.database import Database, embedded
from app.database.billing_time_zone import require_billing_time_zone
from app.database.connect import place
from app.database.database import database_urls
from app.database.migrate import require_current
from app.operations.calls.call import Call, RequestMetadata
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.queue import Queue
from app.settings import Settings

SUBJECT = "arcadia"
"""The actor of what the command line does."""


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def operator(settings: Settings) -> AsyncIterator[Context]:
    """Yields a platform admin's context on an open database and queue. Raises DatabaseUnavailable or
    DatabaseUnsuitable, also if there is no embedded database yet: only `arcadia migrate`, `serve` and `worker` create
    one.
    """
    if settings.database_url is None:
        embedded.require_existing(settings.data_dir)
    await require_current(settings)
    await require_billing_time_zone(settings)
    async with Database(settings) as database, Queue(settings) as queue:
        principal = Principal(SUBJECT, frozenset({Role.PLATFORM_ADMIN}))
        yield Context(principal, database, now, settings, queue)


def call_of(command: str, input_: dict[str, Any]) -> Call:
    """Returns the call of a command that changes something, for its audit entry: "arcadia" and the command's name."""
    called = f"arcadia {command}"
    return Call(called, called, msgspec.json.encode(input_).decode(), RequestMetadata())


async def print_database(settings: Settings) -> None:
    """Prints the database's address to standard error, for commands whose result concerns one database."""
    click.echo(f"Using the database {place((await database_urls(settings)).platform)}.", err=True)
