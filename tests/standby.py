"""A streaming replica of the tests' embedded PostgreSQL, by its own binaries."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg

from app.database.embedded import programs_folder

PROGRAMS = programs_folder()


class Standby:
    """A running replica. `url` is the superuser's."""

    def __init__(self, data: Path, user: str) -> None:
        self._data = data
        self._user = user
        self.url = f"postgresql://postgres:@/postgres?host={data.parent}"

    def start(self) -> None:
        options = f"-h '' -k {self._data.parent} -c hot_standby_feedback=off -c max_standby_streaming_delay=0"
        self._run(
            "pg_ctl", "start", "--wait", f"--pgdata={self._data}", f"--log={self._data}/log", f"--options={options}"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--mode=immediate", f"--pgdata={self._data}")

    def copy(self, primary: str) -> None:
        self._run(
            "pg_basebackup",
            f"--pgdata={self._data}",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
            f"--host={primary}",
            "--username=postgres",
        )

    def _run(self, *command: str) -> None:
        become = ["runuser", "--user", self._user, "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*become, str(PROGRAMS / command[0]), *command[1:]], check=True, stdout=subprocess.DEVNULL, cwd="/"
        )


@contextmanager
def streaming_from(server_url: str) -> Iterator[Standby]:
    """Yields a replica that follows the server until the block ends."""
    primary = unquote(parse_qs(urlsplit(server_url).query)["host"][0])
    with TemporaryDirectory(prefix="arcadia-standby-") as folder:
        user = Path(primary).owner()
        if os.geteuid() == 0:
            shutil.chown(folder, user)
        standby = Standby(Path(folder) / "data", user)
        standby.copy(primary)
        standby.start()
        try:
            yield standby
        finally:
            standby.stop()


def replay(url: str, *, paused: bool) -> None:
    """Pauses or resumes the replica's replay."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SELECT pg_wal_replay_{'pause' if paused else 'resume'}()")
