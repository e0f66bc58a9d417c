"""Rows of months that ended: inserted for all tenants before anyone looks, up to a watermark, once."""

import asyncio
from datetime import date

import pytest

from app.billing import DeploymentState
from app.database import PLATFORM
from app.operations.billing_months import count_unbilled_months, insert_missing_months
from app.operations.charges import add_charge
from app.operations.deployments import transition_deployment
from tests.operations.given import Given
from tests.operations.months import APRIL, JUNE, MAY, meter, subscribed

MARCH = date(2026, 3, 1)


async def insert(given: Given) -> None:
    async with given.database.unit_of_work(PLATFORM) as unit:
        await insert_missing_months(given.platform, unit)


async def rows(given: Given) -> list[tuple[str, date]]:
    found = await given.rows(
        "SELECT t.code, b.period_start FROM billing_months b JOIN tenants t ON t.id = b.tenant_id ORDER BY 1, 2"
    )
    return [(row["code"], row["period_start"]) for row in found]


async def through(given: Given) -> date | None:
    row = await given.row("SELECT billing_months_through FROM installation")
    billing_months_through: date | None = row["billing_months_through"]
    return billing_months_through


async def test_a_month_of_a_subscription_a_charge_or_usage_has_a_row_once_it_ended(given: Given) -> None:
    given.clock.set(2026, 3, 10)
    await given.plan()
    await subscribed(given, "subscribed", starts_on=date(2026, 4, 30))
    charged = await given.tenant("charged")
    metered = await given.tenant("metered")
    await given.tenant("idle")
    deployment_id = await given.deployment(metered)
    given.clock.set(2026, 4, 30)
    await meter(given, deployment_id, "1", 2026, 4, 29)
    await add_charge(
        given.platform, tenant_id=charged, deployment_id=None, description="x", net_cents=5, on=date(2026, 4, 1)
    )
    given.clock.set(2026, 4, 30, 23, 59)
    await insert(given)
    assert await rows(given) == []
    given.clock.set(2026, 6, 1)
    await insert(given)
    assert await rows(given) == [
        ("charged", APRIL),
        ("metered", APRIL),
        ("subscribed", APRIL),
        ("subscribed", MAY),
    ]
    assert await through(given) == MAY


async def test_the_months_of_a_subscription_end_with_it(given: Given) -> None:
    given.clock.set(2026, 3, 10)
    await given.plan()
    _, deployment_id = await subscribed(given, starts_on=date(2026, 3, 10))
    given.clock.set(2026, 5, 1)
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
    given.clock.set(2026, 8, 1)
    await insert(given)
    assert await rows(given) == [("acme", month) for month in (MARCH, APRIL, MAY)]


async def test_beyond_the_watermark_nothing_is_inserted_again(given: Given) -> None:
    """A row that is gone shows it: only later months are looked at."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    await subscribed(given)
    await insert(given)
    assert (await rows(given), await through(given)) == ([("acme", APRIL)], APRIL)
    before = await given.contents()
    await insert(given)
    assert await given.contents() == before
    given.clock.set(2026, 6, 2)
    await insert(given)
    assert (await rows(given), await through(given)) == ([("acme", APRIL), ("acme", MAY)], MAY)


async def test_a_clock_that_is_behind_moves_nothing_back(given: Given) -> None:
    given.clock.set(2026, 6, 1)
    await given.plan()
    await subscribed(given)
    await insert(given)
    given.clock.set(2026, 5, 31, 23, 58)
    await insert(given)
    assert await through(given) == MAY
    assert await count_unbilled_months(given.platform) == 1  # by this clock May has not ended


async def test_what_is_subscribed_before_the_watermark_has_its_rows_from_the_operation(given: Given) -> None:
    given.clock.set(2026, 6, 10)
    await given.plan()
    tenant_id = await given.tenant()
    await insert(given)
    assert (await rows(given), await through(given)) == ([], MAY)
    await given.subscription(await given.deployment(tenant_id), starts_on=APRIL)
    assert await rows(given) == [("acme", APRIL), ("acme", MAY)]
    given.clock.set(2026, 7, 1)
    await insert(given)
    assert await rows(given) == [("acme", APRIL), ("acme", MAY), ("acme", JUNE)]


@pytest.mark.parametrize("callers", [2, 8])
async def test_many_callers_at_once_insert_each_row_once(given: Given, callers: int) -> None:
    given.clock.set(2026, 3, 10)
    await given.plan()
    for number in range(20):
        await subscribed(given, f"t{number:02}")
    given.clock.set(2026, 7, 1)
    await asyncio.gather(*(insert(given) for _ in range(callers)))
    expected = [(f"t{number:02}", month) for number in range(20) for month in (APRIL, MAY, JUNE)]
    assert await rows(given) == expected
    assert await through(given) == JUNE
