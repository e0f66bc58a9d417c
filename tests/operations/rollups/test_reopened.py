"""Changes of a month after it was rated: stale drafts, zero-amount months, levels that continue into later months."""

from datetime import date
from decimal import Decimal

import pytest

from app.billing import Tier
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import ResourceDraft
from app.operations.data_integrity import check
from app.operations.invoices import issue_invoice
from app.operations.rollups import catch_up, roll_up_run
from app.operations.subscriptions import change_plan_version
from tests.operations.given import Given
from tests.operations.month_queries import billed_of_month, changes, late_notes, month_states, net_lines, overage
from tests.operations.months import (
    APRIL,
    JUNE,
    MAY,
    correct,
    counts,
    invoices,
    issue_last,
    meter,
    roll_up,
    subscribed,
    unbilled,
)

LEVEL = ResourceDraft("storage_gb_hours", Decimal(0), (Tier(None, Decimal("0.1")),))
CHANGED = "it changed after it was rated: "


async def caught_up(given: Given) -> None:
    """Starts the runs that are due and processes them, as the jobs do."""
    await catch_up(given.platform)
    for run in await given.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL ORDER BY id"):
        await roll_up_run(given.platform, run_id=run["id"])


async def test_a_draft_is_stale_until_it_is_rated_again(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    await roll_up(given)
    (draft,) = await invoices(given)
    await meter(given, deployment_id, "1500")
    assert await changes(given) == [(APRIL, "pilot", "USAGE")]
    assert await unbilled(given) == [(tenant_id, APRIL, f"{CHANGED}USAGE")]

    given.clock.advance(hours=1)
    await roll_up(given, force=True)

    (again,) = await invoices(given)
    assert (again["id"], again["subtotal_cents"]) == (draft["id"], 5012)
    assert await changes(given) == []
    assert await unbilled(given) == []


async def test_issuing_a_stale_draft_is_refused_and_names_what_changed(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    second = await given.deployment(tenant_id, "second")
    await given.subscription(second, starts_on=APRIL)
    await roll_up(given)
    await meter(given, deployment_id, "1500")
    await meter(given, second, "1500")
    await given.subscription(await given.deployment(tenant_id, "third"), starts_on=APRIL)
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await issue_last(given)
    assert (refused.value.code, refused.value.path) == (ProblemCode.DRAFT_STALE, ("invoiceId",))
    assert "SUBSCRIBED, USAGE (2 deployments)" in refused.value.message
    assert await given.contents() == before


async def test_catch_up_rates_a_stale_draft_in_place_and_leaves_an_issued_month(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, drafted = await subscribed(given, "drafted")
    _, issued = await subscribed(given, "issued")
    await roll_up(given)
    draft, other = await invoices(given)
    await issue_invoice(given.platform, invoice_id=other["id"])
    for deployment_id in (drafted, issued):
        await meter(given, deployment_id, "1500")

    await caught_up(given)

    run = await given.row("SELECT * FROM rollup_runs ORDER BY id DESC LIMIT 1")
    assert counts(run)["replaced"] == counts(run)["tenants_total"] == 1
    assert [(one["id"], one["status"], one["subtotal_cents"]) for one in await invoices(given)] == [
        (draft["id"], "DRAFT", 5012),
        (other["id"], "ISSUED", 5000),
    ]
    assert [month for _, month, _ in await unbilled(given)] == [APRIL]
    await caught_up(given)
    assert len(await given.rows("SELECT FROM rollup_runs")) == 2


async def test_a_backdated_subscription_and_its_usage_are_billed_after_a_stale_issue(given: Given) -> None:
    """B1: April to June come to 30512 net."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, _ = await subscribed(given)
    await roll_up(given)
    second = await given.deployment(tenant_id, "second")
    await given.subscription(second, starts_on=APRIL)
    await meter(given, second, "2000", 2026, 4, 10)
    await issue_last(given, issue_stale=True)
    assert await changes(given) == [(APRIL, "second", "SUBSCRIBED"), (APRIL, "second", "USAGE")]
    for month, now in ((MAY, (2026, 6, 2)), (JUNE, (2026, 7, 2))):
        given.clock.set(*now)
        await roll_up(given, month)
        await issue_last(given, month)
    (may,) = await invoices(given, MAY)
    assert await net_lines(given, may["id"]) == [
        (MAY, "PLAN_BASE", 5000),
        (MAY, "PLAN_BASE", 5000),
        (APRIL, "PLAN_BASE", 5000),
        (APRIL, "OVERAGE", 512),
    ]
    assert [await billed_of_month(given, month) for month in (APRIL, MAY, JUNE)] == [10512, 10000, 10000]
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_a_stale_draft_that_is_issued_as_it_is_is_corrected(given: Given) -> None:
    """B2: a plan changed before the issue."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    await roll_up(given)
    await given.plan_version(base_price_cents=90000)
    await change_plan_version(
        given.platform, deployment_id=deployment_id, plan_code="studio", plan_version=2, effective_on=APRIL
    )
    await issue_last(given, issue_stale=True)
    assert await unbilled(given) == [(tenant_id, APRIL, f"{CHANGED}PLAN_CHANGED")]
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (may,) = await invoices(given, MAY)
    assert await net_lines(given, may["id"]) == [(MAY, "PLAN_BASE", 90000), (APRIL, "PLAN_BASE", 85000)]
    assert await check(given.platform) == []


async def test_a_level_that_comes_late_changes_the_later_months_it_is_carried_into(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(resources=[LEVEL])
    _, deployment_id = await subscribed(given)
    for month, now in ((APRIL, (2026, 5, 2)), (MAY, (2026, 6, 2))):
        given.clock.set(*now)
        await roll_up(given, month)
        await issue_last(given, month)

    await meter(given, deployment_id, "10", 2026, 4, 21, kind="storage_gb_hours")  # 240 h of April, all of May

    assert await changes(given) == [(APRIL, "pilot", "USAGE"), (MAY, "pilot", "USAGE")]
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    (june,) = await invoices(given, JUNE)
    assert [(month, cents) for _, month, _, cents in await overage(given, june["id"])] == [
        (JUNE, 720),
        (APRIL, 240),
        (MAY, 744),
    ]
    assert await check(given.platform) == []


async def test_a_level_that_a_later_day_replaces_changes_its_own_month_alone(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(resources=[LEVEL])
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "10", 2026, 4, 25, kind="storage_gb_hours")
    for month, now in ((APRIL, (2026, 5, 2)), (MAY, (2026, 6, 2))):
        given.clock.set(*now)
        await roll_up(given, month)
        await issue_last(given, month)
    await meter(given, deployment_id, "3", 2026, 4, 21, kind="storage_gb_hours")
    assert await changes(given) == [(APRIL, "pilot", "USAGE")]


async def test_a_level_holds_until_the_next_is_set_on_the_first_day_of_the_later_month(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(resources=[LEVEL])
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "0", 2026, 5, 1, 12, kind="storage_gb_hours")
    for month, now in ((APRIL, (2026, 5, 2)), (MAY, (2026, 6, 2))):
        given.clock.set(*now)
        await roll_up(given, month)
        await issue_last(given, month)
    await meter(given, deployment_id, "10", 2026, 4, 30, 12, kind="storage_gb_hours")
    assert await changes(given) == [(APRIL, "pilot", "USAGE"), (MAY, "pilot", "USAGE")]
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    (june,) = await invoices(given, JUNE)
    assert [(month, cents) for _, month, _, cents in await overage(given, june["id"])] == [(APRIL, 12), (MAY, 12)]
    assert await check(given.platform) == []


async def test_a_zero_amount_month_is_due_again_when_usage_comes(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(base_price_cents=0)
    tenant_id, deployment_id = await subscribed(given)
    await roll_up(given)
    assert await unbilled(given) == []
    assert await month_states(given) == {APRIL: ("ZERO", 0, 0)}
    await meter(given, deployment_id, "1500")
    assert await unbilled(given) == [(tenant_id, APRIL, f"{CHANGED}USAGE")]
    assert await check(given.platform) == []

    assert counts(await roll_up(given))["created"] == 1

    assert (await invoices(given))[0]["subtotal_cents"] == 12
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_a_zero_amount_month_is_caught_up_when_something_is_subscribed_into_it(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    await given.plan("free", base_price_cents=0)
    tenant_id = await given.tenant()
    await given.subscription(await given.deployment(tenant_id), "free", starts_on=APRIL)
    await roll_up(given)
    await given.subscription(await given.deployment(tenant_id, "second"), starts_on=date(2026, 4, 20))
    assert await unbilled(given) == [(tenant_id, APRIL, f"{CHANGED}SUBSCRIBED")]
    await caught_up(given)
    assert (await invoices(given))[0]["subtotal_cents"] == 5000


async def test_a_draft_is_stale_when_something_is_subscribed_into_its_month(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, _ = await subscribed(given)
    await roll_up(given)
    await given.subscription(await given.deployment(tenant_id, "now"))
    assert await changes(given) == []
    await given.subscription(await given.deployment(tenant_id, "then"), starts_on=date(2026, 4, 20))
    assert await changes(given) == [(APRIL, "then", "SUBSCRIBED")]


async def test_late_lines_are_billed_after_two_months_are_forced_in_order(given: Given) -> None:
    """K: April 1500 h issued, 1000 h late on May's draft; then both months by force."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1500")
    await roll_up(given)
    await issue_last(given)
    await meter(given, deployment_id, "1000", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await roll_up(given, APRIL, force=True)
    await roll_up(given, MAY, force=True)
    for month in (APRIL, MAY):
        await issue_last(given, month, issue_stale=True)
    given.clock.set(2026, 7, 2)
    await caught_up(given)
    assert [await billed_of_month(given, month) for month in (APRIL, MAY)] == [6012, 5000]
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_a_withdrawn_event_of_an_issued_month_is_credited(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1500")
    await roll_up(given)
    await issue_last(given)
    await correct(given, deployment_id, "0")
    assert await changes(given) == [(APRIL, "pilot", "USAGE_CORRECTED")]
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (may,) = await invoices(given, MAY)
    assert await overage(given, may["id"]) == []
    assert await late_notes(given) == [(APRIL, 12)]
    assert await check(given.platform) == []
