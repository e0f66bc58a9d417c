"""Issue runs by the worker: those that were asked for, and those of the clock."""

import asyncio
from dataclasses import replace
from typing import Any

from saq import Job

from app.jobs.context import JobContext
from app.jobs.issue_runs import issue_due_months, resume_issue_runs
from app.operations.issue_runs import issue_invoices
from app.worker import working
from tests.operations.given import Given
from tests.operations.months import APRIL, invoices, roll_up, subscribed


async def finished(given: Given) -> dict[str, Any]:
    """The run, once it is finished."""
    async with asyncio.timeout(30):
        while True:
            run = await given.row("SELECT * FROM issue_runs")
            if run["finished_at"]:
                return run
            await asyncio.sleep(0.05)


def of_the_clock(given: Given, **settings: Any) -> JobContext:
    """What the clock's jobs are given."""
    operations = replace(given.platform, settings=replace(given.settings, **settings))
    return {"operations": operations, "rating_lock": asyncio.Lock(), "job": Job("a job of the clock")}  # type: ignore[typeddict-item]  # no worker


async def test_a_run_that_was_asked_for_is_done_by_the_worker(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    await roll_up(given)
    async with working(given.platform, catching_up=False):
        await issue_invoices(given.platform, period_start=APRIL)
        run = await finished(given)
    assert (run["requested_by"], run["invoices_issued"], run["status"]) == (
        "platform_admin@example.com",
        1,
        "SUCCEEDED",
    )
    assert [row["number"] for row in await invoices(given)] == ["INV-2026-000001"]


async def test_the_clock_issues_what_is_due_and_resumes_what_was_lost(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    await roll_up(given)
    given.clock.set(2026, 5, 4)
    assert await issue_due_months(of_the_clock(given)) == {"runs": 0}
    assert await issue_due_months(of_the_clock(given, issue_after_days=3)) == {"runs": 1}
    assert await resume_issue_runs(of_the_clock(given)) == {"chunks": 1}
    async with working(given.platform, catching_up=False):
        assert (await finished(given))["invoices_issued"] == 1
    assert await resume_issue_runs(of_the_clock(given)) == {"chunks": 0}
