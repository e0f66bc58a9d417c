"""Worked figure 1 and the outcomes of tenants, through the whole system."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from app.billing import DeploymentState, Proration, Tier
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import ResourceDraft, update_addon
from app.operations.deployments import transition_deployment
from app.operations.rollups import roll_up_period
from app.operations.subscriptions import attach_addon, change_plan_version
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, counts, invoices, lines, meter, roll_up, subscribed, unbilled

FIGURE_1 = [("PLAN_BASE", 5000), ("ADDON", 750), ("OVERAGE", 672), ("TAX", 642)]


async def test_figure_1_from_2160_events_to_the_invoice_and_a_run_again_skips(given: Given) -> None:
    await given.plan()
    await given.addon()
    tenant_id, deployment_id = await subscribed(given, addons=["storage_50gb"])
    for droplet in range(3):
        await meter(given, deployment_id, "1", 2026, 4, 1, 0, droplet, count=720)

    run = await roll_up(given)

    assert counts(run) == {
        "tenants_total": 1,
        "tenants_done": 1,
        "total_cents": 7064,
        "status": "SUCCEEDED",
        "created": 1,
    }
    (invoice,) = await invoices(given)
    totals = ("tenant_id", "status", "revision", "currency", "subtotal_cents", "tax_cents", "total_cents", "period_end")
    assert tuple(invoice[name] for name in totals) == (tenant_id, "DRAFT", 1, "AUD", 6422, 642, 7064, MAY)
    assert await lines(given, invoice["id"]) == FIGURE_1
    overage = await given.row(
        "SELECT quantity, unit_price_cents, description, deployment_id FROM tenant_invoice_lines WHERE kind = 'OVERAGE'"
    )
    assert overage == {
        "quantity": Decimal(672),
        "unit_price_cents": Decimal(1),
        "description": "droplet_hours: 672 h over 1488 h included",
        "deployment_id": deployment_id,
    }

    before = await invoices(given)
    again = await roll_up(given)
    assert counts(again) == {
        "tenants_total": 1,
        "tenants_done": 1,
        "total_cents": 0,
        "status": "SUCCEEDED",
        "skipped": 1,
    }
    assert await invoices(given) == before


async def test_a_later_price_of_an_add_on_does_not_move_who_has_it(given: Given) -> None:
    await given.plan()
    await given.addon()
    _, deployment_id = await subscribed(given, addons=["storage_50gb"])
    await update_addon(given.platform, code="storage_50gb", price_cents=9900)
    given.clock.set(2026, 5, 10)
    await attach_addon(given.platform, deployment_id=deployment_id, addon_code="storage_50gb", additional=True)
    given.clock.set(2026, 6, 2)

    await roll_up(given)
    await roll_up(given, MAY)

    (april,), (may,) = await invoices(given), await invoices(given, MAY)
    assert await lines(given, april["id"]) == [("PLAN_BASE", 5000), ("ADDON", 750), ("TAX", 575)]
    assert await lines(given, may["id"]) == [("PLAN_BASE", 5000), ("ADDON", 750), ("ADDON", 9900), ("TAX", 1565)]


async def test_a_plan_change_mid_month_under_daily_proration_bills_two_segments(given: Given) -> None:
    hours = [ResourceDraft("droplet_hours", Decimal(300), (Tier(None, Decimal(1)),))]
    await given.plan(proration=Proration.DAILY, base_price_cents=3000, resources=hours)
    _, deployment_id = await subscribed(given)
    await given.plan_version(proration=Proration.DAILY, base_price_cents=6000, resources=hours)
    await meter(given, deployment_id, "10", 2026, 4, 5, count=40)  # 400 h: 300 are included in both
    await change_plan_version(
        given.platform, deployment_id=deployment_id, plan_code="studio", plan_version=2, effective_on=date(2026, 4, 11)
    )

    await roll_up(given)

    (invoice,) = await invoices(given)
    assert await lines(given, invoice["id"]) == [
        ("PLAN_BASE", 1000),
        ("PLAN_BASE", 4000),
        ("OVERAGE", 100),
        ("TAX", 510),
    ]


async def test_a_paused_month_and_a_tenant_without_subscription_close_with_a_zero_amount(given: Given) -> None:
    await given.plan(base_price_cents=0)
    free, _ = await subscribed(given, "free")
    bare = await given.tenant("bare")

    run = await roll_up(given, tenant_ids=[free, bare])

    assert counts(run) == {"tenants_total": 2, "tenants_done": 2, "total_cents": 0, "status": "SUCCEEDED"}
    outcomes = await given.rows("SELECT tenant_id, outcome, invoice_id FROM rollup_outcomes")
    assert {row["tenant_id"]: (row["outcome"], row["invoice_id"]) for row in outcomes} == {
        free: ("SETTLED", None),
        bare: ("SETTLED", None),
    }
    assert await invoices(given) == []
    assert await unbilled(given) == []
    assert counts(await roll_up(given, tenant_ids=[free])) == {
        "tenants_total": 1,
        "tenants_done": 1,
        "total_cents": 0,
        "status": "SUCCEEDED",
        "skipped": 1,
    }


async def test_usage_of_a_kind_the_plan_does_not_know_is_billed_nothing_and_listed(given: Given) -> None:
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1.5", kind="egress_gb", count=4)

    run = await roll_up(given)

    (invoice,) = await invoices(given)
    assert await lines(given, invoice["id"]) == [("PLAN_BASE", 5000), ("TAX", 500)]
    unpriced = await given.row(
        "SELECT run_id, tenant_id, deployment_id, resource_kind, quantity FROM rollup_unpriced_usage"
    )
    assert unpriced == {
        "run_id": run["id"],
        "tenant_id": tenant_id,
        "deployment_id": deployment_id,
        "resource_kind": "egress_gb",
        "quantity": Decimal(6),
    }


async def test_a_level_carried_from_the_month_before_is_billed(given: Given) -> None:
    gb_hours = ResourceDraft("storage_gb_hours", Decimal(0), (Tier(None, Decimal("0.01")),))
    await given.plan(resources=[gb_hours])
    _, deployment_id = await subscribed(given, starts_on=date(2026, 3, 1))
    await meter(given, deployment_id, "100", 2026, 3, 20, kind="storage_gb_hours")
    await meter(given, deployment_id, "40", 2026, 4, 16, 12, kind="storage_gb_hours")

    await roll_up(given)

    (invoice,) = await invoices(given)
    # 100 GB x 372 h + 40 GB x 348 h = 51120 GB h (worked figure 7), at 0.01c
    assert await lines(given, invoice["id"]) == [("PLAN_BASE", 5000), ("OVERAGE", 511), ("TAX", 551)]


async def test_a_pause_after_the_month_changes_nothing_of_it(given: Given) -> None:
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    (before,) = await invoices(given)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.PAUSED)

    await roll_up(given, force=True)

    (after,) = await invoices(given)
    assert after["input_hash"] == before["input_hash"]


@pytest.mark.parametrize(
    ("period_start", "code", "path"),
    [
        (date(2026, 4, 2), ProblemCode.VALIDATION_FAILED, ("periodStart",)),
        (MAY, ProblemCode.PERIOD_NOT_ENDED, ("periodStart",)),
        (date(1999, 4, 1), ProblemCode.VALIDATION_FAILED, ("periodStart",)),
    ],
)
async def test_periods_that_cannot_be_rolled_up(
    given: Given, period_start: date, code: ProblemCode, path: tuple[str, ...]
) -> None:
    with pytest.raises(Refusal) as refused:
        await roll_up_period(given.platform, period_start=period_start)
    assert (refused.value.code, refused.value.path) == (code, path)
    assert await given.rows("SELECT FROM rollup_runs") == []


async def test_a_period_may_be_rolled_up_from_its_first_instant_after_the_end(given: Given) -> None:
    given.clock.set(2026, 5, 1)
    given.clock.advance(microseconds=-1)
    with pytest.raises(Refusal) as refused:
        await roll_up_period(given.platform, period_start=APRIL)
    assert refused.value.code is ProblemCode.PERIOD_NOT_ENDED
    given.clock.advance(microseconds=1)
    assert counts(await roll_up(given))["status"] == "SUCCEEDED"


async def test_unknown_tenants_no_tenants_and_callers_without_the_role_are_refused(given: Given) -> None:
    tenant_id = await given.tenant()
    cases = [
        (given.platform, {"tenant_ids": [tenant_id, uuid4()]}, ProblemCode.NOT_FOUND, ("tenantIds", "1")),
        (given.platform, {"tenant_ids": []}, ProblemCode.VALIDATION_FAILED, ("tenantIds",)),
        (given.admin(tenant_id), {}, ProblemCode.PERMISSION_DENIED, ()),
    ]
    for context, call, code, path in cases:
        with pytest.raises(Refusal) as refused:
            await roll_up_period(context, period_start=APRIL, **call)  # type: ignore[arg-type]  # of a table
        assert (refused.value.code, refused.value.path) == (code, path)
    assert await given.rows("SELECT FROM rollup_runs") == []
