"""The worker in this process: the jobs that it takes from the queue, and its scheduled jobs."""

import asyncio
from datetime import date
from typing import Any

from app.jobs import create_worker
from app.operations.billing_months import unbilled_months
from app.operations.rollups import roll_up_period
from app.worker import working
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, counts, invoices, subscribed
from tests.queues import either_queue

pytestmark = either_queue


async def finished(given: Given, expected_runs: int = 1) -> list[dict[str, Any]]:
    """The runs, once so many of them are finished."""
    async with asyncio.timeout(30):
        while True:
            runs = await given.rows("SELECT * FROM rollup_runs ORDER BY period_start, id")
            if len(runs) == expected_runs and all(run["finished_at"] for run in runs):
                return runs
            await asyncio.sleep(0.05)


async def test_a_run_that_was_asked_for_is_done_by_the_worker(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    async with working(given.platform, catching_up=False):
        await roll_up_period(given.platform, period_start=APRIL)
        (run,) = await finished(given)
    assert (run["requested_by"], run["invoices_created"]) == ("platform_admin@example.com", 1)


async def test_a_run_asked_for_while_no_worker_ran_waits_for_one(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    await roll_up_period(given.platform, period_start=APRIL)
    async with working(given.platform, catching_up=False):
        (run,) = await finished(given)
    assert counts(run)["created"] == 1


async def test_a_worker_stopped_for_three_months_bills_each_once_when_it_starts(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    given.clock.set(2026, 7, 2)
    async with working(given.platform):
        runs = await finished(given, expected_runs=3)
    assert (await unbilled_months(given.platform, first=10)).months == []
    async with working(given.platform):
        assert await finished(given, expected_runs=3) == runs
    assert [(run["period_start"], run["requested_by"], run["status"]) for run in runs] == [
        (month, "system:rollup", "SUCCEEDED") for month in (APRIL, MAY, date(2026, 6, 1))
    ]
    for month in (APRIL, MAY, date(2026, 6, 1)):
        assert [invoice["revision"] for invoice in await invoices(given, month)] == [1]


async def test_a_job_of_a_run_that_is_gone_or_done_does_nothing(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    async with working(given.platform, catching_up=False):
        run_id = await roll_up_period(given.platform, period_start=APRIL)
        (before,) = await finished(given)
        await given.queue.enqueue("roll_up_chunk", "again", run_id=str(run_id), position=0)
        await given.queue.enqueue("roll_up_chunk", "no such", run_id=str(before["id"]), position=7)
        await given.queue.enqueue("roll_up_chunk", "no run", run_id="019d4500-0000-7000-8000-000000000000", position=0)
        async with asyncio.timeout(10):
            for key in ("again", "no such", "no run"):
                job = await given.queue.saq.job(f"arcadia:roll_up_chunk:{key}")
                while job is not None and job.status != "complete":
                    await asyncio.sleep(0.05)
                    await job.refresh()
    assert await finished(given) == [before]


async def test_the_clock_rolls_up_on_the_first_at_three_and_catches_up_daily(given: Given) -> None:
    worker = create_worker(given.platform)
    crons = {job.function.__qualname__: (job.cron, job.timeout, job.heartbeat, job.retries) for job in worker.cron_jobs}
    assert (
        crons.items()
        >= {
            "roll_up_month_end": ("0 3 1 * *", 600, 15, 3),
            "catch_up": ("30 4 * * *", 600, 15, 3),
            "resume": ("*/5 * * * *", 600, 15, 3),
            "run_dunning": ("*/5 * * * *", 600, 15, 3),
            "issue_due_months": ("30 5 * * *", 600, 15, 3),
            "resume_issue_runs": ("*/5 * * * *", 600, 15, 3),
            "deliver_events_again": ("* * * * *", 600, 15, 3),
        }.items()
    )
    assert len(crons) == len(worker.cron_jobs), "SAQ would run two of one name as one"
    assert worker.functions.keys() == {
        *crons,
        "roll_up_chunk",
        "evaluate_dunning",
        "issue_chunk",
        "render_documents",
        "deliver_events",
        "push_to_finance",
        "reconcile_finance",
    }
