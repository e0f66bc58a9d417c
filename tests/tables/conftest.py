"""A connection as the owner, whose changes are all rolled back."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.database import Database
from tests.cleaning import Cleaner
from tests.tables.rows import insert_everything


@pytest.fixture
async def owner(database: Database, worker_database_url: str) -> AsyncIterator[Any]:
    """A connection in a transaction over a clean database. Row-level security does not apply to it; all
    constraints do.
    """
    connection = await asyncpg.connect(worker_database_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.fixture(scope="module")
async def _filled_once(_open_database: Database, _cleaner: Cleaner, worker_database_url: str) -> AsyncIterator[Any]:
    _cleaner.clean()
    connection = await asyncpg.connect(worker_database_url)
    transaction = connection.transaction()
    await transaction.start()
    await insert_everything(connection)
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.fixture
async def filled(_filled_once: Any) -> AsyncIterator[Any]:
    """An owner's connection, with a row in every table for each of two tenants: inserted once for the tests of a file,
    each of which begins at a savepoint.
    """
    savepoint = _filled_once.transaction()
    await savepoint.start()
    yield _filled_once
    await savepoint.rollback()
