"""The connection pools of one role: for writes, for reads, and for reads from a replica."""

import asyncio
from typing import Any

import asyncpg

from app.database.connect import named_failures, passthrough_json, pool_options
from app.database.connection_cache import ConnectionCache
from app.database.replica import Replica
from app.settings import Settings
from app.tracing import is_tracing, record_statement

_CLOSE_SECONDS = 5


class RolePools:
    """The connection pools of one database role, opened once per process and role. Every connection sets the role when
    it is opened and keeps it.

    A pool opens one connection at first and more as needed, up to the configured size; `write` closes connections that
    were idle for five minutes. So a role that is not used costs a process two connections.
    """

    def __init__(self, settings: Settings, role: str) -> None:
        self.role = role
        self._settings = settings
        self.write: Any = None
        self.reading: ConnectionCache
        self.replica: Replica | None = None
        self._pools: list[Any] = []

    async def open(self, primary: str, replica: str | None, *, pooled: bool) -> None:
        """Opens the role's pools. `pooled`: the primary is reached through a connection pooler."""
        settings, size = self._settings, self._settings.read_pool_size
        self.write = await self._open_pool(primary, settings.database_pool_size, pooled=pooled)
        # If a replica serves the reads, the primary's read connections are only needed when it fails.
        for_reads = await self._open_pool(primary, size, least=1 if replica is None else 0, pooled=pooled)
        self.reading = ConnectionCache(for_reads, size, settings.connect_timeout)
        if replica is not None:
            of_replica = await self._open_pool(replica, size, least=0, pooled=False)
            self.replica = Replica(ConnectionCache(of_replica, size, settings.connect_timeout), self.reading)

    async def close(self) -> None:
        if self.replica is not None:
            await self.replica.close()
        if self.write is not None and len(self._pools) > 1:
            await self.reading.close()
        for pool in reversed(self._pools):
            await _close_pool(pool)
        self.write, self.replica, self._pools = None, None, []

    async def _open_pool(self, url: str, size: int, *, pooled: bool, least: int = 1) -> Any:
        options = pool_options(self._settings, url, size, role=self.role, least=least, pooled=pooled)
        with named_failures(url):
            pool = await asyncpg.create_pool(**options, init=_initialise)
        self._pools.append(pool)
        return pool


async def _initialise(opened: Any) -> None:
    await passthrough_json()(opened)
    if is_tracing():
        opened.add_query_logger(record_statement)


async def _close_pool(pool: Any) -> None:
    """Waits some seconds for running statements, then closes the pool."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await pool.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pool.terminate()
