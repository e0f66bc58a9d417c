"""The catch-up of months that were not billed in time, and of unfinished chunks."""

import asyncio
from datetime import date

import pytest

from app.billing import DeploymentState
from app.operations.deployments import transition_deployment
from app.operations.rollups import catch_up, resume, roll_up_period, roll_up_run
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, invoices, roll_up, subscribed, unbilled

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


async def runs(given: Given) -> list[tuple[date, str, int]]:
    rows = await given.rows("SELECT period_start, status, tenants_total FROM rollup_runs ORDER BY period_start, id")
    return [(row["period_start"], row["status"], row["tenants_total"]) for row in rows]


async def finish_all(given: Given) -> None:
    for row in await given.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL ORDER BY id"):
        await roll_up_run(given.platform, run_id=row["id"])


async def test_three_months_away_bills_each_month_once(given: Given) -> None:
    await given.plan()
    stays, _ = await subscribed(given, "stays")
    leaves, leaving = await subscribed(given, "leaves")
    given.clock.set(2026, 5, 20)
    await transition_deployment(given.platform, deployment_id=leaving, to=DeploymentState.CANCELLED)
    given.clock.set(2026, 8, 3)
    waiting = "no rollup has rated it yet"
    assert sorted(await unbilled(given)) == sorted(
        [(tenant, month, waiting) for tenant in (stays, leaves) for month in (APRIL, MAY)]
        + [(stays, month, waiting) for month in (JUNE, JULY)]
    )

    await catch_up(given.platform)
    assert await runs(given) == [(APRIL, "QUEUED", 2), (MAY, "QUEUED", 2), (JUNE, "QUEUED", 1), (JULY, "QUEUED", 1)]
    assert {reason for _, _, reason in await unbilled(given)} == {"a rollup is in progress"}
    await finish_all(given)

    assert await unbilled(given) == []
    for month, billed in (
        (APRIL, ["leaves", "stays"]),
        (MAY, ["leaves", "stays"]),
        (JUNE, ["stays"]),
        (JULY, ["stays"]),
    ):
        assert [invoice["code"] for invoice in await invoices(given, month)] == billed
    await catch_up(given.platform)
    assert len(await runs(given)) == 4


async def test_many_catch_ups_at_once_start_one_run_a_month(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    given.clock.set(2026, 6, 2)
    await asyncio.gather(*(catch_up(given.platform) for _ in range(8)))
    assert await runs(given) == [(APRIL, "QUEUED", 1), (MAY, "QUEUED", 1)]


async def test_only_who_is_unbilled_is_in_the_run(given: Given) -> None:
    await given.plan()
    first, _ = await subscribed(given, "first")
    await subscribed(given, "second")
    await roll_up(given, tenant_ids=[first])
    await catch_up(given.platform)
    assert await runs(given) == [(APRIL, "SUCCEEDED", 1), (APRIL, "QUEUED", 1)]
    await finish_all(given)
    assert [invoice["code"] for invoice in await invoices(given)] == ["first", "second"]


async def test_a_run_that_a_dry_run_covers_is_due_all_the_same(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    await roll_up_period(given.platform, period_start=APRIL, dry_run=True)
    await catch_up(given.platform)
    assert await runs(given) == [(APRIL, "QUEUED", 1), (APRIL, "QUEUED", 1)]


@pytest.mark.parametrize(("hour", "months"), [(2, []), (3, [APRIL])])
async def test_a_month_is_left_to_its_last_usage_until_three(given: Given, hour: int, months: list[date]) -> None:
    await given.plan()
    await subscribed(given)
    given.clock.set(2026, 5, 1, hour)
    await catch_up(given.platform)
    assert [month for month, _, _ in await runs(given)] == months
    assert [month for _, month, _ in await unbilled(given)] == [APRIL]


async def test_open_chunks_are_enqueued_again_and_finished_ones_are_not(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    done = await roll_up(given)
    open_run = await roll_up_period(given.platform, period_start=APRIL, dry_run=True)
    async with given.queue.saq.pool.connection() as connection:  # type: ignore[attr-defined]  # of the PostgreSQL queue
        await connection.execute("DELETE FROM saq_jobs")  # all jobs are lost

    await resume(given.platform)

    async with given.queue.saq.pool.connection() as connection:  # type: ignore[attr-defined]  # of the PostgreSQL queue
        keys = await (await connection.execute("SELECT key FROM saq_jobs")).fetchall()
    assert keys == [(f"arcadia:roll_up_chunk:{open_run}:0",)]
    assert done["status"] == "SUCCEEDED"
    await catch_up(given.platform)
    assert len(await runs(given)) == 2
