"""Fixtures for tests of the schema."""

from collections.abc import AsyncIterator

import pytest

from app.database import Database
from app.queue import Queue
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.schema.api import Api, CountedReads


@pytest.fixture(scope="session")
async def queue(settings: Settings) -> AsyncIterator[Queue]:
    async with Queue(settings) as queue:
        yield queue


@pytest.fixture(scope="session")
def counted_reads(_open_database: Database) -> CountedReads:
    return CountedReads(_open_database)


@pytest.fixture
def given(database: Database, clock: Clock, settings: Settings, queue: Queue) -> Given:
    return Given(database, clock, settings, queue)


@pytest.fixture
def api(given: Given, counted_reads: CountedReads) -> Api:
    return Api(given, counted_reads)
