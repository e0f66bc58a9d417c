"""The billing cases that are stories over months: each plays through the real operations, named by its id."""

from datetime import date
from decimal import Decimal

import pytest

from app.operations import billing_months, taxes
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.costs import MarginDimension, margin
from app.operations.subscriptions import change_plan_version
from tests.lives.scripted_life import APRIL, AUGUST, JANUARY, JULY, JUNE, MAY, ScriptedLife, price

EGRESS = price("egress_gb", "0", ("100", "1"), ("1000", "10"), (None, "0.5"), model="VOLUME")


async def with_a_second_deployment_after_the_rating(story: ScriptedLife) -> None:
    await story.subscribe()
    story.at(5, 2)
    await story.roll_up(APRIL)
    await story.subscribe("second")
    await story.meter("droplet_hours", "2000", 4, 10, slug="second")


async def test_b1_a_stale_draft_is_not_issued_by_mistake(story: ScriptedLife) -> None:
    await with_a_second_deployment_after_the_rating(story)
    with pytest.raises(Refusal) as refused:
        await story.issue(APRIL)
    assert refused.value.code == ProblemCode.DRAFT_STALE
    assert (await story.invoice(APRIL))["status"] == "DRAFT"


async def test_b1_what_a_stale_draft_lacks_is_billed_with_the_next_month(story: ScriptedLife) -> None:
    await with_a_second_deployment_after_the_rating(story)
    await story.issue(APRIL, issue_stale=True)
    assert await story.billed() == {APRIL: 5000}
    assert APRIL in await story.open()
    story.at(6, 2)
    await story.roll_up(MAY)
    assert sorted(await story.lines(MAY)) == [
        ("OVERAGE", APRIL, 512),
        ("PLAN_BASE", APRIL, 5000),
        ("PLAN_BASE", MAY, 5000),
        ("PLAN_BASE", MAY, 5000),
    ]
    await story.issue(MAY)
    story.at(7, 2)
    await story.roll_up(JUNE)
    await story.issue(JUNE)
    assert await story.billed() == {APRIL: 10_512, MAY: 10_000, JUNE: 10_000}
    assert await story.open() == {}
    await story.verify_all()


async def test_b2_a_plan_change_backdated_behind_a_draft_is_billed(story: ScriptedLife) -> None:
    await story.given.plan_version(base_price_cents=90_000)
    await story.subscribe(plan_version=1)
    story.at(5, 2)
    await story.roll_up(APRIL)
    await story.change_plan("studio", 2, APRIL)
    with pytest.raises(Refusal) as refused:
        await story.issue(APRIL)
    assert refused.value.code == ProblemCode.DRAFT_STALE
    await story.issue(APRIL, issue_stale=True)
    story.at(6, 2)
    await story.roll_up(MAY)
    assert sorted(await story.lines(MAY)) == [("PLAN_BASE", APRIL, 85_000), ("PLAN_BASE", MAY, 90_000)]
    assert await story.billed() == {APRIL: 90_000, MAY: 90_000}
    await story.verify_all()


async def test_b2_backdating_into_an_issued_month_is_billed_too(story: ScriptedLife) -> None:
    await story.given.plan_version(base_price_cents=90_000)
    await story.subscribe(plan_version=1)
    story.at(5, 2)
    await story.roll_up(APRIL)
    await story.issue(APRIL)
    await story.change_plan("studio", 2, APRIL)
    story.at(6, 2)
    await story.roll_up(MAY)
    assert await story.billed() == {APRIL: 90_000, MAY: 90_000}


async def april_at_550_of_which_3000_were_billed(story: ScriptedLife) -> None:
    """C4 and C2 up to where April is worth less than May's invoice has billed of it."""
    await story.given.plan("traffic", base_price_cents=0, resources=[EGRESS])
    await story.subscribe(plan="traffic")
    await story.meter("egress_gb", "100", 4, 1)
    story.at(5, 2)
    await story.roll_up(APRIL)
    await story.issue(APRIL)
    await story.meter("egress_gb", "200", 4, 20)
    await story.meter("egress_gb", "50", 5, 1)
    story.at(6, 2)
    await story.roll_up(MAY)
    assert sorted(line for line in await story.lines(MAY) if line[2]) == [
        ("OVERAGE", APRIL, 2900),
        ("OVERAGE", MAY, 50),
    ]
    await story.issue(MAY)
    await story.meter("egress_gb", "800", 4, 21)


