"""Every change of an ended month's terms is recorded until the month is rated again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.billing import DeploymentState
from app.operations.charges import add_charge
from app.operations.deployments import transition_deployment
from app.operations.subscriptions import attach_addon, change_plan_version, detach_addon
from app.operations.tenants import update_tenant
from tests.operations.given import Given

APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
CHANGES = """
SELECT c.period_start, d.slug, c.reason FROM billing_month_changes c
LEFT JOIN cloud_deployments d ON d.id = c.deployment_id ORDER BY 1, 2, 3
"""
RATED = """
INSERT INTO billing_months (id, tenant_id, period_start, state, rated_cents, billed_cents, open_credit_deployments)
SELECT gen_random_uuid(), $1, month::date, 'ZERO', 0, 0, '{}' FROM unnest($2::date[]) AS month RETURNING id
"""

Operation = Callable[[Given, UUID, UUID], Awaitable[object]]


async def start(given: Given) -> tuple[UUID, UUID]:
    """A tenant's pilot, subscribed since 1 April with an add-on since 20 April, and bare, which is not subscribed.

    April and May are rated, and it is 10 June.
    """
    given.clock.set(2026, 4, 1)
    await given.plan("studio")
    await given.plan("plus", base_price_cents=9000)
    await given.addon("storage_50gb")
    await given.addon("more")
    tenant_id = await given.tenant()
    pilot = await given.deployment(tenant_id, "pilot")
    await given.deployment(tenant_id, "bare")
    await given.subscription(pilot, starts_on=APRIL)
    given.clock.set(2026, 4, 20)
    await attach_addon(given.platform, deployment_id=pilot, addon_code="storage_50gb")
    given.clock.set(2026, 6, 10)
    await given.rows(RATED, tenant_id, [APRIL, MAY])
    return tenant_id, pilot


async def changes(given: Given) -> list[tuple[date, str | None, str]]:
    return [tuple(row.values()) for row in await given.rows(CHANGES)]


async def subscribe_bare(given: Given, starts_on: date | None) -> None:
    row = await given.row("SELECT id FROM cloud_deployments WHERE slug = 'bare'")
    await given.subscription(row["id"], starts_on=starts_on)


async def detach(given: Given, last_day: date | None) -> None:
    row = await given.row("SELECT id FROM subscription_addons")
    await detach_addon(given.platform, subscription_addon_id=row["id"], last_day=last_day)


async def charge(given: Given, tenant_id: UUID, deployment_id: UUID | None, on: date) -> None:
    await add_charge(
        given.platform, tenant_id=tenant_id, deployment_id=deployment_id, description="x", net_cents=-5, on=on
    )


async def change_plan(given: Given, pilot: UUID, effective_on: date | None) -> None:
    await change_plan_version(given.platform, deployment_id=pilot, plan_code="plus", effective_on=effective_on)


async def exempt(given: Given, tenant_id: UUID, first_day: date | None) -> None:
    await update_tenant(given.platform, tenant_id=tenant_id, tax_exempt=True, tax_exempt_from=first_day)


BACKDATED: dict[str, tuple[Operation, list[tuple[date, str | None, str]]]] = {
    "a subscription": (
        lambda given, _, __: subscribe_bare(given, date(2026, 4, 30)),
        [(APRIL, "bare", "SUBSCRIBED"), (MAY, "bare", "SUBSCRIBED")],
    ),
    "a subscription of the last month": (
        lambda given, _, __: subscribe_bare(given, MAY),
        [(MAY, "bare", "SUBSCRIBED")],
    ),
    "a plan change": (
        lambda given, _, pilot: change_plan(given, pilot, date(2026, 5, 31)),
        [(MAY, "pilot", "PLAN_CHANGED")],
    ),
    "a detachment": (
        lambda given, _, __: detach(given, date(2026, 4, 25)),
        [(APRIL, "pilot", "ADDON_DETACHED"), (MAY, "pilot", "ADDON_DETACHED")],
    ),
    "a charge of a deployment": (
        lambda given, tenant_id, pilot: charge(given, tenant_id, pilot, date(2026, 4, 30)),
        [(APRIL, "pilot", "CHARGE_ADDED")],
    ),
    "a charge of the tenant": (
        lambda given, tenant_id, _: charge(given, tenant_id, None, MAY),
        [(MAY, None, "CHARGE_ADDED")],
    ),
    "a tax exemption": (
        lambda given, tenant_id, _: exempt(given, tenant_id, date(2026, 4, 30)),
        [(APRIL, None, "TAX_EXEMPTION"), (MAY, None, "TAX_EXEMPTION")],
    ),
}
OF_TODAY: dict[str, Operation] = {
    "a subscription": lambda given, _, __: subscribe_bare(given, None),
    "a plan change": lambda given, _, pilot: change_plan(given, pilot, None),
    "a pending plan change": lambda given, _, pilot: change_plan(given, pilot, date(2026, 7, 1)),
    "an attachment": lambda given, _, pilot: attach_addon(given.platform, deployment_id=pilot, addon_code="more"),
    "a detachment": lambda given, _, __: detach(given, None),
    "a pause": lambda given, _, pilot: transition_deployment(
        given.platform, deployment_id=pilot, to=DeploymentState.PAUSED
    ),
    "a charge": lambda given, tenant_id, pilot: charge(given, tenant_id, pilot, date(2026, 6, 30)),
    "a tax exemption": lambda given, tenant_id, _: exempt(given, tenant_id, None),
}


@pytest.mark.parametrize("name", BACKDATED)
async def test_what_is_backdated_is_recorded_for_each_rated_month_that_it_reaches(given: Given, name: str) -> None:
    operation, expected = BACKDATED[name]
    tenant_id, pilot = await start(given)
    await operation(given, tenant_id, pilot)
    assert await changes(given) == expected


@pytest.mark.parametrize("name", OF_TODAY)
async def test_what_is_of_the_running_month_touches_no_months(given: Given, name: str) -> None:
    tenant_id, pilot = await start(given)
    before = await given.rows("SELECT * FROM billing_months ORDER BY id")
    await OF_TODAY[name](given, tenant_id, pilot)
    assert await changes(given) == []
    assert await given.rows("SELECT * FROM billing_months ORDER BY id") == before


@pytest.mark.parametrize("status", ["ISSUED", "PAID", "DRAFT"])
async def test_an_invoiced_month_may_be_changed(given: Given, status: str) -> None:
    tenant_id, pilot = await start(given)
    invoice_id = await given.invoice(tenant_id, APRIL, status)
    state = "DRAFT" if status == "DRAFT" else "ISSUED"
    update = "UPDATE billing_months SET state = $2, invoice_id = $3 WHERE period_start = $1 RETURNING id"
    await given.rows(update, APRIL, state, invoice_id)
    await change_plan(given, pilot, date(2026, 4, 30))
    await subscribe_bare(given, APRIL)
    recorded = [(month, slug) for month, slug, _ in await changes(given)]
    assert recorded == [(APRIL, "bare"), (APRIL, "pilot"), (MAY, "bare"), (MAY, "pilot")]


async def test_an_exemption_that_changes_no_day_is_no_change(given: Given) -> None:
    tenant_id, _ = await start(given)
    await update_tenant(given.platform, tenant_id=tenant_id, tax_exempt=False, tax_exempt_from=APRIL)
    assert await changes(given) == []


async def test_a_transition_that_leaves_the_subscription_as_it_is_is_no_change(given: Given) -> None:
    _, pilot = await start(given)
    given.clock.set(2026, 6, 30, 23, 59)
    await transition_deployment(given.platform, deployment_id=pilot, to=DeploymentState.PAST_DUE)
    assert await given.row("SELECT count(*) FROM billing_months") == {"count": 2}


AT_MIDNIGHT: dict[str, tuple[Operation, str]] = {
    "an attachment": (OF_TODAY["an attachment"], "ADDON_ATTACHED"),
    "a pause": (OF_TODAY["a pause"], "TRANSITION"),
    "a detachment": (OF_TODAY["a detachment"], "ADDON_DETACHED"),
    "a plan change": (OF_TODAY["a plan change"], "PLAN_CHANGED"),
    "a charge": (OF_TODAY["a charge"], "CHARGE_ADDED"),
    "a tax exemption": (OF_TODAY["a tax exemption"], "TAX_EXEMPTION"),
    "a subscription": (OF_TODAY["a subscription"], "SUBSCRIBED"),
    "a resume": (
        lambda given, _, pilot: transition_deployment(given.platform, deployment_id=pilot, to=DeploymentState.ACTIVE),
        "TRANSITION",
    ),
}


@pytest.mark.parametrize("name", AT_MIDNIGHT)
async def test_in_the_months_last_minutes_it_waits_for_who_rates_the_month(given: Given, name: str) -> None:
    """A1 and A2: by a clock that is behind, beside a rollup whose clock has June over already."""
    operation, reason = AT_MIDNIGHT[name]
    tenant_id, pilot = await start(given)
    if name == "a resume":
        given.clock.set(2026, 6, 30, 12)
        await transition_deployment(given.platform, deployment_id=pilot, to=DeploymentState.PAUSED)
    given.clock.set(2026, 6, 30, 23, 59, 59)
    await given.rows(RATED, tenant_id, [JUNE])
    async with rating(given) as connection:
        await connection.execute("SELECT FROM billing_months WHERE period_start = $1 FOR NO KEY UPDATE", JUNE)
        change = asyncio.ensure_future(operation(given, tenant_id, pilot))
        await _blocked(connection)
        assert not change.done()
    await change
    assert [(month, why) for month, _, why in await changes(given)] == [(JUNE, reason)]


async def test_a_month_without_a_row_gets_one_that_whoever_rates_it_must_wait_for(given: Given) -> None:
    tenant_id, pilot = await start(given)
    given.clock.set(2026, 6, 30, 23, 59, 59)
    await attach_addon(given.platform, deployment_id=pilot, addon_code="more")
    months = "SELECT state FROM billing_months WHERE tenant_id = $1 AND period_start = $2"
    assert await given.row(months, tenant_id, JUNE) == {"state": "OPEN"}
    assert await changes(given) == []  # the month was not rated yet: whoever rates it reads the add-on


@asynccontextmanager
async def rating(given: Given) -> AsyncIterator[Any]:
    """A transaction of another process in the platform's scope, which sees every tenant."""
    connection = await asyncpg.connect(given.settings.database_url)
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


async def _blocked(connection: Any) -> None:
    """Waits until another process waits for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _ in range(500):
        if await connection.fetchval(waiting):
            return
        await asyncio.sleep(0.02)
    pytest.fail("nobody waits for a lock")
