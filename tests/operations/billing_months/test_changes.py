"""record_changes: which months get a row, which a change, and who waits for whom."""

import asyncio
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest

from app.database import PLATFORM
from app.operations.billing_months import Change, first_open_day, record_changes
from app.tables.billing_months import ChangeReason
from tests.operations.given import Given
from tests.operations.late import changes, month_states
from tests.operations.months import APRIL, JULY, JUNE, MAY, subscribed
from tests.operations.test_month_changes import rating

MARCH = date(2026, 3, 1)
STATES = {
    "OPEN": "'OPEN', NULL, NULL, NULL, NULL, NULL, NULL",
    "FAILED": "'FAILED', NULL, 'too large', NULL, NULL, NULL, NULL",
    "ZERO": "'ZERO', 0, NULL, NULL, NULL, NULL, NULL",
    "WAIVED": "'WAIVED', 0, NULL, now(), 'me', 'goodwill', NULL",
}


async def record(given: Given, *recorded: Change, reason: ChangeReason = ChangeReason.USAGE) -> None:
    async with given.database.unit_of_work(PLATFORM) as unit:
        await record_changes(given.platform, unit, recorded, reason)


async def rated(given: Given, tenant_id: UUID, months: Sequence[date]) -> None:
    for month in months:
        await month_in_state(given, tenant_id, month, "ZERO")


async def month_in_state(given: Given, tenant_id: UUID, month: date, state: str) -> None:
    await given.rows(
        "INSERT INTO billing_months (id, tenant_id, period_start, state, rated_cents, failure, waived_at, waived_by,"
        " waive_reason, invoice_id, billed_cents, open_credit_deployments)"
        f" SELECT gen_random_uuid(), $1, $2, {STATES[state]}, 0, '{{}}' RETURNING id",
        tenant_id,
        month,
    )


@pytest.fixture
async def acme(given: Given) -> tuple[UUID, UUID]:
    """Subscribed since 1 April; it is 10 July."""
    given.clock.set(2026, 4, 1)
    await given.plan()
    tenant_id, deployment_id = await subscribed(given)
    given.clock.set(2026, 7, 10)
    return tenant_id, deployment_id


async def test_a_change_is_recorded_for_each_rated_month_from_its_first_day_to_its_last(
    given: Given, acme: tuple[UUID, UUID]
) -> None:
    tenant_id, pilot = acme
    await rated(given, tenant_id, [APRIL, MAY, JUNE])
    await record(given, Change(tenant_id, pilot, date(2026, 5, 31), date(2026, 6, 1)))
    assert await changes(given) == [(MAY, "pilot", "USAGE"), (JUNE, "pilot", "USAGE")]
    await record(given, Change(tenant_id, None, date(2026, 4, 30)), reason=ChangeReason.TAX_EXEMPTION)
    tenants_own = [(month, None, "TAX_EXEMPTION") for month in (APRIL, MAY, JUNE)]
    assert [change for change in await changes(given) if change[1] is None] == tenants_own


async def test_the_running_month_costs_nothing(given: Given, acme: tuple[UUID, UUID]) -> None:
    tenant_id, pilot = acme
    before = await given.contents()
    await record(given, Change(tenant_id, pilot, JULY))
    assert await given.contents() == before


@pytest.mark.parametrize(("minutes", "first"), [(54, JUNE), (55, JULY), (59, JULY)])
async def test_a_month_may_be_rated_from_five_minutes_before_its_end_on(
    given: Given, minutes: int, first: date
) -> None:
    given.clock.set(2026, 6, 30, 23, minutes)
    assert first_open_day(given.platform) == first


@pytest.mark.parametrize("state", STATES)
async def test_only_a_rated_month_gets_a_change(given: Given, acme: tuple[UUID, UUID], state: str) -> None:
    tenant_id, pilot = acme
    await month_in_state(given, tenant_id, JUNE, state)
    await record(given, Change(tenant_id, pilot, JUNE))
    assert await changes(given) == ([(JUNE, "pilot", "USAGE")] if state == "ZERO" else [])
    assert (await month_states(given))[JUNE][0] == state


async def test_missing_rows_are_made_where_the_tenant_is_subscribed_or_the_change_begins(
    given: Given, acme: tuple[UUID, UUID]
) -> None:
    tenant_id, pilot = acme
    await record(given, Change(tenant_id, pilot, MARCH, date(2026, 5, 1)))
    assert list(await month_states(given)) == [MARCH, APRIL, MAY]
    other = await given.tenant("other")
    await record(given, Change(other, None, APRIL))
    rows = await given.rows("SELECT period_start, state FROM billing_months WHERE tenant_id = $1", other)
    assert rows == [{"period_start": APRIL, "state": "OPEN"}]  # later months have nothing that it could reach
    assert await changes(given) == []


async def test_a_change_that_waits_already_is_not_recorded_again(given: Given, acme: tuple[UUID, UUID]) -> None:
    tenant_id, pilot = acme
    await rated(given, tenant_id, [JUNE])
    for _ in range(3):
        await record(given, Change(tenant_id, pilot, JUNE), Change(tenant_id, pilot, date(2026, 6, 9)))
    assert await changes(given) == [(JUNE, "pilot", "USAGE")]
    await record(given, Change(tenant_id, pilot, JUNE), reason=ChangeReason.TRANSITION)
    assert len(await changes(given)) == 2


async def test_two_changes_at_once_do_not_wait_for_each_other(given: Given, acme: tuple[UUID, UUID]) -> None:
    tenant_id, pilot = acme
    await rated(given, tenant_id, [APRIL, MAY, JUNE])
    async with rating(given) as connection:  # another change, not committed yet
        await connection.execute("SELECT FROM billing_months FOR SHARE")
        async with asyncio.timeout(5):
            await record(given, Change(tenant_id, pilot, APRIL))
    assert len(await changes(given)) == 3


async def test_changes_wait_for_who_rates_the_month_and_then_read_its_state(
    given: Given, acme: tuple[UUID, UUID]
) -> None:
    """The row was OPEN when the change began: without the lock it would not be recorded."""
    tenant_id, pilot = acme
    await month_in_state(given, tenant_id, JUNE, "OPEN")
    async with rating(given) as connection:
        await connection.execute("SELECT FROM billing_months FOR NO KEY UPDATE")
        change = asyncio.ensure_future(record(given, Change(tenant_id, pilot, JUNE)))
        done, _ = await asyncio.wait([change], timeout=0.3)
        assert not done
        await connection.execute("UPDATE billing_months SET state = 'ZERO', rated_cents = 0")
    await change
    assert await changes(given) == [(JUNE, "pilot", "USAGE")]


async def test_many_at_once_in_any_order_do_not_deadlock(given: Given, acme: tuple[UUID, UUID]) -> None:
    tenant_id, pilot = acme
    other = await given.tenant("other")
    await rated(given, tenant_id, [APRIL, MAY, JUNE])
    reached = [Change(tenant_id, pilot, APRIL), Change(other, None, MAY), Change(tenant_id, None, JUNE)]
    orders = [reached, reached[::-1], [reached[1], reached[0], reached[2]]] * 5
    reasons = list(ChangeReason)[:3]
    await asyncio.gather(*(record(given, *order, reason=reason) for order in orders for reason in reasons))
    assert len({(month, reason) for month, _, reason in await changes(given)}) == 9
