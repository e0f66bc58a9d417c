"""Piccolo's engines: the application's, over a pool, and the owner's, for migrations."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table

import app.tables
from app.database import embedded
from app.database.connect import connection_options, named_failures, pool_options
from app.settings import Settings


class _UnconnectedEngine(PostgresEngine):
    """An engine that does not connect to read the server's version when it is merely built."""

    async def check_version(self) -> None:
        pass


class ApplicationEngine(_UnconnectedEngine):
    """Runs Piccolo's queries inside units of work, and nowhere else.

    Outside one no tenant is set, and row-level security would answer every query with no rows: better to fail.
    """

    async def open(self, settings: Settings, url: str) -> None:
        with named_failures(url):
            await self.start_connection_pool(**pool_options(settings, url, settings.database_pool_size))

    @property
    def open_pool(self) -> Any:
        if self.pool is None:
            raise RuntimeError("The database is not open.")
        return self.pool

    async def get_new_connection(self) -> Any:
        raise RuntimeError("A query was run outside a unit of work.")

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> Any:
        raise RuntimeError(f"A query was run outside a unit of work: {query[:200]}")


_owner_url: ContextVar[tuple[Settings, str] | None] = ContextVar("owner_url", default=None)


class OwnerEngine(_UnconnectedEngine):
    """The engine of piccolo_conf.py: connects, as the owner, to the database that is being migrated.

    Started by Piccolo's own command line, that is the one the environment names.
    """

    def __init__(self) -> None:
        super().__init__(config={})

    async def get_new_connection(self) -> Any:
        settings, url = _owner_url.get() or self._from_environment()
        options = connection_options(settings, url, role=None)
        # A migration may take its time; what waits for its locks may not.
        options["command_timeout"] = None
        options["server_settings"] |= {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
        return await asyncpg.connect(**options)

    @staticmethod
    def _from_environment() -> tuple[Settings, str]:
        settings = Settings.from_environment()
        return settings, settings.owner_database_url or settings.database_url or embedded.url(settings.data_dir)


@contextmanager
def owner_of(settings: Settings, url: str) -> Iterator[None]:
    """Within it the owner's engine works on the database at this URL."""
    token = _owner_url.set((settings, url))
    try:
        yield
    finally:
        _owner_url.reset(token)


def bind_tables(engine: PostgresEngine) -> None:
    """Gives our tables this engine, so that Piccolo does not look for piccolo_conf.py, which imports everything."""
    migrations = f"{app.tables.__name__}.migrations"
    for table in _descendants(Table):
        module = table.__module__
        if module.startswith(f"{app.tables.__name__}.") and not module.startswith(migrations):
            table._meta.db = engine


def _descendants(table: type[Table]) -> Iterator[type[Table]]:
    for child in table.__subclasses__():
        yield child
        yield from _descendants(child)
