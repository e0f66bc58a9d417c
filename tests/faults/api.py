"""`arcadia serve` in processes that tests can kill, stop and start again, each on its own port."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx

from app.operations.calls.principal import Role
from app.server.signing import sign_token
from app.settings import Settings

ROOT = Path(__file__).parents[2]


class Api:
    """One process of the API, by the real clock. Started again it has the same port."""

    def __init__(self, settings: Settings, log: Path, *arguments: str, **environment: str) -> None:
        self.settings = settings
        self.port = _free_port()
        self._log = log
        self._command = [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port), *arguments]
        self._environment = os.environ | {
            "ARCADIA_DATABASE_URL": str(settings.database_url),
            "ARCADIA_DATA_DIR": str(settings.data_dir),
            "ARCADIA_JWT_SECRET": str(settings.jwt_secret),
            "ARCADIA_LOG_LEVEL": "WARNING",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Returns everything it has written to standard error, over all its restarts."""
        return self._log.read_text()

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def memory(self, line: str = "VmRSS") -> int:
        """Returns the bytes of memory that the process uses now, or its peak so far (VmHWM)."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.partition(f"{line}:")[2].split()[0])

    def client(
        self, role: Role = Role.PLATFORM_ADMIN, tenant_id: UUID | None = None, *, timeout: float = 60
    ) -> httpx.AsyncClient:
        token = sign_token(self.settings, "ada", {role}, tenant_id, timedelta(hours=1), datetime.now(UTC))
        limits = httpx.Limits(max_connections=None)
        return httpx.AsyncClient(
            base_url=self.url, headers={"authorization": f"Bearer {token}"}, timeout=timeout, limits=limits
        )

    async def start(self) -> None:
        """Starts the process and waits until it listens."""
        with self._log.open("ab") as log:
            self.process = await asyncio.to_thread(
                subprocess.Popen, self._command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stderr=log
            )
        async with asyncio.timeout(60), httpx.AsyncClient(base_url=self.url) as client:
            while not await _answers(client):
                if self.process.poll() is not None:
                    raise RuntimeError(f"the API did not start: {self.log}")
                await asyncio.sleep(0.05)

    async def end(self, by: signal.Signals = signal.SIGKILL) -> int:
        """Sends the signal and waits: the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(by)
        return await asyncio.to_thread(self.process.wait, 60)


@asynccontextmanager
async def apis(settings: Settings, folder: Path, count: int = 1, *arguments: str) -> AsyncIterator[list[Api]]:
    """Starts this number of API processes without a worker, and kills them at the end."""
    started = [Api(settings, folder / f"api-{number}.log", "--no-worker", *arguments) for number in range(count)]
    try:
        await asyncio.gather(*(api.start() for api in started))
        yield started
    finally:
        await asyncio.gather(*(api.end() for api in started))


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
