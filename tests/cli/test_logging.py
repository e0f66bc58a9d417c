"""The log of the processes: one structured line for each request and two for each job, and no needless warnings."""

import asyncio
import json
import signal
import urllib.error
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID

from app.operations.rollups import roll_up_run
from tests.cli.command import Command
from tests.faults.tenants import seed
from tests.jobs.conftest import given, queue, queue_settings
from tests.operations.given import Given
from tests.operations.months import APRIL

__all__ = ["given", "queue", "queue_settings"]

QUERY = "query Mine { viewer { subject } }"


EXPECTED = "app.database.self_check"
"""The logger that warns of the tests' login, a superuser."""


def parsed(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    return (line for line in map(json.loads, lines) if line["logger"] != EXPECTED)


@contextmanager
def running(arcadia: Command, *command: str) -> Iterator[tuple[Iterator[dict[str, Any]], list[dict[str, Any]]]]:
    """The lines that a process logs, and at the end all those left; it was told to stop, and ended with 0."""
    process = arcadia.start(*command)
    left: list[dict[str, Any]] = []
    assert process.stderr is not None
    try:
        yield parsed(process.stderr), left
    finally:
        process.send_signal(signal.SIGTERM)
        left += parsed(process.communicate(timeout=60)[1].splitlines())
    assert process.returncode == 0


def ask(url: str, token: str, **headers: str) -> int:
    body = json.dumps({"query": QUERY}).encode()
    given = {"content-type": "application/json", "authorization": f"Bearer {token}", **headers}
    try:
        status: int = urlopen(Request(url, data=body, headers=given), timeout=20).status  # noqa: S310 - ours
    except urllib.error.HTTPError as refused:
        return refused.code
    return status


def test_a_request_is_one_line_whatever_it_holds(arcadia: Command) -> None:
    token = arcadia("token", "--role", "platform_admin", "--subject", 'ada", {"level":"ERROR"}').out.strip()
    with running(arcadia, "serve", "--port", "0") as (lines, left):
        message = next(line["message"] for line in lines if line["logger"] == "app.cli.serving")
        url = message.removeprefix("ArcadiaCloud billing on ")
        assert ask(url, token, **{"x-request-id": "r-1"}) == 200
        assert ask(url, "wrong", **{"x-request-id": "r-2"}) == 401
        assert ask(f"{url}/a%0Ab", token, **{"x-request-id": "r-3"}) == 404
        assert urlopen(url.replace("/graphql", "/ready"), timeout=20).status == 200  # noqa: S310 - ours
    assert [line for line in left if line["level"] != "INFO"] == []
    requests = {line.pop("request_id"): line for line in left if line["message"] == "request"}
    assert sorted(requests) == ["r-1", "r-2", "r-3"]
    for line in requests.values():
        assert line.pop("time")
        assert line.pop("duration_ms") > 0
        assert (line.pop("level"), line.pop("logger"), line.pop("message")) == (
            "INFO",
            "app.server.request_log",
            "request",
        )
    assert requests["r-1"] == {
        "method": "POST",
        "path": "/graphql",
        "operation": "Mine",
        "status": 200,
        "subject": 'ada", {"level":"ERROR"}',
        "cost": 1,
    }
    assert requests["r-2"] == {"method": "POST", "path": "/graphql", "status": 401, "code": "UNAUTHENTICATED"}
    assert requests["r-3"] == {"method": "POST", "path": "/graphql/a\nb", "status": 404, "code": "NOT_FOUND"}


def test_a_worker_logs_its_jobs_and_no_warning_when_it_stops(arcadia: Command) -> None:
    with running(arcadia, "worker") as (lines, left):
        seen = [next(lines), next(lines)]
    started, done = seen
    assert (started["message"], done["message"], done["attempt"]) == ("job started", "job done", 1)
    assert started["job"] == done["job"] == "catch_up"
    assert started["job_id"] == done["job_id"] == "arcadia:catch_up:start"
    assert (done["counts"], done["duration_ms"] > 0) == ({"plan_changes": 0, "runs": 0}, True)
    assert [line for line in seen + left if line["level"] != "INFO"] == []


async def test_a_run_prints_its_id_and_a_repeated_run_why_it_skipped(given: Given, arcadia: Command) -> None:
    await seed(given.database, 2, await given.plan(), APRIL)
    enqueued = await asyncio.to_thread(arcadia, "rollup", "2026-04", "--enqueue")
    run_id = enqueued.out.splitlines()[0].removeprefix("run ")
    assert (enqueued.code, enqueued.out.splitlines()[1]) == (0, "status queued")
    await roll_up_run(given.platform, run_id=UUID(run_id))
    again = await asyncio.to_thread(arcadia, "rollup", "2026-04")
    assert (again.code, again.err) == (0, "")
    assert again.out.splitlines()[1:] == [
        "status succeeded",
        "tenants 2 of 2",
        "created 0",
        "replaced 0",
        "skipped 2",
        "skipped, has a draft (--force rates it again) 2",
        "failed 0",
        "total $0.00",
    ]
