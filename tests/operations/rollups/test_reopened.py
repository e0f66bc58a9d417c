"""What comes to a month that was rated: drafts are stale, settlements undone, levels carried on into later months."""

from datetime import date
from decimal import Decimal

from app.billing import Tier
from app.operations.catalog import ResourceDraft
from app.operations.laws import check
from app.operations.rollups import unbilled_periods
from tests.operations.given import Given
from tests.operations.late import JUNE, LATE_KEY, issue_last, late, of_months
from tests.operations.months import APRIL, MAY, counts, invoices, meter, roll_up, subscribed


async def test_a_draft_is_stale_and_says_so_until_it_is_rated_again(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    (draft,) = await invoices(given)
    assert draft["stale_since"] is None
    await meter(given, deployment_id, "1500")
    assert (await invoices(given))[0]["stale_since"] == given.clock()
    assert await late(given) == []

    given.clock.advance(hours=1)
    await roll_up(given, force=True)

    (again,) = await invoices(given)
    assert (again["id"], again["stale_since"], again["subtotal_cents"]) == (draft["id"], None, 5012)
    assert await given.rows("SELECT FROM late_usage") == []


async def test_a_stale_draft_that_is_issued_leaves_its_usage_late(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    await meter(given, deployment_id, "1500")
    await issue_last(given)
    assert await late(given) == [(APRIL, "OPEN", None)]
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (may,) = await invoices(given, MAY)
    assert await of_months(given, may["id"]) == [(LATE_KEY, APRIL, Decimal(12), 12)]
    assert await check(given.platform) == []


async def test_a_level_that_comes_late_changes_the_later_months_it_is_carried_into(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(resources=[ResourceDraft("storage_gb_hours", Decimal(0), (Tier(None, Decimal("0.1")),))])
    _, deployment_id = await subscribed(given)
    for month, now in ((APRIL, (2026, 5, 2)), (MAY, (2026, 6, 2))):
        given.clock.set(*now)
        await roll_up(given, month)
        await issue_last(given, month)

    await meter(given, deployment_id, "10", 2026, 4, 21, kind="storage_gb_hours")  # 240 h of April, all of May

    assert await late(given) == [(APRIL, "OPEN", None), (MAY, "OPEN", None)]
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    (june,) = await invoices(given, JUNE)
    assert [(month, cents) for _, month, _, cents in await of_months(given, june["id"])] == [
        (JUNE, 720),
        (APRIL, 240),
        (MAY, 744),
    ]
    assert await check(given.platform) == []


async def test_a_level_that_a_later_day_replaces_changes_its_own_month_alone(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(resources=[ResourceDraft("storage_gb_hours", Decimal(0), (Tier(None, Decimal("0.1")),))])
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "10", 2026, 4, 25, kind="storage_gb_hours")
    for month, now in ((APRIL, (2026, 5, 2)), (MAY, (2026, 6, 2))):
        given.clock.set(*now)
        await roll_up(given, month)
        await issue_last(given, month)
    await meter(given, deployment_id, "3", 2026, 4, 21, kind="storage_gb_hours")
    assert await late(given) == [(APRIL, "OPEN", None)]


async def test_a_month_settled_at_nothing_is_due_again_when_usage_comes(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(base_price_cents=0)
    tenant_id, deployment_id = await subscribed(given)
    await roll_up(given)
    assert await unbilled_periods(given.platform) == []
    await meter(given, deployment_id, "1500")
    reason = "something came to it after it was settled at nothing"
    assert await unbilled_periods(given.platform) == [(tenant_id, APRIL, reason)]
    assert await check(given.platform) == []

    assert counts(await roll_up(given))["created"] == 1

    assert (await invoices(given))[0]["subtotal_cents"] == 12
    assert await late(given) == []
    assert await check(given.platform) == []


async def test_a_month_settled_at_nothing_is_due_again_when_something_is_subscribed_into_it(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    await given.plan("free", base_price_cents=0)
    tenant_id = await given.tenant()
    await given.subscription(await given.deployment(tenant_id), "free", starts_on=APRIL)
    await roll_up(given)
    await given.subscription(await given.deployment(tenant_id, "second"), starts_on=date(2026, 4, 20))
    assert [(row.tenant_id, row.period_start) for row in await unbilled_periods(given.platform)] == [(tenant_id, APRIL)]
    await roll_up(given)
    assert (await invoices(given))[0]["subtotal_cents"] == 5000


async def test_a_draft_is_stale_when_something_is_subscribed_into_its_month(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    tenant_id, _ = await subscribed(given)
    await roll_up(given)
    await given.subscription(await given.deployment(tenant_id, "now"))
    assert (await invoices(given))[0]["stale_since"] is None
    await given.subscription(await given.deployment(tenant_id, "then"), starts_on=date(2026, 4, 20))
    assert (await invoices(given))[0]["stale_since"] == given.clock()


async def test_a_level_holds_until_the_next_is_set_on_the_first_day_of_the_later_month(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(resources=[ResourceDraft("storage_gb_hours", Decimal(0), (Tier(None, Decimal("0.1")),))])
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "0", 2026, 5, 1, 12, kind="storage_gb_hours")
    for month, now in ((APRIL, (2026, 5, 2)), (MAY, (2026, 6, 2))):
        given.clock.set(*now)
        await roll_up(given, month)
        await issue_last(given, month)
    await meter(given, deployment_id, "10", 2026, 4, 30, 12, kind="storage_gb_hours")
    assert await late(given) == [(APRIL, "OPEN", None), (MAY, "OPEN", None)]
    assert await check(given.platform) == []
