"""Conditions that an operator meets: containers without a home folder, unusual data folders, ports in use, killed
processes.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tests.cli.command import ROOT, Command, Outcome
from tests.conftest import SECRET
from tests.faults.proxy import proxied

AS_NOBODY = (
    *("setpriv", "--reuid", "54321", "--clear-groups", "--securebits", "+no_setuid_fixup"),
    *("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"),
)
"""Runs a program as a user without an entry in passwd, who may read the files of the interpreter, wherever they are."""

MIGRATING = """
import sys
from app.cli import arcadia
sys.argv = ["arcadia", "migrate"]
arcadia(standalone_mode=False)
assert {"black", "piccolo.conf.apps"}.isdisjoint(sys.modules), "Piccolo's command line is imported"
"""


def only_line(outcome: Outcome) -> str:
    """Returns the command's only output before it ended with exit code 1: one line on standard error, without a
    traceback.
    """
    assert (outcome.code, outcome.out) == (1, ""), outcome.err
    (line,) = outcome.err.splitlines()
    return line


def announced(process: "subprocess.Popen[str]") -> str:
    """Returns the URL in its log."""
    assert process.stderr is not None
    messages = (str(json.loads(line)["message"]) for line in process.stderr)
    prefix = "ArcadiaCloud billing on "
    return next(message.removeprefix(prefix) for message in messages if message.startswith(prefix))


def count(arcadia: Command, table: str) -> int:
    with psycopg.connect(arcadia.environment["ARCADIA_DATABASE_URL"]) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    """Not under pytest's own folder, which other users may not enter: PostgreSQL runs as one."""
    with TemporaryDirectory(prefix="arcadia-operating-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_the_demo_does_not_run_in_production(arcadia: Command) -> None:
    link_secret = "a secret of links, thirty-two bytes or more"
    production = Command(
        {**arcadia.environment, "ARCADIA_ENVIRONMENT": "production", "ARCADIA_LINK_SECRET": link_secret}
    )
    assert only_line(production.here("demo")) == (
        "`arcadia demo` creates a tenant and prints a platform admin's token, so it is refused in production."
    )
    assert count(arcadia, "tenants") == 0


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root may become another user")
async def test_a_user_without_a_home_and_without_an_entry_in_passwd_migrates_and_checks(
    empty_database_url: str, empty_folder: Path
) -> None:
    async with proxied(empty_database_url) as proxy:  # over TCP, since the folder of the socket is closed to others
        environment = {
            "PATH": os.environ["PATH"],
            "ARCADIA_DATABASE_URL": proxy.url,
            "ARCADIA_DATA_DIR": str(empty_folder),
        }
        for program in (["-c", MIGRATING], ["-m", "app.cli", "check"]):
            process = await asyncio.create_subprocess_exec(
                *(*AS_NOBODY, sys.executable, *program),
                cwd=ROOT,
                env=environment,
                stderr=subprocess.PIPE,
            )
            _, err = await process.communicate()
            assert (process.returncode, b"Traceback" in err) == (0, False), err.decode()


def test_a_folder_with_a_space_holds_all_and_its_server_stops_after_a_kill(empty_folder: Path) -> None:
    data_dir, shared = empty_folder / "it's here", empty_folder / "shared"
    shared.mkdir(mode=0o777)
    embedded = Command({"ARCADIA_DATA_DIR": str(data_dir), "TMPDIR": str(shared), "XDG_RUNTIME_DIR": ""})
    serving = embedded.start("serve", "--port", "0")
    assert announced(serving).startswith("http://127.0.0.1:")
    serving.kill()
    serving.communicate()
    postmaster = data_dir / "postgres" / "postmaster.pid"
    assert postmaster.exists()
    outcome = embedded("migrate")
    assert (outcome.code, outcome.err) == (0, "")
    assert not postmaster.exists()
    assert list(shared.iterdir()) == []


def test_a_port_in_use_is_reported_before_anything_is_started(
    arcadia: Command, busy_port: int, empty_folder: Path
) -> None:
    embedded = Command({"ARCADIA_DATA_DIR": str(empty_folder / "data")})
    for command in (arcadia, embedded):
        assert only_line(command.here("serve", "--port", str(busy_port))) == (
            f"127.0.0.1:{busy_port} is in use: stop the program that listens there, or choose another --port."
        )
    assert not (empty_folder / "data" / "postgres").exists()


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("nowhere.invalid", "--host nowhere.invalid cannot be resolved: "),
        ("203.0.113.1", "--host 203.0.113.1 is not an address of this machine."),
    ],
)
def test_a_host_of_another_machine_is_reported_before_anything_is_started(
    empty_folder: Path, host: str, said: str
) -> None:
    embedded = Command({"ARCADIA_DATA_DIR": str(empty_folder / "data")})
    assert only_line(embedded.here("serve", "--host", host, "--port", "0")).startswith(said)
    assert not (empty_folder / "data" / "postgres").exists()


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"]])
def test_a_port_of_metrics_that_is_taken_is_reported(arcadia: Command, busy_port: int, command: list[str]) -> None:
    measured = Command({**arcadia.environment, "ARCADIA_METRICS_PORT": str(busy_port)})
    assert only_line(measured.here(*command)) == (
        f"The metrics cannot be served on ARCADIA_METRICS_HOST 127.0.0.1 and ARCADIA_METRICS_PORT {busy_port}:"
        " Address already in use."
    )


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["serve", "--no-worker", "--port", "0"], ["worker"]])
def test_an_unavailable_redis_is_reported_before_anything_is_started(empty_folder: Path, command: list[str]) -> None:
    embedded = Command(
        {"ARCADIA_DATA_DIR": str(empty_folder / "data"), "ARCADIA_QUEUE_URL": "redis://:hidden@127.0.0.1:1/0"}
    )
    line = only_line(embedded.here(*command))
    assert line.startswith("Redis at 127.0.0.1:1/0 cannot be reached: ")
    assert "hidden" not in line
    assert not (empty_folder / "data" / "postgres").exists()


