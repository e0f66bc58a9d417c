"""The location of the embedded server's socket: in its data directory, or in a folder that only its owner may enter."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.database.connect import connection_options
from app.database.embedded import socket_folder
from app.database.errors import DatabaseUnavailable
from app.settings import Settings

LONG = Path("/data") / ("long" * 30) / "postgres"


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The temporary folder, which others write to as well."""
    with TemporaryDirectory(prefix="s-") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        yield Path(folder)


def test_the_socket_is_with_the_data(shared: Path) -> None:
    short = Path("/data/it's here/postgres")
    assert socket_folder(short, os.geteuid()) == short
    assert list(shared.iterdir()) == []


def test_for_a_path_too_long_it_is_in_a_folder_that_only_the_owner_enters(shared: Path) -> None:
    folder = socket_folder(LONG, os.geteuid())
    assert folder.parent == shared
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= 103
    assert socket_folder(LONG, os.geteuid()) == folder
    assert socket_folder(LONG / "other", os.geteuid()) != folder


def test_a_folder_that_somebody_else_made_is_refused(shared: Path) -> None:
    folder = socket_folder(LONG, os.geteuid())
    folder.chmod(0o777)
    with pytest.raises(OSError, match="is another user's"):
        socket_folder(LONG, os.geteuid())
    folder.rmdir()
    folder.symlink_to(shared)
    with pytest.raises(OSError, match="is another user's"):
        socket_folder(LONG, os.geteuid())


def test_a_url_without_a_user_needs_one_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_user: int) -> None:
        raise KeyError("uid not found")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "PGUSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(
        DatabaseUnavailable, match=r"^PostgreSQL at db:5432/a: the URL names no user, and user \d+ has no"
    ):
        connection_options(Settings(), "postgresql://db/a")
    assert connection_options(Settings(), "postgresql://me@db/a")["timeout"] == 5