async def test_c4_a_credit_survives_the_voiding_of_what_it_was_set_off_against(story: ScriptedLife) -> None:
    await april_at_550_of_which_3000_were_billed(story)
    await story.void(APRIL)
    await story.roll_up(APRIL)
    await story.void(MAY)
    await story.roll_up(MAY)
    story.at(7, 2)
    await story.roll_up(JUNE)
    assert {month: cents for month, cents in (await story.billed()).items() if cents} == {APRIL: 550, MAY: 50}
    assert await story.open() == {}
    await story.verify_all()


async def test_c2_a_credit_beyond_the_invoice_is_credited_by_the_next_rollup_on_what_billed_it(
    story: ScriptedLife,
) -> None:
    await april_at_550_of_which_3000_were_billed(story)
    await story.roll_up(APRIL, force=True)
    invoice = await story.invoice(APRIL)
    assert (invoice["subtotal_cents"], invoice["total_cents"]) == (0, 0)
    assert await story.billed() == {APRIL: 2900, MAY: 50}  # 2950 on May's invoice, and on April's nothing
    assert await story.open() == {APRIL: -2350}
    await story.issue(APRIL)
    assert (await story.invoice(APRIL))["status"] == "PAID"
    await story.meter("egress_gb", "150", 6, 1)
    story.at(7, 2)
    await story.roll_up(JUNE)
    assert (await story.invoice(JUNE))["subtotal_cents"] == 1500
    note = await story.given.row("SELECT invoice_id, reason, net_cents FROM credit_notes")
    assert note == {"invoice_id": (await story.invoice(MAY))["id"], "reason": "LATE_CORRECTION", "net_cents": 2350}
    assert await story.billed() == {APRIL: 550, MAY: 50, JUNE: 1500}
    assert await story.open() == {}
    await story.verify_all()


async def test_k_forcing_two_months_in_order_keeps_late_usage(story: ScriptedLife) -> None:
    await story.subscribe()
    story.at(5, 2)
    await story.meter("droplet_hours", "1500", 4, 10)
    await story.roll_up(APRIL)
    await story.issue(APRIL)
    await story.meter("droplet_hours", "1000", 4, 11)
    await story.move_to("CANCELLED")
    story.at(6, 2)
    await story.roll_up(MAY)
    assert await story.billed() == {APRIL: 6012, MAY: 5000}
    await story.roll_up(APRIL, force=True)
    await story.roll_up(MAY, force=True)
    await story.issue(APRIL)
    await story.issue(MAY)
    assert sum((await story.billed()).values()) == 11_012
    assert await story.billed() == {APRIL: 6012, MAY: 5000}
    assert await story.open() == {}
    await story.verify_all()


async def test_w1_margin_counts_late_lines_in_their_service_month(story: ScriptedLife) -> None:
    await story.given.plan("traffic", base_price_cents=1000, resources=[price("egress_gb", "0", (None, "10"))])
    await story.subscribe(plan="traffic")
    await story.meter("egress_gb", "15", 4, 1)
    story.at(5, 2)
    await story.roll_up(APRIL)
    await story.issue(APRIL)
    await story.meter("egress_gb", "7", 4, 20)
    story.at(6, 2)
    await story.roll_up(MAY)
    await story.issue(MAY)
    for first, end, revenue in ((APRIL, MAY, 1220), (MAY, JUNE, 1000)):
        report = await margin(story.platform, from_day=first, to_day=end, group_by=[MarginDimension.MONTH])
        assert [(row.month, row.revenue_cents) for row in report.rows] == [(first, revenue)]


