from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.settings import Settings
from tests import postgres
from tests.lives.world import LivesWorld, open_world


@pytest.fixture(scope="session")
def lives_world(settings: Settings, worker_database_url: str) -> Iterator[LivesWorld]:
    name = f"{Path(worker_database_url.partition('?')[0]).name}_lives"
    with open_world(replace(settings, database_url=postgres.clone(name))) as world:
        yield world
    postgres.drop(name)
