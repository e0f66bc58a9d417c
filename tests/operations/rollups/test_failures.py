"""A tenant that cannot be billed is recorded with the reason and does not affect other tenants."""

import logging

import pytest

from app.operations.rollups import roll_up_chunk
from tests.operations.given import Given
from tests.operations.months import APRIL, counts, invoices, roll_up, subscribed, unbilled

FAULT = "INTERNAL_ERROR: ValueError: pilot has a plan in another currency than NZD"


async def break_tenant(given: Given, code: str, currency: str = "NZD") -> None:
    """Makes a tenant impossible to bill: its currency is changed, so that its plan is in another one. No operation
    allows this.
    """
    async with given.database.unit_of_work(given.platform.principal.scope) as unit:
        await unit.connection.execute("UPDATE tenants SET currency = $2 WHERE code = $1", code, currency)


async def test_one_tenants_failure_is_recorded_and_the_others_are_billed(
    given: Given, caplog: pytest.LogCaptureFixture
) -> None:
    await given.plan()
    tenants = {code: (await subscribed(given, code))[0] for code in ("a", "b", "c", "d", "e")}
    await break_tenant(given, "c")

    with caplog.at_level(logging.ERROR, logger="app.operations.rollups.chunk"):
        run = await roll_up(given)

    assert counts(run) == {
        "tenants_total": 5,
        "tenants_done": 5,
        "total_cents": 4 * 5500,
        "status": "PARTIAL",
        "created": 4,
        "failed": 1,
    }
    assert [invoice["code"] for invoice in await invoices(given)] == ["a", "b", "d", "e"]
    failure = await given.row("SELECT tenant_id, code || ': ' || message AS fault, attempts FROM rollup_failures")
    assert failure == {"tenant_id": tenants["c"], "fault": FAULT, "attempts": 3}
    assert await unbilled(given) == [(tenants["c"], APRIL, f"the last rollup failed: {FAULT}")]
    (logged,) = caplog.records
    assert str(tenants["c"]) in logged.getMessage()
    assert logged.exc_info


async def test_what_failed_is_billed_once_its_cause_is_gone(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    await break_tenant(given, "acme")
    assert counts(await roll_up(given))["status"] == "FAILED"
    await break_tenant(given, "acme", "AUD")

    assert counts(await roll_up(given))["created"] == 1

    assert await unbilled(given) == []


async def test_a_run_whose_chunk_comes_twice_does_not_repeat_its_failure(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    await break_tenant(given, "acme")
    run = await roll_up(given)
    await roll_up_chunk(given.platform, run_id=run["id"], position=0)
    assert await given.row("SELECT * FROM rollup_runs") == run
    assert len(await given.rows("SELECT FROM rollup_failures")) == 1
