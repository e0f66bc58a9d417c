"""Brings a database up to date: the role of the application, our tables, the queue's tables.

The owner needs: to own the database or hold CREATE on its schema public, and, unless an administrator has made the
role arcadia_app and granted it to the login of ARCADIA_DATABASE_URL, the attribute CREATEROLE.
"""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, redirect_stdout
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol, cast

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.tables import Migration
from saq.queue.postgres import PostgresQueue

import app.tables.migrations
from app.database.connect import APPLICATION_ROLE, connection, unavailable_is_typed
from app.database.database import places
from app.database.engine import OWNER_ENGINE, bind_tables, owner_of
from app.database.errors import DatabaseNotMigrated, DatabaseOfAnotherVersion, DatabaseUnavailable
from app.database_urls import parse
from app.settings import Settings

APP_NAME = "arcadia"
"""Our name in Piccolo's registry and in its table `migration`."""

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
    DatabaseOfAnotherVersion, with nothing changed, where another version has migrated the database.
    """
    at = await places(settings)
    async with connection(settings, at.owner, role=None) as owner, _alone(owner):
        with unavailable_is_typed():
            _require_known(await _ran(owner))
            await _make_role(owner, login=parse(at.write).user)
            with owner_of(settings, at.owner):
                bind_tables()
                ran = await _run_migrations(settings)
            await _make_queue_tables(owner, at.owner)
    return ran


async def prepare_roles(settings: Settings) -> None:
    """Makes the application's role and lets the logins become it: a backup grants to it what it had."""
    at = await places(settings)
    async with connection(settings, at.owner, role=None) as owner, _alone(owner):
        await _make_role(owner, login=parse(at.write).user)


async def pending(settings: Settings) -> list[str]:
    """The ids of the migrations that the database has not run yet, in their order."""
    at = await places(settings)
    async with connection(settings, at.write) as application:
        ran = await _ran(application)
    return _missing(ran)


async def require_current(settings: Settings) -> None:
    """Raises DatabaseNotMigrated unless every migration of this version has run, and DatabaseOfAnotherVersion if others
    have.
    """
    at = await places(settings)
    async with connection(settings, at.write) as application:
        ran = await _ran(application)
    _require_known(ran)
    missing = _missing(ran)
    if missing:
        raise DatabaseNotMigrated(f"The database lacks {len(missing)} migrations: run `arcadia migrate`")


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


async def _make_role(owner: Any, login: str | None) -> None:
    """Makes the application's role, which all databases of a server share, and lets the logins become it."""
    if not await owner.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", APPLICATION_ROLE):
        try:
            await owner.execute(f"CREATE ROLE {APPLICATION_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS")
        except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            logger.info("The role %s was made by another process.", APPLICATION_ROLE)
    user = await owner.fetchval("SELECT current_user")
    for member in {user, login or user}:
        if not await owner.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", member, APPLICATION_ROLE):
            quoted = await owner.fetchval("SELECT quote_ident($1)", member)
            await owner.execute(f"GRANT {APPLICATION_ROLE} TO {quoted}")
    may_stage = "SELECT has_database_privilege($1, current_database(), 'TEMPORARY')"
    if not await owner.fetchval(may_stage, APPLICATION_ROLE):
        database = await owner.fetchval("SELECT quote_ident(current_database())")
        await owner.execute(f"GRANT TEMPORARY ON DATABASE {database} TO {APPLICATION_ROLE}")


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
        yield cast("MigrationModule", import_module(f"{package.__name__}.{found.name}"))


async def _make_queue_tables(owner: Any, url: str) -> None:
    """SAQ makes its tables when it first connects, under a lock that it tries once and holds on to: so only here."""
    queue = PostgresQueue.from_url(url, min_size=1, max_size=1)
    try:
        await queue.connect()
    finally:
        await queue.disconnect()
        await queue.pool.close()
    await owner.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON saq_jobs, saq_stats TO {APPLICATION_ROLE};"
        f"GRANT USAGE ON SEQUENCE saq_jobs_lock_key_seq TO {APPLICATION_ROLE}"
    )
