"""The database of one process: the pools for writes and reads, and the listener."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from app.database import embedded, roles
from app.database.connect import behind_a_pooler, give_back, is_pooler, unavailable_is_typed
from app.database.errors import CommitUnknown, DatabaseNotMigrated, DatabaseUnavailable, DatabaseUnsuitable
from app.database.listener import ChannelSubscription, Listener
from app.database.piccolo_engines import bind_tables
from app.database.pools import RolePools
from app.database.scope import Scope
from app.database.self_check import check_login, check_session
from app.database.unit_of_work import UnitOfWork, run_in_transaction
from app.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """The URL for each use of PostgreSQL. They contain passwords: never log them."""

    tenant: str
    platform: str
    read: str | None  # a replica
    direct: str  # bypasses a pooler: for LISTEN, the queue and single connections
    owner: str


async def database_urls(settings: Settings) -> DatabaseUrls:
    """Returns PostgreSQL's URL for each use; starts or joins the embedded PostgreSQL if no database is configured."""
    tenant = settings.database_url
    if tenant is None:
        tenant = await asyncio.to_thread(embedded.url, settings.data_dir)
    platform = settings.platform_database_url or tenant
    direct = settings.direct_database_url or platform
    return DatabaseUrls(
        tenant=tenant,
        platform=platform,
        read=settings.read_database_url,
        direct=direct,
        owner=settings.owner_database_url or direct,
    )


class Database:
    """The database of a process, opened once on its event loop: `async with Database(settings) as database`.

    Opening raises DatabaseUnavailable or DatabaseUnsuitable, with a one-line message. Once open, it survives restarts
    of PostgreSQL: work during a restart raises DatabaseUnavailable, and later work succeeds.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._tenant = RolePools(settings, roles.TENANT)
        self._platform = RolePools(settings, roles.PLATFORM)
        self._listener: Listener | None = None
        self._pooled = False

    async def open(self) -> None:
        urls = await database_urls(self.settings)
        try:
            self._pooled = await self._is_pooled(urls)
            await self._tenant.open(urls.tenant, urls.read, pooled=self._pooled)
            await self._platform.open(urls.platform, urls.read, pooled=self._pooled)
            with suppress(DatabaseNotMigrated):  # /ready reports it, and checks again once the database is migrated
                await self.check()
        except BaseException:
            await self.close()
            raise
        self._listener = Listener(self.settings, urls.direct)
        bind_tables()

    async def _is_pooled(self, urls: DatabaseUrls) -> bool:
        pooled = await is_pooler(self.settings, urls.tenant)
        if pooled and None in {self.settings.direct_database_url, self.settings.platform_database_url}:
            raise behind_a_pooler(urls.tenant)
        return pooled

    async def close(self) -> None:
        if self._listener is not None:
            await self._listener.close()
        for pools in (self._tenant, self._platform):
            await pools.close()
        self._listener = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    def unit_of_work(self, scope: Scope) -> UnitOfWork:
        """Returns one operation's transaction, attempted once: `async with database.unit_of_work(scope) as unit`."""
        return UnitOfWork(
            self.write_pool(scope),
            scope,
            acquire_timeout=self.settings.connect_timeout,
            pooled=self._pooled,
            replicated=self.settings.read_database_url is not None,
        )

    async def run_in_transaction(self, scope: Scope, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Runs one operation's transaction, and retries it if PostgreSQL aborts it or is unavailable: see
        unit_of_work.py.
        """
        return await run_in_transaction(lambda: self.unit_of_work(scope), work)

    def write_pool(self, scope: Scope) -> Any:
        """Returns the asyncpg pool of the scope's units of work. `json` values are bytes, for payloads read after a
        write.
        """
        return self._pools(scope).write

    def reading(self, scope: Scope, after: int | None = None) -> AbstractAsyncContextManager[Any]:
        """Returns a connection for reading the scope's rows, for `async with`; `json` values are bytes. It is a
        connection to the replica if that has everything written up to `after`. Raises DatabaseUnavailable if no
        connection is free or it is lost.
        """
        pools = self._pools(scope)
        return pools.reading.borrow() if pools.replica is None else pools.replica.borrow(after)

    @asynccontextmanager
    async def reading_written(self, scope: Scope) -> AsyncIterator[Any]:
        """Yields a connection as `reading` does, for reading what was just written, which a replica may not have yet.
        Raises CommitUnknown if the read fails, because the change was committed and must not be repeated.
        """
        pool = self.write_pool(scope)
        try:
            with unavailable_is_typed():
                connection = await pool.acquire(timeout=self.settings.connect_timeout)
                try:
                    yield connection
                finally:
                    await give_back(pool, connection)
        except DatabaseUnavailable as error:
            raise CommitUnknown("The change was committed, but reading it back failed.") from error

    async def check(self) -> str | None:
        """Checks a connection of each role. Returns what is wrong with the replica, if anything, because callers do not
        notice that. Raises DatabaseUnavailable or DatabaseUnsuitable.
        """
        fault = None
        for pools in (self._tenant, self._platform):
            async with pools.reading.borrow() as connection:
                await check_session(connection, self.settings, pools.role)
            fault = fault or await self._replica_fault(pools)
        return fault

    async def _replica_fault(self, pools: RolePools) -> str | None:
        if pools.replica is None:
            return None
        try:
            async with pools.replica.borrow() as connection:
                await check_session(connection, self.settings, pools.role)
        except DatabaseUnsuitable as error:
            return f"The read replica (ARCADIA_READ_DATABASE_URL): {error}"
        return pools.replica.fault

    async def check_logins(self) -> None:
        """Raises DatabaseUnsuitable in production if a login can disable row-level security."""
        for pools in (self._tenant, self._platform):
            async with pools.reading.borrow() as connection:
                await check_login(connection, self.settings)

    def _pools(self, scope: Scope) -> RolePools:
        pools = self._platform if scope.is_platform else self._tenant
        if pools.write is None:
            raise RuntimeError("The database is not open.")
        return pools

    def listen(self, channel: str) -> AbstractAsyncContextManager[ChannelSubscription]:
        """Subscribes to the notifications of a channel: `async with database.listen(channel) as payloads`, then `async
        for`.
        """
        if self._listener is None:
            raise RuntimeError("The database is not open.")
        return self._listener.subscribe(channel)
