import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import saq
from saq.queue.postgres import ENQUEUE, PostgresQueue
from saq.types import Context
from saq.utils import now

import app.queue
from app.database import Database, DatabaseUnavailable
from app.queue import Queue, heartbeat
from app.settings import Settings
from tests.queues import QUEUES, empty_queue, settings_of


@pytest.fixture(params=QUEUES)
async def queue(request: pytest.FixtureRequest, settings: Settings, database: Database) -> AsyncIterator[Queue]:
    async with empty_queue(settings_of(request.param, settings, request)) as queue:
        await queue.saq.sweep()  # on Redis the next is not due at once
        yield queue


async def work(queue: Queue) -> list[Any]:
    """A worker that runs what is there, and gives the arguments that it was called with, each once: SAQ promises
    a job at least one run, and on Redis a sweep at start takes a fresh one for stuck.
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


async def test_an_enqueued_job_runs_with_its_arguments(queue: Queue) -> None:
    assert await queue.enqueue("note", "april", period="2026-04", chunk=3)
    assert await work(queue) == [{"period": "2026-04", "chunk": 3}]


async def test_the_same_job_enqueued_twice_is_one_job_with_explicit_limits(queue: Queue) -> None:
    assert await queue.enqueue("note", "twice", n=1)
    assert await queue.enqueue("note", "twice", n=2)
    assert await queue.enqueue("note", "other", n=3)
    assert await queue.saq.count("queued") == 2
    job = await queue.saq.job("arcadia:note:twice")
    assert job is not None
    assert (job.kwargs, job.timeout, job.retries, job.heartbeat) == ({"n": 1}, 600, 3, 15)
    assert sorted(run["n"] for run in await work(queue)) == [1, 3]


@pytest.mark.parametrize("steps_between", range(6))
async def test_a_worker_that_waits_for_jobs_can_be_cancelled_whatever_arrives_just_then(
    settings: Settings, database: Database, steps_between: int
) -> None:
    async with empty_queue(settings) as queue:
        assert isinstance(queue.saq, PostgresQueue)
        waiting = asyncio.create_task(queue.saq.dequeue())
        async with asyncio.timeout(5):
            while not queue.saq._listener._subscriptions:  # noqa: ASYNC110 - SAQ tells no one
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            queue.saq._listener.publish(ENQUEUE, ENQUEUE)
            for _ in range(steps_between):
                await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
            assert waiting.result() is None


async def test_jobs_without_a_heartbeat_are_given_to_others_within_seconds(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as some killed workers were running, even if another sweep ran or was interrupted a moment before."""
    monkeypatch.setattr(app.queue, "HEARTBEAT_SECONDS", 1)
    for number in range(9):
        await queue.enqueue("note", f"silent {number}", n=number)
        job = await queue.saq.dequeue(timeout=1)
        assert job is not None
        await job.update(status=saq.Status.ACTIVE, started=now(), touched=now())
    await queue.saq.sweep()
    swept: set[str] = set()
    async with asyncio.timeout(10):
        while len(swept) < 9:
            swept |= set(await queue.saq.sweep())
            await asyncio.sleep(0.1)
    assert await queue.saq.count("incomplete") == 9


async def test_a_job_enqueued_right_after_the_same_one_ended_runs(queue: Queue) -> None:
    for number in (1, 2, 3):
        assert await queue.enqueue("note", "again", n=number)
        assert await work(queue) == [{"n": number}]


async def test_a_lost_enqueue_is_logged_and_not_raised(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with Queue(settings) as queue:
        await queue.saq.pool.close()  # type: ignore[attr-defined]  # the pool of the PostgreSQL queue
        assert not await queue.enqueue("note", "lost")
    assert "Job note could not be enqueued" in caplog.text


async def test_an_unavailable_queue_is_reported_in_one_line(settings: Settings, tmp_path: Path) -> None:
    away = replace(settings, database_url=f"postgresql://nobody@/arcadia?host={tmp_path}", connect_timeout=1)
    with pytest.raises(DatabaseUnavailable, match="gave the queue no connection in time"):
        async with Queue(away):
            pass
    with pytest.raises(DatabaseUnavailable, match=r"Redis at 127\.0\.0\.1:1/0 cannot be reached"):
        async with Queue(replace(settings, queue_url="redis://127.0.0.1:1/0")):
            pass
