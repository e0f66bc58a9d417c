"""A connection as the owner, whose changes are all rolled back."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.database import Database
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


@pytest.fixture
async def filled(owner: Any) -> Any:
    """The owner's connection, with a row in every table for each of two tenants."""
    await insert_everything(owner)
    return owner
