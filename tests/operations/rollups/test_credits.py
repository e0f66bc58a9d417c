"""Differences below zero are applied to the tenant's next invoices, as far as these stay at or above zero."""

from datetime import date
from decimal import Decimal

from app.billing import PriceModel, Tier
from app.operations.catalog import ResourceDraft
from app.operations.data_integrity import check
from tests.operations.given import Given
from tests.operations.month_queries import late_charge, late_notes, month_states, net_lines
from tests.operations.months import (
    APRIL,
    JUNE,
    MAY,
    invoices,
    issue_last,
    lines,
    meter,
    roll_up,
    subscribed,
    unbilled,
)


async def test_a_credit_waits_until_an_invoice_can_take_it(given: Given) -> None:
    """A late charge of -40c, which no invoice has billed: the month is worth 60c, and 100c were billed."""
    given.clock.set(2026, 5, 2)
    await given.plan(base_price_cents=0, resources=[volume()])
    tenant_id, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "100", kind="egress_gb")
    await roll_up(given)
    await issue_last(given)
    await late_charge(given, -40, APRIL)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await invoices(given, MAY) == []
    credit = "a credit of 40 cents waits for an invoice with charges to reduce"
    assert await unbilled(given) == [(tenant_id, APRIL, credit)]
    assert await month_states(given) == {APRIL: ("ISSUED", 60, 100), MAY: ("ZERO", 0, 0)}
    assert await check(given.platform) == []

    given.clock.set(2026, 6, 4)
    await meter(given, deployment_id, "15", 2026, 6, 3, kind="egress_gb")
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)  # takes 15c of the 40c: an invoice with lines, and total 0
    (june,) = await invoices(given, JUNE)
    assert await lines(given, june["id"]) == [("PLAN_BASE", 0), ("OVERAGE", 15), ("ADJUSTMENT", -15), ("TAX", 0)]
    assert (june["subtotal_cents"], june["total_cents"]) == (0, 0)
    assert await month_states(given) == {
        APRIL: ("ISSUED", 60, 85),
        MAY: ("ZERO", 0, 0),
        JUNE: ("DRAFT", 15, 15),
    }
    await issue_last(given, JUNE)
    (june,) = await invoices(given, JUNE)
    assert (june["status"], june["paid_at"]) == ("PAID", given.clock())
    assert await check(given.platform) == []

    given.clock.set(2026, 7, 4)
    await meter(given, deployment_id, "90", 2026, 7, 3, kind="egress_gb")
    given.clock.set(2026, 8, 2)
    await roll_up(given, date(2026, 7, 1))
    (july,) = await invoices(given, date(2026, 7, 1))
    assert await lines(given, july["id"]) == [("PLAN_BASE", 0), ("OVERAGE", 90), ("ADJUSTMENT", -25), ("TAX", 7)]
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_more_usage_that_costs_less_is_credited_on_the_invoice_that_billed_it(given: Given) -> None:
    """Under VOLUME 120 GB cost 60c, and 100 GB cost 100c."""
    given.clock.set(2026, 5, 2)
    await given.plan(base_price_cents=0, resources=[volume()])
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "100", kind="egress_gb")
    await roll_up(given)
    await issue_last(given)
    await meter(given, deployment_id, "20", 2026, 4, 2, kind="egress_gb")
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await invoices(given, MAY) == []
    assert await late_notes(given) == [(APRIL, 40)]
    assert await unbilled(given) == []
    assert await month_states(given) == {APRIL: ("ISSUED", 60, 60), MAY: ("ZERO", 0, 0)}
    assert await check(given.platform) == []


async def test_credits_are_taken_in_order_of_month_and_line_after_all_that_is_above_zero(given: Given) -> None:
    """June has 20c, April's other deployment 8c more; April's credits of 12c and 7c and May's of 20c share them."""
    given.clock.set(2026, 5, 2)
    hours = ResourceDraft("droplet_hours", Decimal(0), (Tier(None, Decimal(1)),))
    await given.plan(base_price_cents=0, resources=[hours])
    tenant_id, pilot = await subscribed(given, slug="a")
    second = await given.deployment(tenant_id, "b")
    third = await given.deployment(tenant_id, "c")
    for deployment_id in (second, third):
        await given.subscription(deployment_id, starts_on=APRIL)
    await meter(given, pilot, "50")
    await meter(given, second, "40")
    await roll_up(given)
    await issue_last(given)
    await meter(given, pilot, "60", 2026, 5, 1)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await issue_last(given, MAY)
    for cents, month in ((-12, APRIL), (-7, APRIL), (-20, MAY)):
        await late_charge(given, cents, month)
    await meter(given, third, "8", 2026, 4, 9)
    given.clock.set(2026, 7, 2)
    await meter(given, pilot, "20", 2026, 6, 1)
    await roll_up(given, JUNE)
    (june,) = await invoices(given, JUNE)
    assert [line for line in await net_lines(given, june["id"]) if line[1] != "PLAN_BASE"] == [
        (JUNE, "OVERAGE", 20),
        (APRIL, "OVERAGE", 8),
        (APRIL, "ADJUSTMENT", -12),
        (APRIL, "ADJUSTMENT", -7),
        (MAY, "ADJUSTMENT", -9),
    ]
    assert (await month_states(given))[MAY] == ("ISSUED", 40, 51)
    assert await unbilled(given) == [
        (tenant_id, MAY, "a credit of 11 cents waits for an invoice with charges to reduce"),
    ]
    assert await check(given.platform) == []


def volume() -> ResourceDraft:
    tiers = (Tier(Decimal(100), Decimal(1)), Tier(None, Decimal("0.5")))
    return ResourceDraft("egress_gb", Decimal(0), tiers, PriceModel.VOLUME)
