"""Usage that comes after its month was invoiced: billed once, by the next rollup, whatever becomes of the invoices."""

from decimal import Decimal
from uuid import UUID

import pytest

from app.billing import DeploymentState, PriceModel, Tier
from app.operations.catalog import ResourceDraft
from app.operations.deployments import transition_deployment
from app.operations.invoices import (
    LineReference,
    explain_lines,
    mark_invoice_paid,
    verify_invoice,
    void_invoice,
)
from app.operations.laws import check
from app.operations.rollups import billing as billing_of_tenants
from app.operations.rollups import catch_up, roll_up_run, unbilled_periods
from tests.operations.given import Given
from tests.operations.late import JUNE, LATE_KEY, issue_last, late, of_months
from tests.operations.months import APRIL, MAY, counts, invoices, lines, meter, roll_up, subscribed


@pytest.fixture
async def pilot(given: Given) -> UUID:
    """Acme's deployment on Studio, its April issued with 12 hours over: 5012 and tax."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1500")
    await roll_up(given)
    await issue_last(given)
    return deployment_id


async def test_the_next_rollup_bills_the_difference_as_overage_of_the_earlier_month(given: Given, pilot: UUID) -> None:
    await meter(given, pilot, "30", 2026, 4, 20)
    assert await late(given) == [(APRIL, "OPEN", None)]
    given.clock.set(2026, 6, 1, 4)

    run = await roll_up(given, MAY)

    assert (run["invoices_created"], run["total_cents"]) == (1, 5533)
    (may,) = await invoices(given, MAY)
    assert await lines(given, may["id"]) == [("PLAN_BASE", 5000), ("OVERAGE", 30), ("TAX", 503)]
    assert await of_months(given, may["id"]) == [(LATE_KEY, APRIL, Decimal(30), 30)]
    assert await late(given) == [(APRIL, "BILLED", MAY)]
    verified = await verify_invoice(given.platform, invoice_id=may["id"])
    assert (verified.matches, verified.differences) == (True, ())
    line = await given.row("SELECT subscription_id FROM tenant_invoice_lines WHERE key = $1", LATE_KEY)
    (explained,) = await explain_lines(
        given.platform, [LineReference(may["id"], UUID(str(line["subscription_id"])), LATE_KEY)]
    )
    assert explained.formula == "42 h over 1488 included x 1c = 42c, less 12c billed before"
    assert (explained.exact_cents, explained.used_quantity) == (Decimal(30), Decimal(1530))
    assert await check(given.platform) == []


async def test_late_again_bills_the_rest(given: Given, pilot: UUID) -> None:
    await meter(given, pilot, "30", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await meter(given, pilot, "5", 2026, 4, 21)
    await meter(given, pilot, "99", 2026, 4, 21, kind="egress_gb")  # which the plan does not price
    given.clock.set(2026, 7, 2)

    await roll_up(given, JUNE)

    (june,) = await invoices(given, JUNE)
    assert await of_months(given, june["id"]) == [(LATE_KEY, APRIL, Decimal(5), 5)]
    assert await late(given) == [(APRIL, "BILLED", MAY), (APRIL, "BILLED", JUNE), (APRIL, "BILLED", JUNE)]


async def test_usage_within_what_is_included_is_settled(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    await issue_last(given)
    await meter(given, deployment_id, "7")
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await late(given) == [(APRIL, "SETTLED", None)]
    await meter(given, deployment_id, "1500", 2026, 4, 3)
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    (june,) = await invoices(given, JUNE)
    assert await lines(given, june["id"]) == [("PLAN_BASE", 5000), ("OVERAGE", 19), ("TAX", 502)]


async def test_voiding_the_invoice_that_billed_it_opens_it_again(given: Given, pilot: UUID) -> None:
    await meter(given, pilot, "30", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (first,) = await invoices(given, MAY)
    await void_invoice(given.platform, invoice_id=first["id"])
    assert await late(given) == [(APRIL, "OPEN", None)]

    await roll_up(given, MAY)

    _, second = await invoices(given, MAY)
    assert await of_months(given, second["id"]) == [(LATE_KEY, APRIL, Decimal(30), 30)]
    assert await late(given) == [(APRIL, "BILLED", MAY)]


@pytest.mark.parametrize("issued", [False, True])
@pytest.mark.parametrize("slice_size", [1, 500])
async def test_force_bills_it_once_again_on_the_invoice_that_takes_the_place(
    given: Given, pilot: UUID, monkeypatch: pytest.MonkeyPatch, slice_size: int, issued: bool
) -> None:
    tenant_id = (await given.row("SELECT tenant_id FROM cloud_deployments WHERE id = $1", pilot))["tenant_id"]
    await given.subscription(await given.deployment(tenant_id, "second"), starts_on=MAY)
    await meter(given, pilot, "30", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    if issued:
        await issue_last(given, MAY)
    monkeypatch.setattr(billing_of_tenants, "SLICE", slice_size)

    preview = await roll_up(given, MAY, force=True, dry_run=True)
    run = await roll_up(given, MAY, force=True)

    assert preview["total_cents"] == run["total_cents"] == 11033
    live = (await invoices(given, MAY))[-1]
    assert await of_months(given, live["id"]) == [(LATE_KEY, APRIL, Decimal(30), 30)]
    assert await late(given) == [(APRIL, "BILLED", MAY)]
    assert (await verify_invoice(given.platform, invoice_id=live["id"])).matches
    assert await check(given.platform) == []


@pytest.mark.parametrize("slice_size", [1, 500])
async def test_a_month_billed_whole_again_takes_off_what_was_billed_late(
    given: Given, pilot: UUID, monkeypatch: pytest.MonkeyPatch, slice_size: int
) -> None:
    await meter(given, pilot, "30", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await issue_last(given, MAY)
    monkeypatch.setattr(billing_of_tenants, "SLICE", slice_size)

    await roll_up(given, force=True)  # April, which is voided and rated whole

    _, whole = await invoices(given)
    overage = "pilot/overage/droplet_hours/studio@1"
    assert await of_months(given, whole["id"]) == [
        (overage, APRIL, Decimal(42), 42),
        (LATE_KEY, APRIL, Decimal(-30), -30),
    ]
    assert (await verify_invoice(given.platform, invoice_id=whole["id"])).matches
    assert await check(given.platform) == []

    await issue_last(given)
    await void_invoice(given.platform, invoice_id=(await invoices(given, MAY))[-1]["id"])
    await roll_up(given, MAY)

    _, may = await invoices(given, MAY)
    assert await of_months(given, may["id"]) == [(LATE_KEY, APRIL, Decimal(30), 30)]
    assert await check(given.platform) == []


async def test_usage_late_for_an_invoice_that_is_then_voided_is_in_the_next_revision(given: Given, pilot: UUID) -> None:
    await meter(given, pilot, "30", 2026, 4, 20)
    await void_invoice(given.platform, invoice_id=(await invoices(given))[0]["id"])
    await roll_up(given)
    _, again = await invoices(given)
    assert again["subtotal_cents"] == 5042
    assert await late(given) == [(APRIL, "BILLED", APRIL)]
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert (await invoices(given, MAY))[0]["subtotal_cents"] == 5000


async def test_a_paid_month_is_billed_late_too(given: Given, pilot: UUID) -> None:
    await mark_invoice_paid(given.platform, invoice_id=(await invoices(given))[0]["id"], reference="T-1")
    await meter(given, pilot, "30", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert (await invoices(given, MAY))[0]["subtotal_cents"] == 5030


async def test_a_tenant_with_nothing_but_late_usage_is_billed_by_the_next_rollup(given: Given) -> None:
    given.clock.set(2026, 4, 20)
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
    given.clock.set(2026, 5, 2)
    await roll_up(given)
    await issue_last(given)
    given.clock.set(2026, 6, 10)
    await meter(given, deployment_id, "1500")
    assert await unbilled_periods(given.platform) == []
    given.clock.set(2026, 7, 1, 4)
    assert await unbilled_periods(given.platform) == [(tenant_id, JUNE, "late usage of earlier months is open")]
    assert await check(given.platform) == []

    await catch_up(given.platform)
    run = await given.row("SELECT id FROM rollup_runs WHERE finished_at IS NULL")
    await roll_up_run(given.platform, run_id=run["id"])

    (june,) = await invoices(given, JUNE)
    assert await lines(given, june["id"]) == [("OVERAGE", 12), ("TAX", 1)]
    assert await unbilled_periods(given.platform) == []
    assert await check(given.platform) == []
    assert counts(await roll_up(given, JUNE))["tenants_total"] == 0


async def test_more_usage_that_costs_less_is_credited_and_no_invoice_goes_below_nothing(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    volume = ResourceDraft(
        "egress_gb",
        Decimal(0),
        (Tier(Decimal(100), Decimal(1)), Tier(None, Decimal("0.5"))),
        PriceModel.VOLUME,
    )
    await given.plan(base_price_cents=0, resources=[volume])
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "100", kind="egress_gb")
    await roll_up(given)
    await issue_last(given)
    await meter(given, deployment_id, "20", 2026, 4, 2, kind="egress_gb")  # 120 x 0.5c: 60c, and 100c were billed
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await invoices(given, MAY) == []
    assert await late(given) == [(APRIL, "OPEN", None)]

    given.clock.set(2026, 6, 4)
    await meter(given, deployment_id, "90", 2026, 6, 3, kind="egress_gb")
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)

    (june,) = await invoices(given, JUNE)
    assert await lines(given, june["id"]) == [("PLAN_BASE", 0), ("OVERAGE", 90), ("OVERAGE", -40), ("TAX", 5)]
    assert await late(given) == [(APRIL, "BILLED", JUNE)]
    assert await check(given.platform) == []
