import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import saq
from saq.types import Context

from app.database import Database, DatabaseUnavailable
from app.queue import Queue, heartbeat
from app.settings import Settings


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of the test's own, where the machine has the program."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    with subprocess.Popen(
        [program, "--port", str(port), "--save", "", "--dir", str(folder)], stdout=subprocess.DEVNULL
    ) as server:
        wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


def wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise AssertionError("nothing listens after ten seconds")


@pytest.fixture(params=["postgresql", "redis"])
async def queue(request: pytest.FixtureRequest, settings: Settings, database: Database) -> AsyncIterator[Queue]:
    if request.param == "redis":
        settings = replace(settings, queue_url=request.getfixturevalue("redis_url"))
    async with Queue(settings) as queue:
        yield queue


async def work(queue: Queue) -> list[Any]:
    """A worker that runs what is there, and gives the arguments that it was called with, each once: SAQ promises
    a job at least one run, and on Redis its sweep at start now and then takes a fresh one for stuck.
    """
    runs: list[Any] = []

    async def note(context: Context, **arguments: Any) -> None:
        async with heartbeat(context["job"]):
            if arguments not in runs:
                runs.append(arguments)

    worker: saq.Worker[Context] = saq.Worker(
        queue.saq, functions=[("note", note)], concurrency=1, dequeue_timeout=0.1, shutdown_grace_period_s=1
    )
    working = asyncio.create_task(worker.start())
    async with asyncio.timeout(20):
        while not runs or await queue.saq.count("incomplete"):  # noqa: ASYNC110 - the worker tells no one
            await asyncio.sleep(0.02)
    await worker.stop()
    await working
    return runs


async def test_a_ring_is_run_with_its_arguments(queue: Queue) -> None:
    assert await queue.ring("note", "april", period="2026-04", chunk=3)
    assert await work(queue) == [{"period": "2026-04", "chunk": 3}]


async def test_the_same_ring_twice_is_one_job_with_explicit_limits(queue: Queue) -> None:
    assert await queue.ring("note", "twice", n=1)
    assert await queue.ring("note", "twice", n=2)
    assert await queue.ring("note", "other", n=3)
    assert await queue.saq.count("queued") == 2
    job = await queue.saq.job("arcadia:note:twice")
    assert job is not None
    assert (job.kwargs, job.timeout, job.retries, job.heartbeat) == ({"n": 1}, 600, 3, 15)
    assert sorted(run["n"] for run in await work(queue)) == [1, 3]


async def test_a_ring_right_after_the_same_job_ended_is_heard(queue: Queue) -> None:
    for number in (1, 2, 3):
        assert await queue.ring("note", "again", n=number)
        assert await work(queue) == [{"n": number}]


async def test_a_lost_ring_is_logged_and_not_raised(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with Queue(settings) as queue:
        await queue.saq.pool.close()  # type: ignore[attr-defined]  # the pool of the PostgreSQL queue
        assert not await queue.ring("note", "lost")
    assert "A ring of note was lost" in caplog.text


async def test_a_queue_that_is_away_is_told_in_one_line(settings: Settings, tmp_path: Path) -> None:
    away = replace(settings, database_url=f"postgresql://nobody@/arcadia?host={tmp_path}", connect_timeout=1)
    with pytest.raises(DatabaseUnavailable, match="gives the queue no connection"):
        async with Queue(away):
            pass
    with pytest.raises(DatabaseUnavailable, match=r"Redis at 127\.0\.0\.1:1/0 cannot be reached"):
        async with Queue(replace(settings, queue_url="redis://127.0.0.1:1/0")):
            pass
