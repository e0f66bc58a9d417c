"""Tenants without a subscription: late changes of their months are billed on the invoice of the month in which they
arrived.
"""

from decimal import Decimal
from uuid import UUID

import pytest

from app.billing import DeploymentState
from app.operations.data_integrity import check
from app.operations.deployments import transition_deployment
from app.operations.rollups import catch_up, roll_up_run
from tests.operations.given import Given
from tests.operations.month_queries import CORRECTION_KEY, changes, late_charge, late_notes, month_states, overage
from tests.operations.months import (
    APRIL,
    JULY,
    JUNE,
    MAY,
    correct,
    counts,
    invoices,
    issue_last,
    lines,
    meter,
    roll_up,
    subscribed,
    unbilled,
)


async def catch_up_all(given: Given) -> int:
    """Starts the runs that are due and processes them; returns the number of runs."""
    await catch_up(given.platform)
    runs = await given.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL ORDER BY id")
    for run in runs:
        await roll_up_run(given.platform, run_id=run["id"])
    return len(runs)


async def leave(given: Given) -> None:
    """Cancels acme's deployment `pilot`, which had 12 hours of overage, on 20 April. April is issued, and the clock is
    at 10 June.
    """
    given.clock.set(2026, 4, 20)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1500")
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
    given.clock.set(2026, 5, 2)
    await roll_up(given)
    await issue_last(given)
    given.clock.set(2026, 6, 10)


async def pilot(given: Given) -> tuple[UUID, UUID]:
    row = await given.row("SELECT tenant_id, id FROM cloud_deployments")
    return row["tenant_id"], row["id"]


@pytest.mark.parametrize("by_hand", [False, True])
async def test_a_difference_is_billed_with_the_month_in_which_it_arrived(given: Given, by_hand: bool) -> None:
    await leave(given)
    tenant_id, deployment_id = await pilot(given)
    await meter(given, deployment_id, "30", 2026, 4, 2)
    assert await unbilled(given) == [(tenant_id, APRIL, "it changed after it was rated: USAGE")]
    assert await catch_up_all(given) == 0  # June has not ended
    given.clock.set(2026, 7, 1, 4)

    if by_hand:
        assert counts(await roll_up(given, JUNE))["created"] == 1
    else:
        assert await catch_up_all(given) == 1

    (june,) = await invoices(given, JUNE)
    assert await lines(given, june["id"]) == [("OVERAGE", 30), ("TAX", 3)]
    assert await overage(given, june["id"]) == [(CORRECTION_KEY, APRIL, Decimal(30), 30)]
    assert await month_states(given) == {APRIL: ("ISSUED", 5042, 5042), JUNE: ("DRAFT", 0, 0)}
    assert await unbilled(given) == []
    assert await catch_up_all(given) == 0
    assert await check(given.platform) == []


async def test_a_credit_alone_gets_no_invoice_is_listed_and_starts_no_more_runs(given: Given) -> None:
    await leave(given)
    tenant_id, _ = await pilot(given)
    await late_charge(given, -10, APRIL)
    given.clock.set(2026, 7, 1, 4)
    await catch_up_all(given)
    credit = "a credit of 10 cents waits for an invoice with charges to reduce"
    assert await unbilled(given) == [(tenant_id, APRIL, credit)]
    assert await invoices(given, JUNE) == []
    assert await changes(given) == []
    given.clock.set(2026, 9, 1, 4)
    assert await catch_up_all(given) == 0
    assert await unbilled(given) == [(tenant_id, APRIL, credit)]
    assert await check(given.platform) == []


async def test_a_change_of_an_earlier_invoiced_month_is_corrected_with_the_last_that_ended(given: Given) -> None:
    """The month in which the change arrived is already billed: June has two changes, one rated in July and
    one later.
    """
    await leave(given)
    _, deployment_id = await pilot(given)
    await meter(given, deployment_id, "30", 2026, 4, 2)
    given.clock.set(2026, 7, 1, 4)
    await catch_up_all(given)
    await issue_last(given, JUNE)
    given.clock.set(2026, 6, 30, 23, 59)  # by a clock that is behind
    await meter(given, deployment_id, "5", 2026, 4, 3)
    given.clock.set(2026, 7, 20)
    assert await catch_up_all(given) == 0
    given.clock.set(2026, 8, 1, 4)
    assert await catch_up_all(given) == 1
    (july,) = await invoices(given, JULY)
    assert await lines(given, july["id"]) == [("OVERAGE", 5), ("TAX", 1)]
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_what_falls_of_a_tenant_that_left_is_credited_without_another_invoice(given: Given) -> None:
    await leave(given)
    _, deployment_id = await pilot(given)
    await correct(given, deployment_id, "1490")
    given.clock.set(2026, 7, 1, 4)
    assert await catch_up_all(given) == 1
    assert await late_notes(given) == [(APRIL, 10)]
    assert await invoices(given, JUNE) == []
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_a_tenant_that_comes_back_is_corrected_with_its_next_month(given: Given) -> None:
    await leave(given)
    tenant_id, _ = await pilot(given)
    await late_charge(given, -10, APRIL)
    given.clock.set(2026, 7, 1, 4)
    await catch_up_all(given)
    await given.subscription(await given.deployment(tenant_id, "again"), starts_on=JULY)
    given.clock.set(2026, 8, 1, 4)
    await catch_up_all(given)
    (july,) = await invoices(given, JULY)
    assert await lines(given, july["id"]) == [("PLAN_BASE", 5000), ("ADJUSTMENT", -10), ("TAX", 499)]
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_a_stale_draft_of_a_tenant_that_left_is_rated_in_place(given: Given) -> None:
    given.clock.set(2026, 4, 20)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
    given.clock.set(2026, 5, 2)
    await roll_up(given)
    given.clock.set(2026, 6, 10)
    await meter(given, deployment_id, "1500", 2026, 4, 2)
    assert await catch_up_all(given) == 1
    (april,) = await invoices(given)
    assert (april["status"], april["subtotal_cents"]) == ("DRAFT", 5012)
    assert await invoices(given, MAY) == []
    assert await check(given.platform) == []