async def test_n1_a_tenant_cannot_spend_the_last_minutes_of_a_month_on_a_cheap_plan(story: ScriptedLife) -> None:
    await story.given.plan("dear", base_price_cents=20_000, resources=[])
    await story.given.plan("cheap", base_price_cents=500, resources=[])
    story.at(1, 1)
    await story.subscribe(plan="dear", starts_on=JANUARY)
    deployment_id = story.deployments["pilot"]
    story.at(1, 31, 23, 50)
    await change_plan_version(story.admin, deployment_id=deployment_id, plan_code="cheap")
    story.at(2, 1, 0, 5)
    await change_plan_version(story.admin, deployment_id=deployment_id, plan_code="dear")
    story.at(3, 2)
    await story.catch_up()
    assert await story.billed() == {JANUARY: 20_000, date(2026, 2, 1): 20_000}


async def test_n1_the_change_takes_effect_on_the_first_of_the_next_month(story: ScriptedLife) -> None:
    await story.given.plan("cheap", base_price_cents=500, resources=[])
    await story.subscribe()
    story.at(4, 30, 23, 50)
    await change_plan_version(story.admin, deployment_id=story.deployments["pilot"], plan_code="cheap")
    story.at(6, 2)
    await story.catch_up()
    assert await story.billed() == {APRIL: 5000, MAY: 500}


async def test_t1_the_same_addon_again_has_to_be_asked_for(story: ScriptedLife) -> None:
    await story.subscribe()
    await story.attach("storage_50gb")
    with pytest.raises(Refusal) as refused:
        await story.attach("storage_50gb")
    assert refused.value.code == ProblemCode.ALREADY_ATTACHED
    await story.attach("storage_50gb", additional=True)
    story.at(5, 2)
    await story.roll_up(APRIL)
    assert await story.billed() == {APRIL: 6500}


async def test_y1_a_start_long_ago_is_confirmed_and_its_months_can_be_waived(story: ScriptedLife) -> None:
    with pytest.raises(Refusal) as refused:
        await story.subscribe(starts_on=date(2002, 4, 1))
    assert refused.value.code == ProblemCode.CONFIRMATION_REQUIRED
    story.at(5, 2)
    await story.subscribe(starts_on=JANUARY, confirm_backdating=True)
    for month in (JANUARY, date(2026, 2, 1)):
        await billing_months.waive_month(
            story.platform, tenant_id=story.tenant_id, period_start=month, reason="Agreed at the start"
        )
    await story.catch_up()
    assert await story.billed() == {date(2026, 3, 1): 5000, APRIL: 5000}
    assert await story.open() == {}


async def test_r1_the_tax_rate_is_that_of_the_service_month(story: ScriptedLife) -> None:
    await story.subscribe(starts_on=JUNE)
    story.at(6, 1)
    await taxes.set_tax_rate(story.platform, country="AU", name="GST", rate=Decimal("0.12"), valid_from=JULY)
    story.at(8, 2)
    await story.roll_up(JUNE)
    await story.roll_up(JULY)
    assert (await story.invoice(JUNE))["tax_cents"] == 500
    assert (await story.invoice(JULY))["tax_cents"] == 600
    assert (await story.given.rows("SELECT FROM tenant_invoices WHERE period_start = $1", AUGUST)) == []


async def test_d1_usage_of_a_deployment_that_never_subscribed_is_listed(story: ScriptedLife) -> None:
    story.deployments["lone"] = await story.given.deployment(story.tenant_id, "lone")
    await story.meter("droplet_hours", "70", 4, 1, slug="lone")
    story.at(5, 2)
    run_id = await story.roll_up(APRIL)
    listed = await story.given.row("SELECT * FROM rollup_unpriced_usage WHERE run_id = $1", run_id)
    assert (listed["deployment_id"], listed["resource_kind"], listed["quantity"], listed["reason"]) == (
        story.deployments["lone"],
        "droplet_hours",
        70,
        "NOT_SUBSCRIBED",
    )
    assert await story.billed() == {}
