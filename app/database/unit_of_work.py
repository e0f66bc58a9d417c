"""One operation's transaction.

Piccolo's own transaction keeps its connection and stays current when COMMIT or ROLLBACK fails (1.38). This one always
ends and returns the connection, and sets the tenant in the round trip that begins it.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from time import perf_counter
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from uuid import UUID

import asyncpg
from piccolo.engine.postgres import PostgresTransaction

from app.database.commit_positions import CURRENT, UNKNOWN, parse_position
from app.database.connect import give_back, unavailable, unavailable_is_typed
from app.database.errors import (
    CommitUnknown,
    DatabaseUnavailable,
    NestedUnitOfWork,
    TransactionRolledBack,
    is_conflict,
    is_unavailable,
)
from app.database.piccolo_engines import ENGINE
from app.database.scope import Scope
from app.metrics import DATABASE_SECONDS, POOL_WAIT_SECONDS

T = TypeVar("T")
AfterCommit = Callable[[], Awaitable[object]]
Writer = Callable[["UnitOfWork", list[Any]], Awaitable[object]]
"""Writes what a unit of work has collected, all at once."""

ATTEMPTS = 3
ROLLBACK_SECONDS = 2
"""How long a connection that may be dead gets to roll back before it is closed."""

_HAS_WRITTEN = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"

_TRANSACTION_SECONDS, _WAIT_SECONDS = DATABASE_SECONDS.labels("transaction"), POOL_WAIT_SECONDS.labels("transaction")

logger = logging.getLogger(__name__)


class UnitOfWork(PostgresTransaction):
    """A transaction in a scope: `async with` commits it, or rolls it back on an error.

    Piccolo's queries in it, and in tasks started in it, use its `connection`. One connection cannot run two queries at
    once, so do not `gather` them. Raises DatabaseUnavailable if there is no connection or it is lost, and CommitUnknown
    if it is lost after COMMIT was sent.
    """

    def __init__(
        self, pool: Any, scope: Scope, *, acquire_timeout: float, pooled: bool = False, replicated: bool = False
    ) -> None:
        if ENGINE.transaction_exists():
            raise NestedUnitOfWork("A unit of work is already open; an operation uses one transaction.")
        super().__init__(ENGINE)
        self.scope = scope
        self.connection: Any = None
        self.pooled = pooled  # behind a pooler the session is shared: nothing may be left in it
        self.staged: set[str] = set()  # the temporary tables of copy.py that are in use
        self.changed_balances: set[UUID] = set()  # the tenants whose balances were changed
        self._pool = pool
        self._replicated = replicated
        self._acquire_timeout = acquire_timeout
        self._after_commit: list[AfterCommit] = []
        self._collected: dict[Writer, list[Any]] = {}
        self._attempts = 0
        self._began = 0.0

    def after_commit(self, callback: AfterCommit) -> None:
        """Runs the callback once the transaction is committed. It may fail or never run: nothing may depend on it."""
        self._after_commit.append(callback)

    def collect(self, writer: Writer, items: Iterable[Any]) -> None:
        """Keeps the items for the writer, which gets all of them, in the order collected, as the last thing before
        COMMIT. So rows that many transactions lock are locked once in each, briefly and in one order.
        """
        self._collected.setdefault(writer, []).extend(items)

    def has_collected(self, writer: Writer) -> bool:
        return bool(self._collected.get(writer))

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Runs a part of the transaction in a savepoint: an error undoes only that part's changes, with its
        after_commit callbacks and what it collected.
        """
        callbacks, staged = len(self._after_commit), set(self.staged)
        collected = {writer: len(items) for writer, items in self._collected.items()}
        self._attempts += 1  # unique, because PostgreSQL rolls back to the newest savepoint of a name
        savepoint = f"attempt_{self._attempts}"
        await self.connection.execute(f"SAVEPOINT {savepoint}")
        try:
            yield
        except Exception as error:
            if not is_unavailable(error):
                await self.connection.execute(f"ROLLBACK TO SAVEPOINT {savepoint}")
                del self._after_commit[callbacks:]
                for writer, items in self._collected.items():
                    del items[collected.get(writer, 0) :]
                self.staged = staged
            raise

    async def __aenter__(self) -> Self:
        asked = perf_counter()
        with unavailable_is_typed():
            self.connection = await self._pool.acquire(timeout=self._acquire_timeout)
            self._began = perf_counter()
            _WAIT_SECONDS.observe(self._began - asked)
            try:
                await self.connection.execute(self._beginning())
            except BaseException:  # it may have begun, as when a worker stops meanwhile
                self.connection.terminate()
                await give_back(self._pool, self.connection)
                raise
        ENGINE.current_transaction.set(self)
        return self

    async def __aexit__(
        self,
        _exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[False]:
        try:
            if exception is None:
                await self._write_collected()
                await self._commit()
            else:
                await self._roll_back(exception)
        finally:
            # Not a reset by token: a fixture may end in another context than it began in.
            ENGINE.current_transaction.set(None)
            await self._release()
            _TRANSACTION_SECONDS.observe(perf_counter() - self._began)
        if exception is None:
            await self._run_callbacks()
        return False

    def _beginning(self) -> str:
        """Returns the statements that begin the transaction and set app.tenant_id in one round trip. Its value is a
        UUID, never a text from the caller, so no quoting is needed.
        """
        return "BEGIN" if self.scope.is_platform else f"BEGIN; SET LOCAL app.tenant_id = '{self.scope.setting}'"

    async def _write_collected(self) -> None:
        try:
            for writer, items in self._collected.items():
                if items:
                    await writer(self, items)
        except BaseException as error:
            await self._roll_back(error)
            raise

    async def _commit(self) -> None:
        if not self._in_transaction():
            raise DatabaseUnavailable("The connection was lost before COMMIT was sent.")
        written = CURRENT.get() if self._replicated and await self._has_written() else None
        try:
            answer = await self.connection.execute("COMMIT")
        except (
            asyncio.CancelledError
        ) as given_up:  # a time limit: the caller must not assume that nothing was committed
            raise CommitUnknown("The commit was cancelled before PostgreSQL confirmed it.") from given_up
        except Exception as error:
            if is_unavailable(error):
                raise CommitUnknown("The connection was lost while committing.") from error
            raise
        if answer != "COMMIT":
            raise TransactionRolledBack(
                "The transaction was rolled back because an error in it was caught and ignored."
            )
        self._committed = True
        if written is not None:
            written.position = await self._log_position()

    async def _has_written(self) -> bool:
        return CURRENT.get() is not None and bool(await self.connection.fetchval(_HAS_WRITTEN))

    async def _log_position(self) -> int:
        """Returns PostgreSQL's current WAL position: everything committed until now is before it."""
        try:
            text = await self.connection.fetchval("SELECT pg_current_wal_insert_lsn()::text", timeout=ROLLBACK_SECONDS)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            logger.warning("The WAL position of a commit could not be read: %s", error)
            return UNKNOWN
        return parse_position(text)

    async def _roll_back(self, exception: BaseException) -> None:
        """Rolls the transaction back after an exception, which the caller then raises. If the rollback itself fails,
        only the connection is closed. Raises DatabaseUnavailable instead of an exception with that meaning.
        """
        try:
            if self._in_transaction():
                await self.connection.execute("ROLLBACK", timeout=ROLLBACK_SECONDS)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            logger.warning("A rollback failed; its connection was closed: %s", error)
        self._rolled_back = True
        if isinstance(exception, Exception) and is_unavailable(exception):
            raise unavailable(exception) from exception

    async def _release(self) -> None:
        """Returns the connection to the pool. If it is still in a transaction it is closed, so that no other operation
        continues that transaction.
        """
        if self._in_transaction():
            self.connection.terminate()
        await give_back(self._pool, self.connection)

    def _in_transaction(self) -> bool:
        try:
            return not self.connection.is_closed() and bool(self.connection.is_in_transaction())
        except asyncpg.InterfaceError:  # the server process died, and the pool has already taken the connection back
            return False

    async def _run_callbacks(self) -> None:
        for callback in self._after_commit:
            try:
                await callback()
            except Exception:  # the work is committed: an error of a callback must not look like its failure
                logger.exception("A callback after commit failed.")


async def run_in_transaction(begin: Callable[[], UnitOfWork], work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    """Runs the work in a unit of work, at most three times, if PostgreSQL aborts it (a serialisation failure, a
    deadlock) or becomes unavailable before COMMIT was sent.

    Each attempt is a task of its own, so that no context of a failed one remains. `work` must be repeatable: effects
    outside the database belong in `after_commit`.
    """

    async def attempt() -> T:
        async with begin() as unit:
            return await work(unit)

    failures = 0
    while True:
        try:
            return await asyncio.create_task(attempt())
        except Exception as error:
            failures += 1
            if failures == ATTEMPTS or not _may_repeat(error):
                raise
            logger.info("A transaction is retried: %s", error)
        await asyncio.sleep(random.uniform(0.01, 0.05) * 4**failures)  # noqa: S311 - jitter


def _may_repeat(error: Exception) -> bool:
    if isinstance(error, CommitUnknown):
        return False
    return isinstance(error, DatabaseUnavailable) or is_conflict(error)
