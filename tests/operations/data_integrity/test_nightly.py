"""The nightly check stops after its time and continues there the next night."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.operations import data_integrity
from app.operations.calls.context import Context
from app.operations.data_integrity import check_by_night, last_pass
from tests.operations.data_integrity.test_checks import break_rows
from tests.operations.given import Given
from tests.operations.months import roll_up, subscribed

PROGRESS = """
SELECT table_name, last_checked_id IS NOT NULL AS begun, completed_at FROM data_integrity_progress ORDER BY table_name
"""
TABLES = [
    *("cloud_deployments", "cloud_invoices", "issue_runs", "journal_entries", "rollup_runs"),
    *("tenant_invoices", "tenants"),
]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_integrity.integrity_check.CheckedTable, "page", property(lambda _: 1))


@pytest.fixture
async def broken(given: Given, worker_database_url: str) -> list[str]:
    """Three tenants with an invoice each, all of which violate a check: the invoices' ids."""
    await given.plan()
    for code in ("a", "b", "c"):
        await subscribed(given, code)
    await roll_up(given)
    break_rows(worker_database_url, "UPDATE tenant_invoices SET input_hash = repeat('0', 64)")
    return sorted(f"tenant_invoices {row['id']}" for row in await given.rows("SELECT id FROM tenant_invoices"))


def ticking(given: Given) -> Context:
    """A context whose clock advances by one minute each time it is read."""

    def clock() -> datetime:
        given.clock.advance(minutes=1)
        return given.clock()

    return replace(given.platform, clock=clock)


async def night(given: Given, minutes: int) -> list[str]:
    return [found.row async for found in check_by_night(ticking(given), duration=timedelta(minutes=minutes))]


async def progress(given: Given) -> dict[str, dict[str, Any]]:
    return {row["table_name"]: row for row in await given.rows(PROGRESS)}


async def test_a_night_with_time_goes_through_every_table_once(given: Given, broken: list[str]) -> None:
    assert await last_pass(given.platform) is None
    assert sorted(await night(given, 600)) == broken
    kept = await progress(given)
    assert await last_pass(given.platform) == min(row["completed_at"] for row in kept.values())
    assert sorted(kept) == TABLES
    assert not any(row["begun"] for row in kept.values())
    assert all(row["completed_at"] for row in kept.values())


async def test_nights_without_enough_time_find_everything_once_between_them(given: Given, broken: list[str]) -> None:
    found: list[str] = []
    nights = 0
    while len(await progress(given)) < len(TABLES) or not all(
        row["completed_at"] for row in (await progress(given)).values()
    ):
        found += await night(given, 4)
        nights += 1
        assert nights < 50
    assert sorted(found) == broken
    assert nights > 3


async def test_the_table_that_was_begun_goes_first(given: Given, broken: list[str]) -> None:
    await night(given, 3)
    (begun,) = [table for table, row in (await progress(given)).items() if row["begun"]]
    await night(given, 30)
    assert not (await progress(given))[begun]["begun"]
    assert (await progress(given))[begun]["completed_at"]
