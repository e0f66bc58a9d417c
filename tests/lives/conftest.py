from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.database import Database
from app.queue import Queue
from app.settings import Settings
from tests import postgres
from tests.clock import Clock
from tests.lives.scripted_life import ScriptedLife
from tests.lives.world import LivesWorld, open_world
from tests.operations.given import Given


@pytest.fixture(scope="session")
def lives_world(settings: Settings, worker_database_url: str) -> Iterator[LivesWorld]:
    name = f"{Path(worker_database_url.partition('?')[0]).name}_lives"
    with open_world(replace(settings, database_url=postgres.clone(name))) as world:
        yield world
    postgres.drop(name)


@pytest.fixture(scope="session")
async def queue(settings: Settings) -> AsyncIterator[Queue]:
    async with Queue(settings) as queue:
        yield queue


@pytest.fixture
def given(database: Database, clock: Clock, settings: Settings, queue: Queue) -> Given:
    return Given(database, clock, settings, queue)


@pytest.fixture
async def story(given: Given) -> ScriptedLife:
    """A tenant in Australia, plan Studio (5000c; 1488 droplet hours included, then 1c each), add-on storage_50gb."""
    given.clock.set(2026, 4, 1, 9)
    await given.plan()
    await given.addon()
    return ScriptedLife(given, await given.tenant())
