"""The database as one process sees it: the writing engine, the reading pool and the listener."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import asyncpg

from app.database import embedded
from app.database.connect import give_back, named_failures, passthrough_json, pool_options, unavailable_is_typed
from app.database.engine import bind_tables
from app.database.errors import CommitUnknown, DatabaseUnavailable
from app.database.lending import Lender, Loan
from app.database.listener import Listener, Subscription
from app.database.scope import Scope
from app.database.unit_of_work import UnitOfWork, run_in_transaction
from app.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Places:
    """The URL for each use of PostgreSQL. They hold passwords: never log them."""

    write: str
    read: str
    owner: str


async def places(settings: Settings) -> Places:
    """Where each use goes; starts or joins the embedded server when no database is named."""
    write = settings.database_url
    if write is None:
        write = await asyncio.to_thread(embedded.url, settings.data_dir)
    return Places(write=write, read=settings.read_database_url or write, owner=settings.owner_database_url or write)


class Database:
    """Opened once per process, on the loop that uses it: `async with Database(settings) as database`.

    Opening raises DatabaseUnavailable or DatabaseNotMigrated, whose text is one line for people. Once open it outlives
    restarts of PostgreSQL: work that meets one raises DatabaseUnavailable, and later work succeeds.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._write_pool: Any = None
        self._read_pool: Any = None
        self._reading: Lender | None = None
        self._listener: Listener | None = None

    async def open(self) -> None:
        at = await places(self.settings)
        try:
            self._write_pool = await _open_pool(self.settings, at.write, self.settings.database_pool_size)
            self._read_pool = await _open_pool(self.settings, at.read, self.settings.read_pool_size)
        except BaseException:
            await self.close()
            raise
        self._reading = Lender(self._read_pool, self.settings.read_pool_size, self.settings.connect_timeout)
        self._listener = Listener(self.settings, at.write)
        bind_tables()

    async def close(self) -> None:
        if self._listener is not None:
            await self._listener.close()
        if self._reading is not None:
            await self._reading.close()
        for pool in (self._read_pool, self._write_pool):
            if pool is not None:
                await _close_pool(pool)
        self._listener = self._reading = self._read_pool = self._write_pool = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    def unit_of_work(self, scope: Scope) -> UnitOfWork:
        """One operation's transaction, tried once: `async with database.unit_of_work(scope) as unit`."""
        return UnitOfWork(self.write_pool, scope, acquire_timeout=self.settings.connect_timeout)

    async def run_in_transaction(self, scope: Scope, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """One operation's transaction, tried again when PostgreSQL gave it up or went away: see unit_of_work.py."""
        return await run_in_transaction(lambda: self.unit_of_work(scope), work)

    @property
    def write_pool(self) -> Any:
        """The asyncpg pool of the units of work. Its `json` comes as bytes too, for payloads read back after them."""
        if self._write_pool is None:
            raise RuntimeError("The database is not open.")
        return self._write_pool

    @property
    def read_pool(self) -> Any:
        """The asyncpg pool for reads, in which `json` comes as bytes. May point to a replica."""
        if self._read_pool is None:
            raise RuntimeError("The database is not open.")
        return self._read_pool

    def reading(self) -> Loan:
        """A connection of the read pool, for `async with`. Raises DatabaseUnavailable: there is none, or it is lost."""
        if self._reading is None:
            raise RuntimeError("The database is not open.")
        return self._reading.loan()

    @asynccontextmanager
    async def reading_written(self) -> AsyncIterator[Any]:
        """As `reading`, where a replica may lag behind: for what was written a moment ago. Raises CommitUnknown: that
        what was done cannot be read is no reason to have it done again.
        """
        try:
            with unavailable_is_typed():
                connection = await self.write_pool.acquire(timeout=self.settings.connect_timeout)
                try:
                    yield connection
                finally:
                    await give_back(self.write_pool, connection)
        except DatabaseUnavailable as error:
            raise CommitUnknown("What was written could not be read back.") from error

    def listen(self, channel: str) -> AbstractAsyncContextManager[Subscription]:
        """Notifications of a channel: `async with database.listen(channel) as payloads`, then `async for`."""
        if self._listener is None:
            raise RuntimeError("The database is not open.")
        return self._listener.subscribe(channel)


async def _open_pool(settings: Settings, url: str, size: int) -> Any:
    with named_failures(url):
        return await asyncpg.create_pool(**pool_options(settings, url, size), init=passthrough_json())


async def _close_pool(pool: Any) -> None:
    """Waits for what is running, for some seconds; then closes all the same."""
    try:
        async with asyncio.timeout(5):
            await pool.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pool.terminate()
