"""Reads from a replica, with the primary as fallback: while the replica is down, when PostgreSQL cancels a read because
of a recovery conflict, and for callers whose own changes the replica does not have yet.
"""

import asyncio
import logging
from types import TracebackType
from typing import Any, Self

import asyncpg

from app.database.commit_positions import parse_position
from app.database.connect import is_connection_error
from app.database.connection_cache import BorrowedConnection, ConnectionCache
from app.database.errors import DatabaseUnavailable

_PAUSE_SECONDS = 5.0
"""How long a replica that could not be reached is not tried again: meanwhile no read waits for it."""

_REPLAYED = "SELECT coalesce(pg_last_wal_replay_lsn(), pg_current_wal_insert_lsn())::text"
_FAILURES = (
    DatabaseUnavailable,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)

logger = logging.getLogger(__name__)


class Replica:
    """Provides connections to the replica, or to the primary while the replica cannot serve reads."""

    def __init__(self, cache: ConnectionCache, primary: ConnectionCache) -> None:
        self.primary = primary
        self.fault: str | None = None
        """The reason why it serves no reads now."""
        self._cache = cache
        self._left_alone_until = 0.0
        self._replayed = 0

    def borrow(self, after: int | None = None) -> "BorrowedReplicaConnection":
        """Returns a connection for an `async with` block. `after`: the WAL position that its server
        must have reached.
        """
        return BorrowedReplicaConnection(self, after)

    async def close(self) -> None:
        await self._cache.close()

    async def take(self, after: int | None) -> Any:
        """Returns a connection to the replica; None if the replica cannot serve the read."""
        if asyncio.get_running_loop().time() < self._left_alone_until:
            return None
        try:
            connection = await self._cache.take()
        except _FAILURES as error:
            self._suspend(error)
            return None
        try:
            if after is None or after <= self._replayed or await self._has_replayed(connection, after):
                self._recovered()
                return connection
        except _FAILURES as error:
            await self.drop(connection, error)
            return None
        self._cache.give_back(connection)
        return None

    def give_back(self, connection: Any) -> None:
        self._cache.give_back(connection)

    async def drop(self, connection: Any, error: BaseException | None) -> None:
        """Closes a connection after an error, instead of returning it to the cache."""
        if error is not None and is_connection_error(error):
            self._suspend(error)
        await self._cache.discard(connection)

    async def _has_replayed(self, connection: Any, after: int) -> bool:
        self._replayed = max(self._replayed, parse_position(await connection.fetchval(_REPLAYED)))
        return after <= self._replayed

    def _suspend(self, error: BaseException) -> None:
        if self.fault is None:
            logger.warning(
                "The read replica serves no reads; the primary serves all of them: %s",
                str(error) or type(error).__name__,
            )
        self.fault = "The read replica cannot be reached; the primary serves all reads."
        self._left_alone_until = asyncio.get_running_loop().time() + _PAUSE_SECONDS

    def _recovered(self) -> None:
        if self.fault is not None:
            logger.info("The read replica serves reads again.")
        self.fault = None


class BorrowedReplicaConnection:
    """A connection for reading, for an `async with` block. A read that fails on the replica is run on the primary."""

    def __init__(self, replica: Replica, after: int | None) -> None:
        self._replica = replica
        self._after = after
        self._connection: Any = None
        self._primary: BorrowedConnection | None = None
        self._primary_connection: Any = None

    async def __aenter__(self) -> Self:
        self._connection = await self._replica.take(self._after)
        if self._connection is None:
            await self._switch_to_primary()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._primary is not None:
            await self._primary.__aexit__(kind, error, traceback)
        elif error is None:
            self._replica.give_back(self._connection)
        else:
            await self._replica.drop(self._connection, error)

    async def fetchval(self, statement: str, *parameters: Any) -> Any:
        """Does what asyncpg's fetchval does; a read that fails on the replica is run on the primary."""
        return await self._read("fetchval", statement, *parameters)

    async def fetchrow(self, statement: str, *parameters: Any) -> Any:
        """Does what asyncpg's fetchrow does; a read that fails on the replica is run on the primary."""
        return await self._read("fetchrow", statement, *parameters)

    async def _read(self, method: str, statement: str, *parameters: Any) -> Any:
        if self._primary is None:
            try:
                return await getattr(self._connection, method)(statement, *parameters)
            except _FAILURES as error:
                if not (is_connection_error(error) or _is_recovery_conflict(error)):
                    raise
                logger.info("A read failed on the replica and is retried on the primary: %s", error)
                await self._replica.drop(self._connection, error)
                await self._switch_to_primary()
        return await getattr(self._primary_connection, method)(statement, *parameters)

    async def _switch_to_primary(self) -> None:
        self._primary = self._replica.primary.borrow()
        self._primary_connection = await self._primary.__aenter__()


def _is_recovery_conflict(error: BaseException) -> bool:
    """Whether the error is a recovery conflict. A serialisation failure (40001) of a statement that only reads has no
    other cause; errors with other codes name the conflict in their message.
    """
    return isinstance(error, asyncpg.SerializationError) or "conflict with recovery" in str(error)
