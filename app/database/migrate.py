"""Brings a database up to date: the application's roles, our tables and their policies, the queue's tables.

The owner needs: to own the database or hold CREATE on its schema public, and the attribute CREATEROLE. Without that a
superuser runs, once, the statements that the refusal names.
"""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol, cast

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.tables import Migration
from saq.queue.postgres import PostgresQueue

import app.tables.migrations
from app.database import roles
from app.database.connect import connection, login_of, session_settings, unavailable_is_typed
from app.database.database import DatabaseUrls, database_urls
from app.database.engine import OWNER_ENGINE, bind_tables, owner_of, table_names
from app.database.errors import (
    DatabaseNotMigrated,
    DatabaseOfAnotherVersion,
    DatabaseUnavailable,
    DatabaseUnsuitable,
    first_line,
)
from app.database.roles import make_roles
from app.database.suitability import require_suitable
from app.settings import Settings

APP_NAME = "arcadia"
"""Our name in Piccolo's registry and in its table `migration`."""

_INCOMPLETE = """
SELECT name FROM unnest($1::text[]) AS name LEFT JOIN pg_class c ON c.oid = to_regclass('public.' || quote_ident(name))
WHERE c.oid IS NULL
   OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id' AND NOT attisdropped)
      AND NOT (c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polname = 'platform'))
ORDER BY name LIMIT 1
"""
_POLICIES = Path(app.tables.migrations.__path__[0]) / "policies.sql"
_LOCK = 0x4152434144494131
_LOCK_POLL_SECONDS = 0.2

logger = logging.getLogger(__name__)


class MigrationModule(Protocol):
    """A file that `piccolo migrations new` wrote."""

    ID: str

    async def forwards(self) -> MigrationManager: ...


async def migrate(settings: Settings) -> list[str]:
    """Brings the database up to date and gives the ids of the migrations that it ran.

    Any number of processes may call it at once: one works, the others wait and find nothing left to do. It may run
    while others work on the database: it raises DatabaseUnavailable rather than hold them up for a lock. Raises
    DatabaseUnsuitable, with nothing changed, for a database that it cannot migrate; DatabaseOfAnotherVersion where
    another version has migrated it.
    """
    at = await database_urls(settings)
    async with connection(settings, at.owner, role=None) as owner, _alone(owner):
        with unavailable_is_typed(), _misfits_are_typed():
            await require_suitable(owner)
            _require_known(await _ran(owner))
            await make_roles(owner, await logins(owner, at))
            with owner_of(settings, at.owner):
                bind_tables()
                ran = await _run_migrations(settings)
            await _make_queue_tables(owner, at.owner)
            await grant(owner)
            await _require_complete(owner)
    return ran


async def grant(owner: Any) -> None:
    """Gives the roles their policies and grants, and takes back what they had only for a backup."""
    async with owner.transaction():
        await owner.execute(_POLICIES.read_text(encoding="utf-8"))


async def prepare_roles(settings: Settings) -> None:
    """Makes the application's roles and lets the logins take them: a backup grants to them what they had."""
    at = await database_urls(settings)
    async with connection(settings, at.owner, role=None) as owner, _alone(owner):
        await make_roles(owner, await logins(owner, at))


async def pooler_statements(settings: Settings) -> list[str]:
    """What an administrator has to run where ARCADIA_PLATFORM_DATABASE_URL names a second login: a pooler drops what a
    session needs, so that each login has to have it by itself. Empty where that is done, or there is no second login.
    """
    if settings.platform_database_url is None:
        return []
    at = await database_urls(settings)
    async with connection(settings, at.owner, role=None) as owner:
        return [
            statement
            for url, role in ((at.tenant, roles.TENANT), (at.platform, roles.PLATFORM))
            for statement in await roles.settings_of_login(
                owner, login_of(url), {"role": role, **session_settings(settings)}
            )
        ]


async def logins(owner: Any, at: DatabaseUrls) -> dict[str, list[str]]:
    """The roles that each login is to have. A URL without a user is the owner's."""
    user = await owner.fetchval("SELECT current_user")
    needed: dict[str, list[str]] = {}
    platforms = (at.platform, at.direct, at.owner)  # the owner's, for backups
    for url, role in ((at.tenant, roles.TENANT), *((url, roles.PLATFORM) for url in platforms)):
        has = needed.setdefault(login_of(url) or user, [])
        if role not in has:
            has.append(role)
    return needed


async def pending(settings: Settings) -> list[str]:
    """The ids of the migrations that the database has not run yet, in their order."""
    at = await database_urls(settings)
    async with connection(settings, at.direct) as application:
        ran = await _ran(application)
    return _missing(ran)


