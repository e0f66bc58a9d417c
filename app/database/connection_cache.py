"""Caches the connections of an asyncpg pool, without returning them to the pool after each use.

asyncpg's acquire and release create two tasks and a timer each time, about 30 µs: a tenth of the time of a read. Here
the most recently used connection is used first, so that few connections are used and stay warm; a returned connection
goes directly to the longest waiting task. After an error it is returned to asyncpg, which repairs or replaces it.
"""

import asyncio
from collections import deque
from time import perf_counter
from types import TracebackType
from typing import Any

import asyncpg

from app.database.connect import give_back, is_connection_error, unavailable
from app.metrics import DATABASE_SECONDS, POOL_WAIT_SECONDS

_READ_SECONDS, _WAIT_SECONDS = DATABASE_SECONDS.labels("read"), POOL_WAIT_SECONDS.labels("read")


class ConnectionCache:
    """Provides at most `size` connections of the pool at the same time; `timeout` is in seconds."""

    def __init__(self, pool: Any, size: int, timeout: float) -> None:
        self._pool = pool
        self._size = size
        self._timeout = timeout
        self._acquired = 0
        self._idle: list[Any] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()

    def borrow(self) -> "BorrowedConnection":
        """Returns a connection for a block: `async with cache.borrow() as connection`. Raises DatabaseUnavailable if
        none is free in time, or if the connection is lost.
        """
        return BorrowedConnection(self)

    async def close(self) -> None:
        """Returns the idle connections to the pool, so that it can close them."""
        while self._idle:
            await self._return(self._idle.pop())

    async def take(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if _is_open(connection):
                return connection
            await self._return(connection)
        if self._acquired < self._size:
            return await self._acquire()
        return await self._wait()

    def give_back(self, connection: Any) -> None:
        if not self._serve(connection):
            self._idle.append(connection)

    async def discard(self, connection: Any) -> None:
        """Drops a connection after an error; the next waiting task gets another one."""
        try:
            await self._return(connection)
        finally:
            self._serve(None)

    async def _acquire(self) -> Any:
        self._acquired += 1
        try:
            return await self._pool.acquire(timeout=self._timeout)
        except BaseException:
            self._acquired -= 1
            self._serve(None)
            raise

    async def _return(self, connection: Any) -> None:
        self._acquired -= 1
        await give_back(self._pool, connection)

    async def _wait(self) -> Any:
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(self._timeout):
                connection = await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():  # it arrived while this wait was being cancelled
                self._pass_on(waiter.result())
            raise
        return await self.take() if connection is None else connection

    def _pass_on(self, connection: Any) -> None:
        if connection is None:
            self._serve(None)
        else:
            self.give_back(connection)

    def _serve(self, connection: Any) -> bool:
        """Passes the connection to the longest waiting task; None tells the task to open a new one. Returns False if no
        task waits.
        """
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False


def _is_open(connection: Any) -> bool:
    """Whether the idle connection is still open: asyncpg closes one after its idle time."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False


class BorrowedConnection:
    """One connection, borrowed for an `async with` block."""

    __slots__ = ("_began", "_cache", "_connection")

    def __init__(self, cache: ConnectionCache) -> None:
        self._cache = cache

    async def __aenter__(self) -> Any:
        asked = perf_counter()
        try:
            self._connection = await self._cache.take()
        except Exception as error:
            if is_connection_error(error):
                raise unavailable(error) from error
            raise
        self._began = perf_counter()
        _WAIT_SECONDS.observe(self._began - asked)
        return self._connection

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        _READ_SECONDS.observe(perf_counter() - self._began)
        if error is None:
            self._cache.give_back(self._connection)
            return
        await self._cache.discard(self._connection)
        if isinstance(error, Exception) and is_connection_error(error):
            raise unavailable(error) from error
