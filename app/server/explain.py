"""The header X-Explain: platform admins in development are told the compiled SQL of their request, or its plan too.

    X-Explain: 1         "extensions": {"explain": [{"statement": "SELECT ...", "parameters": ["acme"]}], ...}
    X-Explain: analyze   the same, and in each entry "plan": the text of EXPLAIN (ANALYZE, FORMAT TEXT)

For every other caller, and in production, the header is ignored.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec

from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError

HEADER = b"x-explain"
_ANALYZE = {b"1": False, b"analyze": True}


class SqlExplanation:
    """The compiled statements of one request, in the order in which they were executed."""

    def __init__(self, *, analyze: bool) -> None:
        self._analyze = analyze
        self._statements: list[dict[str, Any]] = []

    @property
    def body(self) -> bytes:
        """The recorded statements as JSON."""
        return msgspec.json.encode(self._statements)

    async def fetchval(self, connection: Any, sql: str, parameters: tuple[Any, ...]) -> Any:
        """Runs the statement and returns its value. The statement is recorded first, so that a failing one is recorded
        too.
        """
        entry: dict[str, Any] = {"statement": sql, "parameters": parameters}
        self._statements.append(entry)
        if self._analyze:
            lines = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT TEXT) {sql}", *parameters)
            entry["plan"] = "\n".join(line for (line,) in lines)
        return await connection.fetchval(sql, *parameters)


class _Explained:
    """A connection that records its statements for X-Explain."""

    def __init__(self, connection: Any, explanation: SqlExplanation) -> None:
        self._connection = connection
        self._explanation = explanation

    async def fetchval(self, sql: str, *parameters: Any) -> Any:
        return await self._explanation.fetchval(self._connection, sql, parameters)


_current: ContextVar[SqlExplanation | None] = ContextVar("explanation", default=None)


def asked_explanation(header: bytes) -> SqlExplanation:
    """Returns a new explanation, still without statements, for a value of the header X-Explain. Raises RequestError
    (400) for an unknown value.
    """
    if header not in _ANALYZE:
        raise RequestError(
            400, ErrorCode.BAD_REQUEST, "X-Explain is 1, for the statements, or analyze, for their plans too."
        )
    return SqlExplanation(analyze=_ANALYZE[header])


@contextmanager
def explaining(explanation: SqlExplanation) -> Iterator[None]:
    """Records in the explanation the statements that are run on `explained` connections during the block."""
    token = _current.set(explanation)
    try:
        yield
    finally:
        _current.reset(token)


def explained(connection: AbstractAsyncContextManager[Any]) -> AbstractAsyncContextManager[Any]:
    """Returns the connection. If the current request has the header X-Explain, returns one that records its statements
    instead.
    """
    explanation = _current.get()
    return connection if explanation is None else _noting(connection, explanation)


@asynccontextmanager
async def _noting(connection: AbstractAsyncContextManager[Any], explanation: SqlExplanation) -> AsyncIterator[Any]:
    async with connection as opened:
        yield _Explained(opened, explanation)
