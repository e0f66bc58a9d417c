"""Records the SQL statements that the application sends to PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import asyncpg

_SENDING = ("execute", "executemany", "fetch", "fetchrow", "fetchval", "prepare", "cursor")


@contextmanager
def recorded_statements() -> Iterator[set[str]]:
    """The texts of the statements that asyncpg sends meanwhile, on every connection of this process."""
    texts: set[str] = set()

    def recording(send: Callable[..., Any]) -> Callable[..., Any]:
        def method(connection: Any, query: str, *arguments: Any, **options: Any) -> Any:
            texts.add(query)
            return send(connection, query, *arguments, **options)

        return method

    with ExitStack() as stack:
        for name in _SENDING:
            method = getattr(asyncpg.Connection, name)
            stack.enter_context(patch.object(asyncpg.Connection, name, recording(method)))
        yield texts
