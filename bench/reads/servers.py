"""The compared servers: how each is started, and on which cores."""

import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.server.auth import REMEMBERED_TOKENS
from app.settings import Settings
from bench.reads.cluster import Cluster
from bench.reads.processes import cpu_seconds, running, wait_for_port
from bench.reads.workload import DOCUMENTS, HERE, POSTGRAPHILE

ARCADIA = "arcadia"
POSTGRAPHILE_5 = "postgraphile"
DATALOADER = "strawberry-dataloader"
PGBENCH = "pgbench"

_ROOT = HERE.parent.parent
_START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A server that answers on this machine; `process` is the first of its processes."""

    name: str
    port: int
    process: int
    documents: Path

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process)


@dataclass(frozen=True)
class Site:
    """The common configuration of all servers: the database, how tokens are signed, and a folder for logs."""

    cluster: Cluster
    settings: Settings
    folder: Path


@contextmanager
def started(name: str, site: Site, processes: int, cores: Sequence[int]) -> Iterator[Server]:
    """Starts a server and waits until it listens; stops it at the end. Its log is shown when it does not start."""
    port = free_port()
    command, environment, documents = _LAUNCH[name](site, port, processes)
    log = site.folder / f"{name}-{processes}.log"
    with running(command, {**os.environ, **environment}, log, cores, _ROOT) as process:
        try:
            wait_for_port(port, process, _START_SECONDS)
        except (TimeoutError, ChildProcessError) as error:
            said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"{name} does not start: {error}\n{said}") from error
        yield Server(name, port, process, documents)


Launch = tuple[list[str], Mapping[str, str], Path]


def _arcadia(site: Site, port: int, processes: int) -> Launch:
    return _uvicorn(["app.asgi:application"], port, processes), _our_environment(site), DOCUMENTS


def _dataloader(site: Site, port: int, processes: int) -> Launch:
    application = ["--factory", "bench.reads.strawberry_dataloader:create_app"]
    return _uvicorn(application, port, processes), _our_environment(site), DOCUMENTS


def _postgraphile(site: Site, port: int, processes: int) -> Launch:
    folder = HERE / "postgraphile"
    machine = {"x86_64": "x64", "aarch64": "arm64"}[os.uname().machine]
    node = folder / "node_modules" / f"node-linux-{machine}" / "bin" / "node"
    environment = {
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
        "DATABASE_URL": site.cluster.serving_url,
        "POOL_SIZE": str(site.settings.read_pool_size),
        "JWT_SECRET": str(site.settings.jwt_secret),
        "JWT_ISSUER": site.settings.jwt_issuer,
        "JWT_AUDIENCE": site.settings.jwt_audience,
        "REMEMBERED_TOKENS": str(REMEMBERED_TOKENS),
        "PORT": str(port),
        "PROCESSES": str(processes),
    }
    return [str(node), str(folder / "server.mjs")], environment, POSTGRAPHILE


_LAUNCH = {ARCADIA: _arcadia, POSTGRAPHILE_5: _postgraphile, DATALOADER: _dataloader}


def _uvicorn(application: list[str], port: int, processes: int) -> list[str]:
    return [
        *(sys.executable, "-m", "uvicorn", *application, "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(processes), "--loop", "uvloop", "--http", "httptools"),
        *("--no-access-log", "--no-server-header", "--log-level", "warning", "--backlog", "512"),
    ]


def _our_environment(site: Site) -> dict[str, str]:
    return {
        "ARCADIA_ENVIRONMENT": "production",
        "ARCADIA_LOG_LEVEL": "WARNING",
        "ARCADIA_DATABASE_URL": site.cluster.serving_url,
        "ARCADIA_JWT_SECRET": str(site.settings.jwt_secret),
        "ARCADIA_LINK_SECRET": str(site.settings.jwt_secret),
        "ARCADIA_READ_POOL_SIZE": str(site.settings.read_pool_size),
        "ARCADIA_DATA_DIR": str(site.folder),
        "ARCADIA_RATE_LIMIT_BURST": "0",  # the others have no limit, and one caller asks as much as it can
    }


def free_port() -> int:
    """Returns a TCP port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