async def require_current(settings: Settings) -> None:
    """Raises DatabaseNotMigrated unless every migration of this version has run, DatabaseOfAnotherVersion if others
    have, and DatabaseUnsuitable for a database that lacks a part of what they made.
    """
    at = await database_urls(settings)
    async with connection(settings, at.direct) as application:
        ran = await _ran(application)
        _require_known(ran)
        missing = _missing(ran)
        if missing:
            raise DatabaseNotMigrated(f"The database lacks {len(missing)} migrations: run `arcadia migrate`")
        await _require_complete(application)


async def _require_complete(connected: Any) -> None:
    incomplete = await connected.fetchval(_INCOMPLETE, table_names())
    if incomplete is not None:
        raise DatabaseUnsuitable(
            f"The database lacks the table {incomplete} or its row-level security: if a restore broke off, drop the"
            " database and restore it again; else run `arcadia migrate`"
        )


async def _ran(connected: Any) -> set[str]:
    """The ids of the migrations that the database has run, of whatever version."""
    try:
        rows = await connected.fetch("SELECT name FROM migration WHERE app_name = $1", APP_NAME)
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return set()
    return {row["name"] for row in rows}


def _missing(ran: set[str]) -> list[str]:
    return [module.ID for module in _modules() if module.ID not in ran]


def _require_known(ran: set[str]) -> None:
    unknown = sorted(ran - {module.ID for module in _modules()})
    if unknown:
        raise DatabaseOfAnotherVersion(
            f"The database has run {len(unknown)} migrations that this version of ArcadiaCloud does not have, the last"
            f" of them {unknown[-1]}: use the version that ran them, or a new database"
        )


@asynccontextmanager
async def _alone(owner: Any) -> AsyncIterator[None]:
    """Holds the migration lock. Polls for it: a session that waits in a statement holds a snapshot, which
    CREATE INDEX CONCURRENTLY of the one at work would wait for in turn.
    """
    while not await owner.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 - another process has it
        await asyncio.sleep(_LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        if not owner.is_closed():
            await owner.execute("SELECT pg_advisory_unlock($1)", _LOCK)


@contextmanager
def _misfits_are_typed() -> Iterator[None]:
    """Raises DatabaseUnsuitable, in one line, for what a database that is restored in part has too much or too little
    of.
    """
    try:
        yield
    except (asyncpg.SyntaxOrAccessError, asyncpg.IntegrityConstraintViolationError) as error:
        raise DatabaseUnsuitable(
            f"The database is not one that `arcadia migrate` has made or can begin with ({first_line(error)}): if a"
            " restore broke off, drop the database and restore it again"
        ) from error


async def _run_migrations(settings: Settings) -> list[str]:
    """Runs what has not run, each recorded in its own transaction (Piccolo's command records it afterwards)."""
    await Migration.create_table(if_not_exists=True).run()
    ran = set(await Migration.get_migrations_which_ran(app_name=APP_NAME))
    fresh = [module for module in _modules() if module.ID not in ran]
    for module in fresh:
        manager = await module.forwards()
        record = Migration.insert(Migration(name=module.ID, app_name=APP_NAME))
        try:
            with redirect_stdout(io.StringIO()):  # Piccolo prints its progress
                if manager.wrap_in_transaction:
                    async with OWNER_ENGINE.transaction():
                        await manager.run()
                        await record.run()
                else:
                    await manager.run()
                    await record.run()
        except asyncpg.LockNotAvailableError as error:
            waited = f"{module.ID} found a lock taken for {settings.lock_timeout} seconds"
            raise DatabaseUnavailable(f"Migration {waited}, and is not done: run it again") from error
        logger.info("Migrated: %s", module.ID)
    return [module.ID for module in fresh]


def _modules() -> list[MigrationModule]:
    return sorted(_imported(), key=lambda module: module.ID)


def _imported() -> Iterator[MigrationModule]:
    package = app.tables.migrations
    for found in iter_modules(package.__path__):
        if not found.ispkg:  # the package `initial` is what the first migration declares
            yield cast("MigrationModule", import_module(f"{package.__name__}.{found.name}"))


async def _make_queue_tables(owner: Any, url: str) -> None:
    """SAQ makes its tables when it first connects, under a lock that it tries once and holds on to: so only here."""
    queue = PostgresQueue.from_url(url, min_size=1, max_size=1)
    try:
        await queue.connect()
    finally:
        await queue.disconnect()
        await queue.pool.close()
