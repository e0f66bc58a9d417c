"""Months of which not everything is billed: their order, pages, reasons and differences."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.operations.billing_months import UnbilledMonthRow, count_unbilled_months, unbilled_months
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.invoices import void_invoice
from app.operations.rollups import roll_up_period, roll_up_run
from tests.operations.given import Given
from tests.operations.month_queries import late_charge
from tests.operations.months import APRIL, JUNE, MAY, correct, invoices, issue_last, meter, roll_up, subscribed


async def listed(given: Given) -> list[tuple[date, str, int | None]]:
    page = await unbilled_months(given.platform, first=1000)
    return [(month.period_start, month.reason, month.difference_cents) for month in page.months]


async def test_each_state_has_its_reason_and_its_difference(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1500")
    assert await listed(given) == [(APRIL, "no rollup has rated it yet", None)]

    run_id = await roll_up_period(given.platform, period_start=APRIL)
    assert await listed(given) == [(APRIL, "a rollup is in progress", None)]
    await roll_up_run(given.platform, run_id=run_id)
    assert await listed(given) == []

    await meter(given, deployment_id, "9", 2026, 4, 2)
    assert await listed(given) == [(APRIL, "it changed after it was rated: USAGE", None)]
    await given.subscription(await given.deployment(await tenant(given), "second"), starts_on=APRIL)
    assert await listed(given) == [(APRIL, "it changed after it was rated: SUBSCRIBED, USAGE", None)]

    await void_invoice(given.platform, invoice_id=(await invoices(given))[0]["id"])
    assert await listed(given) == [(APRIL, "its invoice was voided", None)]


async def test_a_credit_has_a_difference_below_zero(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(base_price_cents=0)
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1500")
    await roll_up(given)
    await issue_last(given)
    await late_charge(given, -10, APRIL)
    given.clock.set(2026, 6, 2)
    assert (await listed(given))[0] == (APRIL, "it changed after it was rated: CHARGE_ADDED", None)
    await roll_up(given, MAY)
    assert await listed(given) == [(APRIL, "a credit of 10 cents waits for an invoice with charges to reduce", -10)]


async def test_a_difference_above_zero_whose_invoice_was_voided_is_not_billed_yet(given: Given) -> None:
    """The earlier month is rated and lacks what the void invoice billed of it."""
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    await issue_last(given)
    await meter(given, deployment_id, "1500")
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await void_invoice(given.platform, invoice_id=(await invoices(given, MAY))[0]["id"])
    assert await listed(given) == [
        (APRIL, "it changed after it was rated: INVOICE_VOIDED", None),
        (MAY, "its invoice was voided", None),
    ]


async def test_pages_follow_month_and_tenant_and_say_whether_there_is_more(given: Given) -> None:
    await given.plan()
    given.clock.set(2026, 3, 10)
    tenants = sorted([(await subscribed(given, f"t{number}"))[0] for number in range(5)])
    given.clock.set(2026, 7, 2)
    expected = [(month, tenant_id) for month in (APRIL, MAY, JUNE) for tenant_id in tenants]
    assert await count_unbilled_months(given.platform) == 15
    for size in (1, 4, 5, 15, 16):
        found: list[UnbilledMonthRow] = []
        after: tuple[date, UUID] | None = None
        more = True
        while more:
            page = await unbilled_months(given.platform, first=size, after=after)
            assert len(page.months) <= size
            found += page.months
            last = page.months[-1]
            after, more = (last.period_start, last.tenant_id), page.has_more
        assert [(month.period_start, month.tenant_id) for month in found] == expected
        assert len({month.billing_month_id for month in found}) == 15
    past_the_last = await unbilled_months(given.platform, first=5, after=expected[-1])
    assert past_the_last == ([], False)


async def test_a_month_that_is_due_for_two_reasons_is_listed_once(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(base_price_cents=0)
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1500")
    await roll_up(given)
    await issue_last(given)
    await correct(given, deployment_id, "1490")
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    await correct(given, deployment_id, "1489")  # a credit waits, and a change
    assert await listed(given) == [(APRIL, "it changed after it was rated: USAGE_CORRECTED", None)]
    assert await count_unbilled_months(given.platform) == 1


async def test_the_running_month_is_not_listed(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan()
    await subscribed(given, starts_on=MAY)
    assert await listed(given) == []
    given.clock.set(2026, 6, 1)
    assert [month for month, _, _ in await listed(given)] == [MAY]


async def test_many_who_ask_at_once_all_see_every_month(given: Given) -> None:
    given.clock.set(2026, 3, 10)
    await given.plan()
    for number in range(10):
        await subscribed(given, f"t{number}")
    given.clock.set(2026, 7, 2)
    assert await asyncio.gather(*(count_unbilled_months(given.platform) for _ in range(6))) == [30] * 6


async def test_only_the_platform_sees_them(given: Given) -> None:
    tenant_id = await given.tenant()
    for caller in (given.admin(tenant_id), given.viewer(tenant_id), given.meter(tenant_id)):
        call: Any
        for call in (unbilled_months(caller, first=1), count_unbilled_months(caller)):
            with pytest.raises(Refusal) as refused:
                await call
            assert refused.value.code is ProblemCode.PERMISSION_DENIED


async def tenant(given: Given) -> UUID:
    tenant_id: UUID = (await given.row("SELECT id FROM tenants"))["id"]
    return tenant_id
