from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.database import Database
from app.database.embedded import start
from app.settings import Settings
from tests.cli.command import Command
from tests.conftest import SECRET


@pytest.fixture
def arcadia(database: Database, settings: Settings) -> Command:
    """`arcadia` on this process's clean database."""
    assert database.settings.database_url is not None
    return Command(
        {
            "ARCADIA_DATABASE_URL": database.settings.database_url,
            "ARCADIA_DATA_DIR": str(settings.data_dir),
            "ARCADIA_JWT_SECRET": SECRET,
        }
    )


@pytest.fixture(scope="module")
def fresh_machine() -> Iterator[Command]:
    """`arcadia` where nothing is set up: an empty data directory, no setting but that.

    Not under pytest's own folder, which every run of pytest closes again to the user that PostgreSQL runs as.
    """
    with TemporaryDirectory(prefix="arcadia-fresh-") as data_dir:
        yield Command({"ARCADIA_DATA_DIR": data_dir})
        start(Path(data_dir)).leave()
