"""Piccolo's engines: the application's, used inside units of work, and the owner's, used for migrations."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import piccolo.schema
import piccolo.table
from piccolo.apps.migrations.auto import migration_manager
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table

import app.tables
from app.database import embedded
from app.database.connect import connect, connection_options
from app.database_urls import parse
from app.settings import Settings


class _UnconnectedEngine(PostgresEngine):
    """An engine that does not connect when it is created. (Piccolo's own reads the server's version.)"""

    async def check_version(self) -> None:
        pass


class ApplicationEngine(_UnconnectedEngine):
    """Runs Piccolo's queries on the connection of the current unit of work.

    Outside a unit of work no tenant is set, and row-level security would return no rows; so it raises an error instead.
    """

    async def get_new_connection(self) -> Any:
        raise RuntimeError("A query was run outside a unit of work.")


ENGINE = ApplicationEngine(config={})
"""Holds no connection and no pool, only the current unit of work (in a context variable)."""


_owner_url: ContextVar[tuple[Settings, str] | None] = ContextVar("owner_url", default=None)


class OwnerEngine(_UnconnectedEngine):
    """The engine for migrations: connects, as the owner, to the database that is being migrated.

    When Piccolo's command line is used, that is the database configured in the environment.
    """

    def __init__(self) -> None:
        super().__init__(config={})
        self.current_transaction = ENGINE.current_transaction  # our tables join a migration's transaction

    async def get_new_connection(self) -> Any:
        settings, url = _owner_url.get() or self._from_environment()
        options = connection_options(settings, url, role=None)
        # A migration may take long, but must not wait long for a lock.
        options["command_timeout"] = None
        options["server_settings"] |= {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
        return await connect(parse(url).keepalives, **options)

    @staticmethod
    def _from_environment() -> tuple[Settings, str]:
        settings = Settings.from_environment()
        return settings, settings.owner_database_url or settings.database_url or embedded.url(settings.data_dir)


OWNER_ENGINE = OwnerEngine()


def _find_engine(_module_name: str | None = None) -> OwnerEngine:
    """Replaces Piccolo's own search for the engine, because that imports Piccolo's command line, which needs Black,
    which needs a home folder.
    """
    return OWNER_ENGINE


for searching in (piccolo.schema, piccolo.table, migration_manager):
    vars(searching)["engine_finder"] = _find_engine


@contextmanager
def owner_of(settings: Settings, url: str) -> Iterator[None]:
    """Makes the owner's engine use the database at this URL during the block."""
    token = _owner_url.set((settings, url))
    try:
        yield
    finally:
        _owner_url.reset(token)


def bind_tables() -> None:
    """Assigns the application's Piccolo engine to our tables; all other tables have the owner's."""
    for table in _tables():
        table._meta.db = ENGINE


def table_names() -> list[str]:
    return [table._meta.tablename for table in _tables()]


def _tables() -> list[type[Table]]:
    for module in iter_modules(app.tables.__path__, f"{app.tables.__name__}."):
        if not module.ispkg and not module.name.endswith(".piccolo_app"):  # this module imports Piccolo's command line
            import_module(module.name)
    return [table for table in _descendants(Table) if table.__module__.rpartition(".")[0] == app.tables.__name__]


def _descendants(table: type[Table]) -> Iterator[type[Table]]:
    for child in table.__subclasses__():
        yield child
        yield from _descendants(child)
