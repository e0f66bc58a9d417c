"""Rows that many tests break, made once by the operations and put back as they were for each further test."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime

import psycopg
import pytest

from tests.cleaning import Cleaner
from tests.operations.given import Given


class MadeOnce:
    """The rows of a database as one function made them, with the time at which it ended."""

    def __init__(self, database_url: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True)
        self._kept: tuple[Cleaner, datetime] | None = None

    async def put(self, given: Given, make: Callable[[Given], Awaitable[None]]) -> None:
        """Makes the rows in an empty database the first time; afterwards puts back the rows made then."""
        if self._kept is None:
            await make(given)
            self._kept = Cleaner(self._connection), given.clock()
        else:
            cleaner, given.clock.now = self._kept
            cleaner.clean()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def made_once(worker_database_url: str) -> Iterator[MadeOnce]:
    made = MadeOnce(worker_database_url)
    yield made
    made.close()
