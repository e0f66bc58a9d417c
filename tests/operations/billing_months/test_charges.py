"""One-off charges of rated months: billed once, whichever subscription their deployment gets."""

from datetime import date
from uuid import UUID

from app.operations.charges import add_charge
from app.operations.data_integrity import check
from tests.operations.given import Given
from tests.operations.month_queries import billed_of_month, month_states, net_lines
from tests.operations.months import APRIL, MAY, invoices, issue_last, roll_up, subscribed, unbilled


async def charge(given: Given, tenant_id: UUID, deployment_id: UUID | None, cents: int, on: date = APRIL) -> UUID:
    return await add_charge(
        given.platform, tenant_id=tenant_id, deployment_id=deployment_id, description="setup", net_cents=cents, on=on
    )


async def test_a_charge_that_comes_to_an_issued_month_is_corrected_with_the_next(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, pilot = await subscribed(given)
    await roll_up(given)
    await issue_last(given)
    await charge(given, tenant_id, pilot, 500)
    await charge(given, tenant_id, None, 700)
    await charge(given, tenant_id, None, -300)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (may,) = await invoices(given, MAY)
    assert await net_lines(given, may["id"]) == [
        (MAY, "PLAN_BASE", 5000),
        (APRIL, "ADJUSTMENT", 500),
        (APRIL, "ADJUSTMENT", 700),
        (APRIL, "ADJUSTMENT", -300),
    ]
    assert await month_states(given) == {APRIL: ("ISSUED", 5900, 5900), MAY: ("DRAFT", 5000, 5000)}
    assert await check(given.platform) == []


async def test_a_charge_billed_without_a_subscription_is_not_billed_again_with_a_backdated_one(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    await charge(given, tenant_id, deployment_id, 500)
    await roll_up(given)
    await issue_last(given)
    await given.subscription(deployment_id, starts_on=APRIL)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await billed_of_month(given, APRIL) == 5500
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_a_credit_of_the_month_is_taken_as_far_as_the_invoice_allows_and_the_rest_later(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, _ = await subscribed(given)
    await charge(given, tenant_id, None, -12000)
    await roll_up(given)
    (april,) = await invoices(given)
    assert (april["subtotal_cents"], april["total_cents"]) == (0, 0)
    assert await month_states(given) == {APRIL: ("DRAFT", -7000, 0)}
    credit = "a credit of 7000 cents waits for an invoice with charges to reduce"
    assert await unbilled(given) == [(tenant_id, APRIL, credit)]
    for month, now in ((MAY, (2026, 6, 2)), (date(2026, 6, 1), (2026, 7, 2))):
        given.clock.set(*now)
        await roll_up(given, month)
    assert [(await invoices(given, month))[0]["subtotal_cents"] for month in (MAY, date(2026, 6, 1))] == [0, 3000]
    assert await unbilled(given) == []
    assert await check(given.platform) == []


async def test_a_charge_corrected_elsewhere_is_not_billed_again_when_its_month_is_rated_whole(given: Given) -> None:
    """Billed as April's with May, without a subscription; then subscribed into April, which is rated again."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, _ = await subscribed(given)
    other = await given.deployment(tenant_id, "other")
    await roll_up(given)
    await issue_last(given)
    await charge(given, tenant_id, other, 500)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await issue_last(given, MAY)
    await given.subscription(other, starts_on=APRIL)
    await roll_up(given, force=True)
    assert await billed_of_month(given, APRIL) == 10500
    assert await check(given.platform) == []
    given.clock.set(2026, 7, 2)
    await roll_up(given, date(2026, 6, 1))
    assert [await billed_of_month(given, month) for month in (APRIL, MAY)] == [10500, 10000]
    assert await unbilled(given) == []
    assert await check(given.platform) == []
