"""The commands of docs/operations.md run in their order, on a server where nothing is set up."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from app.database import embedded
from tests.conftest import SECRET
from tests.database.owners import run
from tests.proxy.nginx import free_port

pytestmark = [pytest.mark.servers, pytest.mark.heavy]  # once in `make test-postgresql`: the server is its own
PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"(?m)^    (\S.*)$", PAGE)
OUTPUT = [line for block in re.findall(r"(?ms)^```\n(.*?)^```$", PAGE) for line in block.splitlines()]
FIRST_OF_A_RUNNING_SYSTEM = "arcadia --version"
URL = re.compile(r"postgresql://(\w+:[\w-]+)@db\.example\.com:5432/(\w+)\?[^\"]+")
DEMO = {"ARCADIA_ENVIRONMENT": "development", "ARCADIA_JWKS_URL": "", "ARCADIA_JWT_SECRET": SECRET}


class Operator:
    """Carries out the commands as a shell would, with our programs first on its PATH."""

    def __init__(self, server_url: str, folder: Path) -> None:
        self.server_url = server_url
        self._folder = folder
        self._environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ARCADIA_DATA_DIR": str(folder / "none yet"),
        }
        self._processes: list[subprocess.Popen[str]] = []
        self.output: list[str] = []

    def carry_out(self, command: str) -> None:
        setting = re.fullmatch(r'(?:export )?(ARCADIA_\w+)=("[^"]*"|\S+)', command)
        if command.endswith(";"):
            run(self.server_url, command)
        elif setting:
            self._environment[setting[1]] = setting[2].strip('"')
        elif re.search(r"arcadia (serve|worker)\b", command):
            self._processes.append(self._start(f"exec env {command}"))
        else:
            self.run(command)

    def run(self, command: str, **settings: str) -> None:
        process = self._start(command, **settings)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, (command, out, err)
        self.output += [" ".join(line.split()) for line in out.splitlines()]

    def stop(self) -> None:
        """Stops the processes that go on, and expects them to end well."""
        stopped, self._processes = self._processes, []
        for process in stopped:
            process.send_signal(signal.SIGTERM)
        ended = [(process.communicate(timeout=60)[1], process.returncode) for process in stopped]
        assert [code for _, code in ended] == [0] * len(stopped), ended

    def _start(self, command: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["/bin/bash", "-c", command],
            cwd=self._folder,
            env={**self._environment, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    """Not under pytest's own folder, which every run of pytest closes again to the user that PostgreSQL runs as."""
    with TemporaryDirectory(prefix="arcadia-operations-") as folder, ExitStack() as opened:
        server = embedded.start(Path(folder))
        opened.callback(server.stop)
        own = Operator(server.url(), tmp_path)
        opened.callback(own.stop)
        yield own


def on_this_machine(command: str, server_url: str, ports: dict[str, int]) -> str:
    """The command with this server's address, free ports, and the year in which the demo's invoice is issued."""
    server = urlsplit(server_url)
    host = server.netloc.rpartition("@")[2]
    command = URL.sub(lambda url: server._replace(netloc=f"{url[1]}@{host}", path=f"/{url[2]}").geturl(), command)
    for port, free in ports.items():
        command = re.sub(rf"\b{port}\b", str(free), command)
    return command.replace("INV-2026-", f"INV-{datetime.now(UTC).year}-").replace(
        "curl ", "curl --silent --retry 60 --retry-delay 1 --retry-connrefused "
    )


def test_the_commands_of_the_page_run(operator: Operator) -> None:
    assert len(COMMANDS) == 39
    ports = {port: free_port() for port in ("8000", "9464", "9465")}
    for command in COMMANDS:
        if command == FIRST_OF_A_RUNNING_SYSTEM:
            operator.stop()
            operator.run("arcadia demo", **DEMO)
        operator.carry_out(on_this_machine(command, operator.server_url, ports))
    assert len(OUTPUT) == 10
    assert [line for line in OUTPUT if line not in operator.output] == []
