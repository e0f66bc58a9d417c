"""Tests the stock server, started in the same way as the others."""

import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.reads.processes import running, wait_for_port
from bench.reads.servers import Server, Site

_ROOT = Path(__file__).parent.parent.parent
_START_SECONDS = 60


@contextmanager
def stock(site: Site, cores: Sequence[int]) -> Iterator[Server]:
    """Runs stock.py under uvicorn; its log is shown if it does not start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        *(sys.executable, "-m", "uvicorn", "--factory", "bench.usage.stock:create_app"),
        *("--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop", "--http", "httptools"),
        *("--no-access-log", "--log-level", "warning"),
    ]
    environment = {
        **os.environ,
        "ARCADIA_DATABASE_URL": site.cluster.serving_url,
        "ARCADIA_JWT_SECRET": str(site.settings.jwt_secret),
        "ARCADIA_DATA_DIR": str(site.folder),
    }
    log = site.folder / "stock.log"
    with running(command, environment, log, cores, _ROOT) as process:
        try:
            wait_for_port(port, process, _START_SECONDS)
        except (TimeoutError, ChildProcessError) as error:
            raise RuntimeError(f"stock does not start: {error}\n{log.read_text(errors='replace')[-2000:]}") from error
        yield Server("stock", port, process, _ROOT)
