"""A database whose statements can be made to fail: server process killed, client dead, response to COMMIT lost."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import psycopg

from app.database import Database, Scope
from app.settings import Settings


class Crash(BaseException):
    """The process dies here: nothing of it runs on, so nothing may catch this."""


class Kind(Enum):
    KILL = "the backend is killed before the statement"
    CRASH = "the process dies before the statement"
    LOST_ANSWER = "the statement is done, its answer is lost with the connection"


@dataclass(frozen=True)
class Fault:
    """A fault that strikes one of the operation's statements, by its number from 1 (0: its COMMIT), and a given number
    of statements from there on.
    """

    kind: Kind
    at: int = 0
    times: int = 1

    @property
    def later(self) -> "Fault":
        """The same for work of many transactions."""
        return replace(self, at=self.at * 4)


class FaultyDatabase(Database):
    """The real database, with planned faults: `fault` strikes the next statements until it is used up."""

    def __init__(self, settings: Settings, owner: psycopg.Connection[Any]) -> None:
        super().__init__(settings)
        self.owner = owner
        self._fault: Fault | None = None
        self._left = self._seen = 0

    def plan(self, fault: Fault | None) -> None:
        self._fault, self._left, self._seen = fault, fault.times if fault else 0, 0

    def strikes(self, statement: str) -> Kind | None:
        self._seen += 1
        if self._fault is None or not self._left:
            return None
        if statement == "COMMIT" if self._fault.at == 0 else self._seen >= self._fault.at:
            self._left -= 1
            return self._fault.kind
        return None

    def write_pool(self, scope: Scope) -> Any:
        return _Pool(super().write_pool(scope), self)


class _Pool:
    def __init__(self, real: Any, database: FaultyDatabase) -> None:
        self._real = real
        self._database = database

    async def acquire(self, *, timeout: float) -> Any:  # noqa: ASYNC109 - as asyncpg's
        return _Connection(await self._real.acquire(timeout=timeout), self._database)

    async def release(self, connection: "_Connection", *, timeout: float) -> None:  # noqa: ASYNC109 - as asyncpg's
        await self._real.release(connection.real, timeout=timeout)


class _Connection:
    def __init__(self, real: Any, database: FaultyDatabase) -> None:
        self.real = real
        self._database = database

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def execute(self, *arguments: Any, **named: Any) -> Any:
        return await self._run(self.real.execute, *arguments, **named)

    async def fetch(self, *arguments: Any, **named: Any) -> Any:
        return await self._run(self.real.fetch, *arguments, **named)

    async def fetchrow(self, *arguments: Any, **named: Any) -> Any:
        return await self._run(self.real.fetchrow, *arguments, **named)

    async def fetchval(self, *arguments: Any, **named: Any) -> Any:
        return await self._run(self.real.fetchval, *arguments, **named)

    async def copy_records_to_table(self, *arguments: Any, **named: Any) -> Any:
        return await self._run(self.real.copy_records_to_table, *arguments, **named)

    async def copy_to_table(self, *arguments: Any, **named: Any) -> Any:
        return await self._run(self.real.copy_to_table, *arguments, **named)

    async def _run(self, run: Any, statement: str, *arguments: Any, **named: Any) -> Any:
        match self._database.strikes(statement):
            case Kind.KILL:
                self._end_backend()
            case Kind.CRASH:
                self._end_backend()
                self.real.terminate()
                raise Crash
            case Kind.LOST_ANSWER:
                await run(statement, *arguments, **named)
                self._end_backend()
                self.real.terminate()
                raise ConnectionResetError("the answer was lost")
        return await run(statement, *arguments, **named)

    def _end_backend(self) -> None:
        """Waits until the backend has ended, so that its locks are released."""
        self._database.owner.execute("SELECT pg_terminate_backend(%s, 5000)", [self.real.get_server_pid()])
