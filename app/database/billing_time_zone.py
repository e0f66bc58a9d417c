"""The billing time zone of a database: recorded when a process first starts on it, and fixed once the database has a
tenant.

The day of each event is stored, so a second zone would mix days of two zones.
"""

from typing import Any

import asyncpg

from app.database.connect import connection, unavailable_is_typed
from app.database.database import database_urls
from app.database.errors import BillingTimeZoneUnsuitable, DatabaseNotMigrated, DatabaseUnavailable
from app.database.unit_of_work import UnitOfWork
from app.settings import Settings

_STATE = """
SELECT billing_time_zone AS recorded, EXISTS (SELECT FROM pg_timezone_names WHERE name = $1) AS known
FROM installation
"""
_RECORDED = "SELECT billing_time_zone FROM installation"
_LOCK = "SELECT billing_time_zone FROM installation FOR UPDATE"
_RECORD = "UPDATE installation SET billing_time_zone = $1"
# Conflicts with _LOCK, but not with other changes of the row.
_LOCK_SHARED = "SELECT billing_time_zone FROM installation FOR KEY SHARE"


async def require_billing_time_zone(settings: Settings) -> None:
    """Records the configured billing time zone if the database has none yet or has no tenant. Every process calls it
    when it starts.

    Raises BillingTimeZoneUnsuitable if PostgreSQL does not know the zone, or if the database has tenants and another
    zone; DatabaseNotMigrated if the table is missing.
    """
    zone, urls = settings.billing_time_zone.key, await database_urls(settings)
    async with connection(settings, urls.direct) as application:
        try:
            with unavailable_is_typed():
                state = await application.fetchrow(_STATE, zone)
                if not state["known"]:
                    raise BillingTimeZoneUnsuitable(
                        f"ARCADIA_BILLING_TIME_ZONE is {zone}, which PostgreSQL does not know: choose a zone of its"
                        " view pg_timezone_names, or update PostgreSQL's time zone data"
                    )
                if state["recorded"] != zone:
                    async with application.transaction():
                        await _record(application, zone)
        except asyncpg.UndefinedTableError as error:
            raise DatabaseNotMigrated("The database has no schema yet: run `arcadia migrate`") from error
        except asyncpg.LockNotAvailableError as error:
            raise DatabaseUnavailable(
                "The billing time zone could not be recorded because another process was recording it: start again"
            ) from error


async def _record(application: Any, zone: str) -> None:
    recorded = await application.fetchval(_LOCK)
    if await application.fetchval("SELECT EXISTS (SELECT FROM tenants)"):
        _require_same(recorded, zone)
    await application.execute(_RECORD, zone)


async def lock_billing_time_zone(unit: UnitOfWork, settings: Settings) -> None:
    """Locks the recorded billing time zone until the commit, because the first tenant fixes it. Raises
    BillingTimeZoneUnsuitable if another process has started on the empty database with another zone.
    """
    _require_same(await unit.connection.fetchval(_LOCK_SHARED), settings.billing_time_zone.key)


async def require_recorded_time_zone(connected: Any, settings: Settings) -> None:
    """Raises BillingTimeZoneUnsuitable if the database's zone has changed since this process started."""
    _require_same(await connected.fetchval(_RECORDED), settings.billing_time_zone.key)


def _require_same(recorded: str | None, zone: str) -> None:
    if recorded is not None and recorded != zone:
        raise BillingTimeZoneUnsuitable(
            f"ARCADIA_BILLING_TIME_ZONE is {zone}, but the database uses {recorded}: set it to {recorded}, or use a new"
            " database"
        )
