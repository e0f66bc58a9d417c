"""Concurrent rollups: runs over the same month, several processes on the same chunk, and usage that is recorded
meanwhile.
"""

import asyncio

import pytest

from app.operations.invoices import issue_invoice, verify_invoice
from app.operations.rollups import chunk, roll_up_chunk, roll_up_period, roll_up_run, starting
from tests.operations.given import Given
from tests.operations.months import APRIL, counts, invoices, meter, roll_up, subscribed

TENANTS = 30


@pytest.fixture
async def tenants(given: Given) -> None:
    await given.plan()
    for number in range(TENANTS):
        await subscribed(given, f"tenant-{number:02}")


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "CHUNK_TENANTS", 10)
    monkeypatch.setattr(chunk, "BATCH_TENANTS", 4)


async def sums(given: Given) -> list[dict[str, object]]:
    """Returns the counters of runs that differ from the sums over the run's outcomes, with those sums."""
    return await given.rows(
        """
        SELECT r.id FROM rollup_runs r LEFT JOIN LATERAL (
            SELECT count(*) AS done, count(*) FILTER (WHERE outcome = 'CREATED') AS created,
                   count(*) FILTER (WHERE outcome = 'REPLACED') AS replaced,
                   count(*) FILTER (WHERE outcome = 'SKIPPED') AS skipped,
                   count(*) FILTER (WHERE outcome = 'FAILED') AS failed,
                   coalesce(sum(total_cents), 0) AS total
            FROM rollup_outcomes WHERE run_id = r.id
        ) o ON true
        WHERE (r.tenants_done, r.invoices_created, r.invoices_replaced, r.invoices_skipped, r.invoices_failed,
               r.total_cents) IS DISTINCT FROM (o.done, o.created, o.replaced, o.skipped, o.failed, o.total)
           OR r.tenants_done <> r.tenants_total OR r.status <> 'SUCCEEDED'
        """
    )


@pytest.mark.usefixtures("tenants")
async def test_twenty_runs_at_once_make_one_invoice_a_tenant(given: Given) -> None:
    async def run() -> None:
        run_id = await roll_up_period(given.platform, period_start=APRIL)
        await roll_up_run(given.platform, run_id=run_id)

    await asyncio.gather(*(run() for _ in range(20)))

    assert [invoice["revision"] for invoice in await invoices(given)] == [1] * TENANTS
    total = await given.row(
        "SELECT sum(invoices_created) AS created, sum(invoices_skipped) AS skipped FROM rollup_runs"
    )
    assert total == {"created": TENANTS, "skipped": 19 * TENANTS}
    assert await sums(given) == []


@pytest.mark.usefixtures("tenants")
async def test_forced_and_plain_runs_at_once_leave_one_live_invoice_a_tenant(given: Given) -> None:
    await roll_up(given)
    for invoice in (await invoices(given))[::2]:
        await issue_invoice(given.platform, invoice_id=invoice["id"])

    await asyncio.gather(*(roll_up(given, force=number % 2 == 0) for number in range(6)))

    live = [invoice["code"] for invoice in await invoices(given) if invoice["status"] != "VOID"]
    assert len(live) == len(set(live)) == TENANTS
    assert await sums(given) == []


@pytest.mark.usefixtures("tenants")
async def test_a_chunk_taken_by_several_at_once_is_done_once(given: Given) -> None:
    run_id = await roll_up_period(given.platform, period_start=APRIL)
    await asyncio.gather(
        *(roll_up_chunk(given.platform, run_id=run_id, position=position) for position in (0, 1, 2) for _ in range(4))
    )
    assert len(await invoices(given)) == TENANTS
    assert await sums(given) == []


@pytest.mark.usefixtures("tenants")
async def test_a_chunk_cut_short_is_finished_by_the_next_to_take_it(given: Given) -> None:
    run_id = await roll_up_period(given.platform, period_start=APRIL)
    taken = asyncio.create_task(roll_up_run(given.platform, run_id=run_id))
    while not 0 < (run := await given.row("SELECT * FROM rollup_runs"))["tenants_done"] < TENANTS:
        assert not taken.done()
    taken.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taken
    cut_short = await given.row("SELECT * FROM rollup_runs")
    assert cut_short["status"] == "RUNNING"
    assert run["tenants_done"] <= cut_short["tenants_done"] == len(await invoices(given)) < TENANTS

    await roll_up_run(given.platform, run_id=run_id)

    assert counts(await given.row("SELECT * FROM rollup_runs"))["created"] == TENANTS
    assert await sums(given) == []


async def test_usage_that_comes_meanwhile_is_in_the_invoice_or_found_by_its_verification(given: Given) -> None:
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1488")

    async def keep_metering() -> None:
        for minute in range(20):
            await meter(given, deployment_id, "1", 2026, 4, 2, 0, minute)

    await asyncio.gather(keep_metering(), roll_up(given))

    (invoice,) = await invoices(given)
    verified = await verify_invoice(given.platform, invoice_id=invoice["id"])
    billed = invoice["subtotal_cents"] - 5000
    assert verified.matches
    assert (billed == 20) == (verified.differences == ())
    assert counts(await roll_up(given, force=True))["total_cents"] == 5522
