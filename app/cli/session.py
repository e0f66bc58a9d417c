"""What a command works with: the system's own context, opened and closed around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from app.database import Database
from app.database.billing_time_zone import require_billing_time_zone
from app.database.migrate import require_current
from app.operations.context import Context
from app.operations.principal import Principal, Role
from app.queue import Queue
from app.settings import Settings

SUBJECT = "arcadia"
"""The actor in what the command line does."""


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def operator(settings: Settings) -> AsyncIterator[Context]:
    """A platform admin's context on an open database and queue. Raises DatabaseUnavailable or DatabaseUnsuitable."""
    await require_current(settings)
    await require_billing_time_zone(settings)
    async with Database(settings) as database, Queue(settings) as queue:
        principal = Principal(SUBJECT, frozenset({Role.PLATFORM_ADMIN}))
        yield Context(principal, database, now, settings, queue)
