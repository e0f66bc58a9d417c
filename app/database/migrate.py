"""Migrates a database: the application's roles, our tables and their policies, the queue's tables.

The owner must own the database or have CREATE on its schema public, and have the attribute CREATEROLE. Without
CREATEROLE a superuser must once run the statements that the error message lists.
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
from app.database.errors import (
    DatabaseNotMigrated,
    DatabaseOfAnotherVersion,
    DatabaseUnavailable,
    DatabaseUnsuitable,
    first_line,
)
from app.database.piccolo_engines import OWNER_ENGINE, bind_tables, owner_of, table_names
from app.database.roles import make_roles
from app.database.suitability import require_suitable
from app.settings import Settings

APP_NAME = "arcadia"
"""The application's name in Piccolo's registry and in its table `migration`."""

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
    """A file that `piccolo migrations new` writes."""

    ID: str

    async def forwards(self) -> MigrationManager: ...


async def migrate(settings: Settings) -> list[str]:
    """Migrates the database and returns the ids of the migrations that were run.

    Several processes may call it at once: one migrates, the others wait and find nothing left to do. The database may
    be in use: it raises DatabaseUnavailable rather than block others for a lock. Raises DatabaseUnsuitable, with
    nothing changed, for a database that it cannot migrate; DatabaseOfAnotherVersion if another version has migrated it.
    """
    urls = await database_urls(settings)
    async with connection(settings, urls.owner, role=None) as owner, _migration_lock(owner):
        with unavailable_is_typed(), _partial_restore_is_typed():
            await require_suitable(owner)
            _require_known(await _applied_migrations(owner))
            await make_roles(owner, await logins(owner, urls))
            with owner_of(settings, urls.owner):
                bind_tables()
                applied = await _run_migrations(settings)
            await _make_queue_tables(owner, urls.owner)
            await grant(owner)
            await _require_complete(owner)
    return applied


async def grant(owner: Any) -> None:
    """Creates the policies of the application's roles and grants their privileges, and revokes what they had only for a
    backup.
    """
    async with owner.transaction():
        await owner.execute(_POLICIES.read_text(encoding="utf-8"))


async def prepare_roles(settings: Settings) -> None:
    """Creates the application's roles and grants them to the logins, so that a backup's grants can be restored."""
    urls = await database_urls(settings)
    async with connection(settings, urls.owner, role=None) as owner, _migration_lock(owner):
        await make_roles(owner, await logins(owner, urls))


async def pooler_statements(settings: Settings) -> list[str]:
    """Returns the statements that an administrator must run if ARCADIA_PLATFORM_DATABASE_URL names a second login: a
    pooler drops the session's settings, so each login must have them by ALTER ROLE. Empty if that is done, or if there
    is no second login.
    """
    if settings.platform_database_url is None:
        return []
    urls = await database_urls(settings)
    async with connection(settings, urls.owner, role=None) as owner:
        return [
            statement
            for url, role in ((urls.tenant, roles.TENANT), (urls.platform, roles.PLATFORM))
            for statement in await roles.settings_of_login(
                owner, login_of(url), {"role": role, **session_settings(settings)}
            )
        ]


async def logins(owner: Any, urls: DatabaseUrls) -> dict[str, list[str]]:
    """Returns the roles that each login must have. A URL without a user means the owner's login."""
    user = await owner.fetchval("SELECT current_user")
    needed: dict[str, list[str]] = {}
    platforms = (urls.platform, urls.direct, urls.owner)  # the owner needs it for backups
    for url, role in ((urls.tenant, roles.TENANT), *((url, roles.PLATFORM) for url in platforms)):
        has = needed.setdefault(login_of(url) or user, [])
        if role not in has:
            has.append(role)
    return needed


async def pending(settings: Settings) -> list[str]:
    """Returns the ids of the migrations that the database has not run yet, in their order."""
    urls = await database_urls(settings)
    async with connection(settings, urls.direct) as application:
        applied = await _applied_migrations(application)
    return _missing(applied)


async def require_current(settings: Settings) -> None:
    """Raises DatabaseNotMigrated unless every migration of this version has run, DatabaseOfAnotherVersion if others
    have, and DatabaseUnsuitable if a part of what they created is missing.
    """
    urls = await database_urls(settings)
    async with connection(settings, urls.direct) as application:
        applied = await _applied_migrations(application)
        _require_known(applied)
        missing = _missing(applied)
        if missing:
            raise DatabaseNotMigrated(
                f"The database lacks {len(missing)} of this version's migrations: run `arcadia migrate`"
            )
        await _require_complete(application)


async def _require_complete(connected: Any) -> None:
    incomplete = await connected.fetchval(_INCOMPLETE, table_names())
    if incomplete is not None:
        raise DatabaseUnsuitable(
            f"The database lacks the table {incomplete} or its row-level security: if a restore broke off, drop the"
            " database and restore it again; else run `arcadia migrate`"
        )


async def _applied_migrations(connected: Any) -> set[str]:
    """Returns the ids of the migrations that the database has run, of any version."""
    try:
        rows = await connected.fetch("SELECT name FROM migration WHERE app_name = $1", APP_NAME)
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return set()
    return {row["name"] for row in rows}


def _missing(applied: set[str]) -> list[str]:
    return [module.ID for module in _modules() if module.ID not in applied]


def _require_known(applied: set[str]) -> None:
    unknown = sorted(applied - {module.ID for module in _modules()})
    if unknown:
        raise DatabaseOfAnotherVersion(
            "The database was migrated by another version of ArcadiaCloud: this version does not have"
            f" {len(unknown)} of its migrations, the last of them {unknown[-1]}. Run the version that migrated it, or"
            " use a new database"
        )


@asynccontextmanager
async def _migration_lock(owner: Any) -> AsyncIterator[None]:
    """Holds the migration lock. It polls, because a session that waits inside a statement holds a snapshot, and CREATE
    INDEX CONCURRENTLY in the running migration would wait for that snapshot.
    """
    while not await owner.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 - another process has it
        await asyncio.sleep(_LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        if not owner.is_closed():
            await owner.execute("SELECT pg_advisory_unlock($1)", _LOCK)


@contextmanager
def _partial_restore_is_typed() -> Iterator[None]:
    """Converts errors that a partly restored database causes in the block to DatabaseUnsuitable with a one-line
    message.
    """
    try:
        yield
    except (asyncpg.SyntaxOrAccessError, asyncpg.IntegrityConstraintViolationError) as error:
        raise DatabaseUnsuitable(
            f"The database is not one that `arcadia migrate` has made or can begin with ({first_line(error)}): if a"
            " restore broke off, drop the database and restore it again"
        ) from error


async def _run_migrations(settings: Settings) -> list[str]:
    """Runs the missing migrations, and records each in its own transaction. (Piccolo's command records them
    afterwards.)
    """
    await Migration.create_table(if_not_exists=True).run()
    applied = set(await Migration.get_migrations_which_ran(app_name=APP_NAME))
    fresh = [module for module in _modules() if module.ID not in applied]
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
    for module in iter_modules(package.__path__):
        if not module.ispkg:  # the package `initial` is what the first migration declares
            yield cast("MigrationModule", import_module(f"{package.__name__}.{module.name}"))


async def _make_queue_tables(owner: Any, url: str) -> None:
    """Lets SAQ create its tables. SAQ does so when it first connects, under a lock that it tries to get only once and
    then keeps, so this happens only here.
    """
    queue = PostgresQueue.from_url(url, min_size=1, max_size=1)
    try:
        await queue.connect()
    finally:
        await queue.disconnect()
        await queue.pool.close()
