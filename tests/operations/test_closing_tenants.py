"""Closing a tenant requires that nothing is open; nothing can be created for it afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

import pytest

from app.billing import DeploymentState
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.charges import add_charge
from app.operations.deployments import create_deployment, transition_deployment
from app.operations.invoices import issue_invoice, mark_invoice_paid
from app.operations.subscriptions import subscribe
from app.operations.tenants import close_tenant, update_tenant
from app.tables.ids import new_id
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, roll_up, subscribed


async def refused(given: Given, tenant_id: UUID) -> str:
    """Closes a tenant, which is refused without writing anything; returns the refusal's message."""
    before = await given.contents()
    with pytest.raises(Refusal) as refusal:
        await close_tenant(given.platform, tenant_id=tenant_id)
    assert (refusal.value.code, refusal.value.path) == (ProblemCode.CONFLICT, ("tenantId",))
    assert await given.contents() == before
    return refusal.value.message


async def test_a_tenant_without_anything_is_closed(given: Given) -> None:
    tenant_id = await given.tenant()
    assert await close_tenant(given.platform, tenant_id=tenant_id) == tenant_id
    assert await given.row("SELECT closed_at FROM tenants") == {"closed_at": given.clock()}
    with pytest.raises(Refusal) as refusal:
        await close_tenant(given.platform, tenant_id=tenant_id)
    assert (refusal.value.code, refusal.value.path) == (ProblemCode.TENANT_CLOSED, ("tenantId",))


async def test_an_unknown_tenant_is_not_found(given: Given) -> None:
    with pytest.raises(Refusal) as refusal:
        await close_tenant(given.platform, tenant_id=new_id())
    assert (refusal.value.code, refusal.value.path) == (ProblemCode.NOT_FOUND, ("tenantId",))


async def test_what_is_open_is_named_until_all_is_billed_and_paid(given: Given) -> None:
    given.clock.set(2026, 4, 1)
    await given.plan()
    tenant_id, pilot = await subscribed(given)
    await given.deployment(tenant_id, "bare")
    given.clock.set(2026, 5, 10)
    deployments = "deployments: bare (ACTIVE), pilot (ACTIVE)"
    assert await refused(given, tenant_id) == f"the tenant has open {deployments}; months to bill: 2026-04, 2026-05"
    row = await given.row("SELECT id FROM cloud_deployments WHERE slug = 'bare'")
    for deployment_id in (pilot, row["id"]):
        await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
    await roll_up(given, APRIL)
    drafted = "invoices: 2026-04 (DRAFT); months to bill: 2026-04, 2026-05"
    assert await refused(given, tenant_id) == f"the tenant has open {drafted}"
    given.clock.set(2026, 6, 1, 3)
    await roll_up(given, MAY)
    for invoice in await given.rows("SELECT id FROM tenant_invoices ORDER BY period_start"):
        await issue_invoice(given.platform, invoice_id=invoice["id"])
    issued = "invoices: 2026-04 (ISSUED), 2026-05 (ISSUED)"
    assert await refused(given, tenant_id) == f"the tenant has open {issued}"
    for invoice in await given.rows("SELECT id FROM tenant_invoices"):
        await mark_invoice_paid(given.platform, invoice_id=invoice["id"], reference="transfer")
    await close_tenant(given.platform, tenant_id=tenant_id)


async def test_a_subscription_to_come_and_a_charge_to_come_are_open(given: Given) -> None:
    await given.plan()
    tenant_id = await given.tenant()
    await add_charge(given.platform, tenant_id=tenant_id, description="Setup", net_cents=5, on=date(2026, 7, 31))
    await given.subscription(await given.deployment(tenant_id), starts_on=date(2026, 6, 5))
    await transition_deployment(
        given.platform,
        deployment_id=(await given.row("SELECT id FROM cloud_deployments"))["id"],
        to=DeploymentState.CANCELLED,
    )
    assert await refused(given, tenant_id) == "the tenant has open months to bill: 2026-06, 2026-07"


async def test_a_closed_tenant_takes_nothing_new(given: Given) -> None:
    await given.plan()
    tenant_id = await given.tenant()
    cancelled = await given.deployment(tenant_id, state=DeploymentState.CANCELLED)
    await close_tenant(given.platform, tenant_id=tenant_id)
    new: dict[str, Callable[[], Awaitable[object]]] = {
        "tenantId": lambda: create_deployment(
            given.platform, tenant_id=tenant_id, slug="new", display_name="New", region="syd1"
        ),
        "deploymentId": lambda: subscribe(given.platform, deployment_id=cancelled, plan_code="studio"),
        "tenantId ": lambda: add_charge(
            given.platform, tenant_id=tenant_id, description="Setup", net_cents=5, on=APRIL
        ),
    }
    before = await given.contents()
    for path, operation in new.items():
        with pytest.raises(Refusal) as refusal:
            await operation()
        assert (refusal.value.code, refusal.value.path) == (ProblemCode.TENANT_CLOSED, (path.strip(),))
    assert await given.contents() == before
    await update_tenant(given.platform, tenant_id=tenant_id, email="accounts@example.com")


async def test_of_a_closing_and_a_new_deployment_at_once_one_is_refused(given: Given) -> None:
    for number in range(4):
        tenant_id = await given.tenant(f"tenant-{number}")
        answers = await asyncio.gather(
            close_tenant(given.platform, tenant_id=tenant_id),
            create_deployment(given.platform, tenant_id=tenant_id, slug="new", display_name="New", region="syd1"),
            return_exceptions=True,
        )
        refusals = [answer.code for answer in answers if isinstance(answer, Refusal)]
        assert refusals in ([ProblemCode.CONFLICT], [ProblemCode.TENANT_CLOSED])
