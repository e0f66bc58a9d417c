"""The billing cases of a single month, through the real operations, named by their ids."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from app.billing import DeploymentState, PriceModel, Proration, Tier
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import ResourceDraft
from app.operations.catalog.offers import AddonSelection
from app.operations.deployments import register_resource, transition_deployment
from app.operations.quotes import quote
from app.operations.subscriptions import attach_addon, subscribe
from tests.lives.scripted_life import APRIL, ScriptedLife, price


async def april(story: ScriptedLife) -> dict[str, int]:
    """Returns April's amounts: of the rated lines by kind, or by resource kind, and of the deployment's lines."""
    story.at(5, 2)
    await story.roll_up(APRIL)
    rows = await story.given.rows(
        "SELECT coalesce(resource_kind, kind) AS name, sum(amount_cents)::bigint AS cents FROM tenant_invoice_lines"
        " WHERE invoice_id = $1 AND kind <> 'TAX' GROUP BY 1 ORDER BY 1",
        (await story.invoice(APRIL))["id"],
    )
    return {row["name"]: row["cents"] for row in rows}


async def volume(story: ScriptedLife, name: str) -> UUID:
    return await register_resource(
        story.platform,
        deployment_id=story.deployments["pilot"],
        provider="digitalocean",
        external_id=name,
        resource_kind="storage_gb",
        name=name,
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


async def test_l1_levels_are_those_of_each_resource(story: ScriptedLife) -> None:
    await story.given.plan("volumes", base_price_cents=0, resources=[price("storage_gb_hours", "0", (None, "1"))])
    await story.subscribe(plan="volumes")
    story.at(4, 20)
    first, second = await volume(story, "first"), await volume(story, "second")
    await story.meter("storage_gb_hours", "100", 4, 1, resource_id=first)
    await story.meter("storage_gb_hours", "50", 4, 16, resource_id=second)
    assert await april(story) == {"PLAN_BASE": 0, "storage_gb_hours": 90_000}


async def test_l2_peaks_of_one_day_are_added_up(story: ScriptedLife) -> None:
    await story.given.plan("volumes", base_price_cents=0, resources=[price("storage_gb", "0", (None, "1"))])
    await story.subscribe(plan="volumes")
    story.at(4, 20)
    first, second = await volume(story, "first"), await volume(story, "second")
    await story.meter("storage_gb", "80", 4, 10, 1, resource_id=first)
    await story.meter("storage_gb", "60", 4, 10, 15, resource_id=second)
    await story.meter("storage_gb", "75", 4, 11, resource_id=first)
    assert await april(story) == {"PLAN_BASE": 0, "storage_gb": 140}


async def changed_on_16_april(story: ScriptedLife, resource: ResourceDraft, base: int) -> None:
    """A plan prorated by days, whose second version has the same terms and comes into force on 16 April."""
    await story.given.plan("daily", base_price_cents=base, proration=Proration.DAILY, resources=[resource])
    await story.given.plan_version("daily", base_price_cents=base, proration=Proration.DAILY, resources=[resource])
    await story.subscribe(plan="daily", plan_version=1)
    story.at(4, 20)
    await story.change_plan("daily", 2, APRIL.replace(day=16))


async def test_s1_an_allowance_is_not_cut_where_the_terms_are_equal(story: ScriptedLife) -> None:
    await changed_on_16_april(story, price("droplet_hours", "1000", (None, "1")), 5000)
    await story.meter("droplet_hours", "1000", 4, 18)
    assert await april(story) == {"PLAN_BASE": 5000}


async def test_s2_tiers_are_climbed_once_where_the_terms_are_equal(story: ScriptedLife) -> None:
    tiers = (
        Tier(Decimal(5), Decimal(0), 100),
        Tier(Decimal(10), Decimal(0), 50),
        Tier(Decimal(15), Decimal(5)),
        Tier(None, Decimal(1)),
    )
    await changed_on_16_april(story, ResourceDraft("droplet_hours", Decimal(0), tiers, PriceModel.GRADUATED), 0)
    await story.meter("droplet_hours", "12", 4, 2)
    await story.meter("droplet_hours", "10", 4, 18)
    assert await april(story) == {"PLAN_BASE": 0, "droplet_hours": 182}


async def test_s3_bases_are_rounded_together(story: ScriptedLife) -> None:
    await changed_on_16_april(story, price("droplet_hours", "1000", (None, "1")), 5001)
    assert await april(story) == {"PLAN_BASE": 5001}
    assert [cents for _, _, cents in await story.lines(APRIL)] == [2501, 2500]


async def test_m1_a_day_that_was_paused_from_its_first_instant_is_free(story: ScriptedLife) -> None:
    await story.given.plan("daily", base_price_cents=5000, proration=Proration.DAILY, resources=[])
    await story.subscribe(plan="daily")
    await transition_deployment(
        story.with_clock(4, 10), deployment_id=story.deployments["pilot"], to=DeploymentState.PAUSED
    )
    assert await april(story) == {"PLAN_BASE": 1500}


async def test_t1_a_subscription_does_not_take_an_addon_twice_by_mistake(story: ScriptedLife) -> None:
    deployment_id = await story.given.deployment(story.tenant_id)
    for selected, code in (
        ([AddonSelection("storage_50gb"), AddonSelection("storage_50gb")], ProblemCode.ALREADY_ATTACHED),
        ([AddonSelection("storage_50gb"), AddonSelection("storage_50gb", additional=True)], None),
    ):
        subscribing = subscribe(story.platform, deployment_id=deployment_id, plan_code="studio", addons=selected)
        if code is None:
            await subscribing
        else:
            with pytest.raises(Refusal) as refused:
                await subscribing
            assert refused.value.code == code


async def test_t2_currencies_do_not_mix(story: ScriptedLife) -> None:
    tenant_id = await story.given.tenant("tokyo", currency="JPY", country="JP")
    await story.given.plan("yen", currency="JPY", resources=[])
    deployment_id = await story.given.deployment(tenant_id, "tokyo")
    await subscribe(story.platform, deployment_id=deployment_id, plan_code="yen")
    with pytest.raises(Refusal) as attached:
        await attach_addon(story.platform, deployment_id=deployment_id, addon_code="storage_50gb")
    with pytest.raises(Refusal) as quoted:
        await quote(story.platform, plan_code="studio", tenant_id=tenant_id)
    assert {attached.value.code, quoted.value.code} == {ProblemCode.CURRENCY_MISMATCH}


@pytest.mark.parametrize("quantity", ["10000", "999999999999999"])
async def test_w7_an_amount_beyond_64_bits_is_refused(story: ScriptedLife, quantity: str) -> None:
    await story.given.plan("huge", base_price_cents=0, resources=[price("egress_gb", "0", (None, "999999999999999"))])
    with pytest.raises(Refusal) as refused:
        await quote(story.platform, plan_code="huge", usage={"egress_gb": Decimal(quantity)})
    assert refused.value.code == ProblemCode.AMOUNT_TOO_LARGE
    assert "egress_gb" in refused.value.message
