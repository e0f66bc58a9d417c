"""Changes of a month after it was rated are billed once, by the next rollup, whatever happens to the invoices."""

from decimal import Decimal
from uuid import UUID

import pytest

from app.operations.data_integrity import check
from app.operations.invoices import mark_invoice_paid, verify_invoice, void_invoice
from app.operations.rollups import bill_tenants as billing_of_tenants
from app.operations.subscriptions import change_plan_version
from tests.operations.given import Given
from tests.operations.month_queries import CORRECTION_KEY, billed_of_month, changes, month_states, net_lines, overage
from tests.operations.months import (
    APRIL,
    JUNE,
    MAY,
    counts,
    invoices,
    issue_last,
    lines,
    meter,
    roll_up,
    subscribed,
    unbilled,
)


@pytest.fixture
async def pilot(given: Given) -> UUID:
    """Creates acme's deployment on Studio. Its April invoice is issued with 12 hours of overage: 5012 cents and tax."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1500")
    await roll_up(given)
    await issue_last(given)
    return deployment_id


async def test_the_next_rollup_bills_the_difference_as_overage_of_the_earlier_month(given: Given, pilot: UUID) -> None:
    await meter(given, pilot, "30", 2026, 4, 20)
    assert await changes(given) == [(APRIL, "pilot", "USAGE")]
    assert await month_states(given) == {APRIL: ("ISSUED", 5012, 5012)}
    given.clock.set(2026, 6, 1, 4)

    run = await roll_up(given, MAY)

    assert (run["invoices_created"], run["total_cents"]) == (1, 5533)
    (may,) = await invoices(given, MAY)
    assert await lines(given, may["id"]) == [("PLAN_BASE", 5000), ("OVERAGE", 30), ("TAX", 503)]
    assert await overage(given, may["id"]) == [(CORRECTION_KEY, APRIL, Decimal(30), 30)]
    assert await changes(given) == []
    assert await month_states(given) == {APRIL: ("ISSUED", 5042, 5042), MAY: ("DRAFT", 5000, 5000)}
    line = await given.row(
        "SELECT description, resource_kind, unit_price_cents, deployment_id FROM tenant_invoice_lines WHERE key = $1",
        CORRECTION_KEY,
    )
    assert line == {
        "description": "Correction of 2026-04: droplet_hours: 42 h over 1488 h included",
        "resource_kind": "droplet_hours",
        "unit_price_cents": Decimal(1),
        "deployment_id": pilot,
    }
    verified = await verify_invoice(given.platform, invoice_id=may["id"])
    assert (verified.matches, verified.differences) == (True, ())
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
    assert await overage(given, june["id"]) == [(CORRECTION_KEY, APRIL, Decimal(5), 5)]
    assert await changes(given) == []
    assert await check(given.platform) == []


async def test_usage_within_what_is_included_makes_no_line(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    await issue_last(given)
    await meter(given, deployment_id, "7")
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await net_lines(given, (await invoices(given, MAY))[0]["id"]) == [(MAY, "PLAN_BASE", 5000)]
    assert await unbilled(given) == []
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
    assert await changes(given) == [(APRIL, "pilot", "INVOICE_VOIDED")]
    assert await month_states(given) == {APRIL: ("ISSUED", 5042, 5012), MAY: ("OPEN", None, 0)}
    assert await check(given.platform) == []

    await roll_up(given, MAY)

    _, second = await invoices(given, MAY)
    assert await overage(given, second["id"]) == [(CORRECTION_KEY, APRIL, Decimal(30), 30)]
    assert await changes(given) == []
    assert await check(given.platform) == []


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
    assert await overage(given, live["id"]) == [(CORRECTION_KEY, APRIL, Decimal(30), 30)]
    assert await unbilled(given) == []
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
    assert await overage(given, whole["id"]) == [
        ("pilot/overage/droplet_hours/studio@1", APRIL, Decimal(42), 42),
        (CORRECTION_KEY, APRIL, Decimal(-30), -30),
    ]
    assert (await verify_invoice(given.platform, invoice_id=whole["id"])).matches
    assert await check(given.platform) == []

    await issue_last(given)
    await void_invoice(given.platform, invoice_id=(await invoices(given, MAY))[-1]["id"])
    await roll_up(given, MAY)

    _, may = await invoices(given, MAY)
    assert await overage(given, may["id"]) == [(CORRECTION_KEY, APRIL, Decimal(30), 30)]
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_usage_late_for_an_invoice_that_is_then_voided_is_in_the_next_revision(given: Given, pilot: UUID) -> None:
    await meter(given, pilot, "30", 2026, 4, 20)
    await void_invoice(given.platform, invoice_id=(await invoices(given))[0]["id"])
    await roll_up(given)
    _, again = await invoices(given)
    assert again["subtotal_cents"] == 5042
    assert await unbilled(given) == []
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert (await invoices(given, MAY))[0]["subtotal_cents"] == 5000


async def test_a_paid_month_is_billed_late_too(given: Given, pilot: UUID) -> None:
    await mark_invoice_paid(given.platform, invoice_id=(await invoices(given))[0]["id"], reference="T-1")
    await meter(given, pilot, "30", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert (await invoices(given, MAY))[0]["subtotal_cents"] == 5030


async def test_a_draft_is_corrected_by_the_next_months_rollup_as_an_issued_month_is(given: Given) -> None:
    """Without force, April's draft stays; the next rollup takes up what it lacks."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    await meter(given, deployment_id, "1500")
    assert counts(await roll_up(given))["skipped"] == 1
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (may,) = await invoices(given, MAY)
    assert await net_lines(given, may["id"]) == [(MAY, "PLAN_BASE", 5000), (APRIL, "OVERAGE", 12)]
    assert await month_states(given) == {APRIL: ("DRAFT", 5012, 5012), MAY: ("DRAFT", 5000, 5000)}

    await roll_up(given, force=True)  # April's draft, in place: it has 12c to bill and 12c to take off

    assert await net_lines(given, (await invoices(given))[0]["id"]) == [
        (APRIL, "PLAN_BASE", 5000),
        (APRIL, "OVERAGE", 12),
        (APRIL, "OVERAGE", -12),
    ]
    assert await billed_of_month(given, APRIL) == 5012
    assert await check(given.platform) == []


