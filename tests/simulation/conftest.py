from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.operations.issue_runs import draft_batches, issue_start
from app.operations.rollups import chunk, starting
from app.settings import Settings
from tests import postgres
from tests.simulation.world import World, open_world


@pytest.fixture(scope="session")
def _world(settings: Settings, worker_database_url: str) -> Iterator[World]:
    name = f"{Path(worker_database_url.partition('?')[0]).name}_simulation"
    with open_world(replace(settings, database_url=postgres.clone(name))) as world:
        yield world
    postgres.drop(name)


@pytest.fixture
def world(_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Makes chunks and batches small, so that a few tenants need several chunks with several transactions."""
    monkeypatch.setattr(starting, "CHUNK_TENANTS", 3)
    monkeypatch.setattr(chunk, "BATCH_TENANTS", 2)
    monkeypatch.setattr(issue_start, "CHUNK_DRAFTS", 2)
    monkeypatch.setattr(draft_batches, "BATCH_DRAFTS", 1)
    return _world
