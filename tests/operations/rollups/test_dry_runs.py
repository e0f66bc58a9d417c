"""A dry run calculates the invoice with its corrections from one snapshot, and writes only its outcomes."""

from uuid import UUID

import pytest

from app.operations.rollups import bill_tenants as billing_of_tenants
from tests.operations.given import Given
from tests.operations.month_queries import changes, late_charge
from tests.operations.months import APRIL, MAY, issue_last, meter, roll_up, subscribed
from tests.operations.test_month_changes import rating

RUNS = {
    "rollup_runs",
    "events",  # rollup.finished, which says that it was a dry run
    "event_sequences",
    "rollup_chunks",
    "rollup_outcomes",
    "rollup_failures",
    "rollup_warnings",
    "rollup_unpriced_usage",
}


async def written(given: Given, before: dict[str, tuple[int, str]]) -> set[str]:
    after = await given.contents()
    return {name for name in after if after[name] != before[name]}


@pytest.fixture
async def pilot(given: Given) -> UUID:
    """April is issued, and 30 of its hours were recorded late. The clock is at 2 June."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1500")
    await roll_up(given)
    await issue_last(given)
    await meter(given, deployment_id, "30", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    return deployment_id


@pytest.mark.parametrize("slice_size", [1, 500])
async def test_a_dry_run_previews_corrections_and_writes_no_month(
    given: Given, pilot: UUID, monkeypatch: pytest.MonkeyPatch, slice_size: int
) -> None:
    monkeypatch.setattr(billing_of_tenants, "SLICE", slice_size)
    before = await given.contents()
    run = await roll_up(given, MAY, dry_run=True)
    assert run["total_cents"] == 5533
    assert await written(given, before) <= RUNS
    assert await changes(given) == [(APRIL, "pilot", "USAGE")]
    assert (await roll_up(given, MAY))["total_cents"] == 5533


async def test_a_dry_run_previews_credits_as_far_as_they_are_taken(given: Given, pilot: UUID) -> None:
    await late_charge(given, -42, APRIL)
    before = await given.contents()
    run = await roll_up(given, MAY, dry_run=True)
    assert run["total_cents"] == 5487  # 5000 + 30 - 42 = 4988, + 10 %
    assert await written(given, before) <= RUNS
    assert (await roll_up(given, MAY))["total_cents"] == 5487


async def test_a_forced_one_previews_what_takes_the_place_of_an_issued_invoice(given: Given, pilot: UUID) -> None:
    await roll_up(given, MAY)
    await issue_last(given, MAY)
    await meter(given, pilot, "5", 2026, 4, 21)
    before = await given.contents()
    run = await roll_up(given, MAY, dry_run=True, force=True)
    assert run["total_cents"] == 5539  # 5035 + 10 %
    assert await written(given, before) <= RUNS
    assert (await roll_up(given, MAY, force=True))["total_cents"] == 5539


async def test_a_dry_run_waits_for_no_lock(given: Given, pilot: UUID) -> None:
    """The dry run ends while another transaction has locked the tenant's months."""
    async with rating(given) as connection:
        await connection.execute("SELECT FROM billing_months FOR UPDATE")
        run = await roll_up(given, MAY, dry_run=True)
    assert run["total_cents"] == 5533