def test_an_address_of_ipv6_is_announced_in_brackets_with_its_port(arcadia: Command) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    serving = arcadia.start("serve", "--host", "::1", "--port", "0", "--no-worker")
    try:
        port = announced(serving).removeprefix("http://[::1]:").removesuffix("/graphql")
        with socket.create_connection(("::1", int(port)), timeout=10):
            pass
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=30)
    assert serving.returncode == 0


@pytest.mark.parametrize(
    "command", [["check"], ["usage-totals"], ["rollup", "2026-04"], ["token", "--role", "meter", "--tenant", "a"]]
)
def test_only_commands_that_begin_something_make_a_database(empty_folder: Path, command: list[str]) -> None:
    elsewhere = Command({"ARCADIA_DATA_DIR": str(empty_folder / "data"), "ARCADIA_JWT_SECRET": SECRET})
    assert only_line(elsewhere.here(*command)) == (
        f"There is no database in {empty_folder / 'data'}: set ARCADIA_DATABASE_URL, or ARCADIA_DATA_DIR to the folder"
        " that has one; `arcadia migrate` creates a new one."
    )
    assert list(empty_folder.iterdir()) == []


@pytest.mark.parametrize("command", ["check", "usage-totals"])
def test_a_check_says_which_database_it_looks_at(arcadia: Command, command: str) -> None:
    outcome = arcadia.here(command)
    name = arcadia.environment["ARCADIA_DATABASE_URL"].partition("?")[0].rpartition("/")[2]
    assert outcome.code == 0
    line, *_ = outcome.err.splitlines()
    assert line.startswith("Using the database ")
    assert line.endswith(f"/{name}.")


def test_the_version_is_printed(arcadia: Command) -> None:
    outcome = arcadia("--version")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"arcadia {metadata.version('arcadia-billing')}\n", "")
