"""Fixtures for tests of jobs: those of the tests of operations, with either queue."""

from collections.abc import AsyncIterator

import pytest

from app.database import Database
from app.queue import Queue
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.queues import empty_queue, settings_of


@pytest.fixture
def queue_settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """PostgreSQL's queue, unless the test is marked with `either_queue`."""
    return settings_of(getattr(request, "param", "postgresql"), settings, request)


@pytest.fixture
async def queue(queue_settings: Settings, database: Database) -> AsyncIterator[Queue]:
    """One for each test: a worker's queue keeps SAQ's lock on sweeping until it is closed, and no other then sweeps."""
    async with empty_queue(queue_settings) as queue:
        yield queue


@pytest.fixture
def given(database: Database, clock: Clock, queue_settings: Settings, queue: Queue) -> Given:
    return Given(database, clock, queue_settings, queue)
