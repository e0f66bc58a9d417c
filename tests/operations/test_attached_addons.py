"""Attaching add-ons; a subscription keeps the terms of the time of attaching."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from app.billing import DeploymentState, LineKind, RatedMonth
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import update_addon
from app.operations.deployments import transition_deployment
from app.operations.quotes import months_to_date
from app.operations.subscriptions import attach_addon
from tests.operations.given import Given


async def test_an_addon_is_kept_as_it_stood(given: Given) -> None:
    await given.plan()
    addon_id = await given.addon("storage_50gb", price_cents=750, quantity="50")
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    subscription_id = await given.subscription(deployment_id)
    given.clock.set(2026, 5, 9, 12)
    attached_id = await attach_addon(given.admin(tenant_id), deployment_id=deployment_id, addon_code="storage_50gb")
    first = {
        "id": attached_id,
        "tenant_id": tenant_id,
        "subscription_id": subscription_id,
        "addon_id": addon_id,
        "code": "storage_50gb",
        "price_cents": 750,
        "resource_kind": "storage_gb",
        "quantity": Decimal(50),
        "attached_at": given.clock(),
        "attached_on": date(2026, 5, 9),
        "detached_on": None,
    }
    assert await given.row("SELECT * FROM subscription_addons") == first
    await update_addon(given.platform, code="storage_50gb", price_cents=900, quantity=Decimal(60))
    given.clock.advance(days=1)
    second_id = await attach_addon(
        given.admin(tenant_id), deployment_id=deployment_id, addon_code="storage_50gb", additional=True
    )
    second = first | {"id": second_id, "price_cents": 900, "quantity": Decimal(60)}
    second |= {"attached_at": given.clock(), "attached_on": date(2026, 5, 10)}
    assert await given.rows("SELECT * FROM subscription_addons ORDER BY attached_at") == [first, second]


async def test_a_new_price_moves_nothing_for_who_has_the_addon(given: Given) -> None:
    await given.plan()
    await given.addon("storage_50gb", price_cents=750)
    tenant_id = await given.tenant()
    first = await given.deployment(tenant_id, "first")
    await given.subscription(first, addons=["storage_50gb"])

    async def addon_lines(deployment_id: UUID) -> list[int]:
        quote = (await months_to_date(given.platform, [deployment_id]))[deployment_id]
        assert isinstance(quote, RatedMonth)
        return [line.amount_cents for line in quote.lines if line.kind is LineKind.ADDON]

    assert await addon_lines(first) == [750]
    await update_addon(given.platform, code="storage_50gb", price_cents=900, active=False)
    assert await addon_lines(first) == [750]
    await update_addon(given.platform, code="storage_50gb", active=True)
    second = await given.deployment(tenant_id, "second")
    await given.subscription(second, addons=["storage_50gb"])
    assert await addon_lines(second) == [900]
    assert await addon_lines(first) == [750]


@pytest.mark.parametrize(
    ("addon_code", "code", "path"),
    [
        ("nothing", ProblemCode.NOT_FOUND, "addonCode"),
        ("\ud800", ProblemCode.NOT_FOUND, "addonCode"),
        ("retired", ProblemCode.ADDON_INACTIVE, "addonCode"),
        ("in_dollars", ProblemCode.CURRENCY_MISMATCH, "addonCode"),
    ],
)
async def test_an_addon_must_be_on_offer(given: Given, addon_code: str, code: ProblemCode, path: str) -> None:
    await given.plan()
    await given.addon("retired")
    await given.addon("in_dollars", currency="USD")
    await update_addon(given.platform, code="retired", active=False)
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id)
    before = await given.contents()
    with pytest.raises(Refusal) as refusal:
        await attach_addon(given.platform, deployment_id=deployment_id, addon_code=addon_code)
    assert (refusal.value.code, refusal.value.path) == (code, (path,))
    assert await given.contents() == before


async def test_an_addon_needs_a_current_subscription(given: Given) -> None:
    await given.plan()
    await given.addon()
    deployment_id = await given.deployment(await given.tenant())
    for subscribed in (False, True):
        if subscribed:
            await given.subscription(deployment_id)
            await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
        before = await given.contents()
        with pytest.raises(Refusal) as refusal:
            await attach_addon(given.platform, deployment_id=deployment_id, addon_code="storage_50gb")
        assert (refusal.value.code, refusal.value.path) == (ProblemCode.NOT_SUBSCRIBED, ("deploymentId",))
        assert await given.contents() == before
