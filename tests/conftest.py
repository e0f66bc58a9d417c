"""Fixtures for all tests: settings, a clean database, a clock."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import psycopg
import pytest

from app.database.database import Database
from app.settings import Settings
from tests import postgres
from tests.cleaning import Cleaner
from tests.clock import Clock
from tests.queues import running_redis

SECRET = "a secret of tests, thirty-two bytes or more"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgres.prepare()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgres.clear()


@pytest.fixture(scope="session")
def worker_database_url(request: pytest.FixtureRequest) -> str:
    """The superuser's URL of this process's own database."""
    worker = getattr(request.config, "workerinput", {"workerid": "main"})["workerid"]
    return postgres.clone(postgres.run_name(worker))


@pytest.fixture(scope="session")
def settings(worker_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        **postgres.urls(worker_database_url),
        data_dir=tmp_path_factory.mktemp("data"),
        jwt_secret=SECRET,
        database_pool_size=5,
        read_pool_size=5,
    )


@pytest.fixture(scope="session")
async def _open_database(settings: Settings) -> AsyncIterator[Database]:
    async with Database(settings) as database:
        yield database


@pytest.fixture(scope="session")
def _cleaner(worker_database_url: str) -> Iterator[Cleaner]:
    with psycopg.connect(worker_database_url, autocommit=True) as connection:
        yield Cleaner(connection)


@pytest.fixture
def database(_open_database: Database, _cleaner: Cleaner) -> Database:
    """The open database of this process, as a new one is: the seeds and nothing else."""
    _cleaner.clean()
    return _open_database


@pytest.fixture
def empty_database_url() -> Iterator[str]:
    """The superuser's URL of a database without a schema."""
    name = postgres.run_name(uuid4().hex[:8])
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def clock() -> Clock:
    return Clock()
