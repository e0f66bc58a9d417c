"""Jobs start from what operations start from."""

from collections.abc import AsyncIterator

import pytest

from app.database import Database
from app.queue import Queue
from app.settings import Settings
from tests.operations.conftest import given

__all__ = ["given"]


@pytest.fixture
async def queue(settings: Settings, database: Database) -> AsyncIterator[Queue]:
    """One for each test: a worker's queue keeps SAQ's lock on sweeping until it is closed, and no other then sweeps."""
    async with Queue(settings) as queue:
        yield queue