async def test_a_plan_changed_into_an_issued_month_is_the_difference_of_its_series(given: Given) -> None:
    """B2 and the series: one line of the base, whichever versions it was and is rated on."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    await issue_last(given)
    await given.plan_version(base_price_cents=90000)
    await change_plan_version(
        given.platform, deployment_id=deployment_id, plan_code="studio", plan_version=2, effective_on=APRIL
    )
    assert await changes(given) == [(APRIL, "pilot", "PLAN_CHANGED")]
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (may,) = await invoices(given, MAY)
    rows = await given.rows(
        "SELECT key, description, quantity, unit_price_cents, amount_cents FROM tenant_invoice_lines"
        " WHERE invoice_id = $1 ORDER BY position",
        may["id"],
    )
    assert [row["key"] for row in rows] == ["pilot/base/studio@2", "late:2026-04:pilot/base", "tax:GST:0.1"]
    assert tuple(rows[1].values())[1:] == ("Correction of 2026-04: Plan: studio v2", 1, 85000, 85000)
    assert await check(given.platform) == []


async def test_a_rerun_in_which_nothing_changed_changes_nothing(given: Given, pilot: UUID) -> None:
    await meter(given, pilot, "30", 2026, 4, 20)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    tables = ("billing_months", "tenant_invoices", "tenant_invoice_lines", "tenant_invoice_inputs")
    before = await given.contents()
    assert counts(await roll_up(given, MAY))["skipped"] == 1
    after = await given.contents()
    assert {name: after[name] for name in tables} == {name: before[name] for name in tables}
