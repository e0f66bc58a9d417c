"""Fixtures for tests of operations: a queue, and objects created by the operations themselves."""

from collections.abc import AsyncIterator

import pytest

from app.database import Database
from app.queue import Queue
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given


@pytest.fixture(scope="session")
async def queue(settings: Settings) -> AsyncIterator[Queue]:
    async with Queue(settings) as queue:
        yield queue


@pytest.fixture
def given(database: Database, clock: Clock, settings: Settings, queue: Queue) -> Given:
    return Given(database, clock, settings, queue)
