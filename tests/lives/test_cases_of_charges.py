"""A charge of a deployment is billed once, although a subscription that is backdated takes it in afterwards."""

from app.operations import charges
from app.operations.deployments import create_deployment
from tests.lives.scripted_life import APRIL, JUNE, MAY, ScriptedLife


async def charge_a_deployment_without_a_subscription(story: ScriptedLife) -> None:
    story.deployments["pilot"] = await create_deployment(
        story.platform, tenant_id=story.tenant_id, slug="pilot", display_name="Pilot", region="syd1"
    )
    await charges.add_charge(
        story.platform,
        tenant_id=story.tenant_id,
        deployment_id=story.deployments["pilot"],
        description="Setting up",
        net_cents=999,
        on=APRIL.replace(day=10),
    )


async def test_billed_before_the_subscription_was_backdated(story: ScriptedLife) -> None:
    await charge_a_deployment_without_a_subscription(story)
    story.at(5, 2)
    await story.roll_up(APRIL)
    await story.issue(APRIL)
    assert await story.billed() == {APRIL: 999}
    await story.subscribe("pilot", starts_on=APRIL.replace(day=23))
    story.at(6, 2)
    await story.roll_up(MAY)
    assert await story.billed() == {APRIL: 5999, MAY: 5000}
    assert await story.open() == {}
    await story.issue(MAY)
    await story.void(APRIL)
    await story.roll_up(APRIL)
    assert await story.lines(APRIL) == [
        ("PLAN_BASE", APRIL, 5000),
        ("ADJUSTMENT", APRIL, 999),
        ("PLAN_BASE", APRIL, -5000),  # which May's invoice has billed
    ]
    assert await story.billed() == {APRIL: 5999, MAY: 5000}


async def test_billed_late_on_another_invoice_before_the_subscription_was_backdated(story: ScriptedLife) -> None:
    await story.subscribe("second")
    story.at(5, 2)
    await story.roll_up(APRIL)
    await story.issue(APRIL)
    await charge_a_deployment_without_a_subscription(story)
    story.at(6, 2)
    await story.roll_up(MAY)
    await story.issue(MAY)
    assert await story.billed() == {APRIL: 5999, MAY: 5000}
    await story.subscribe("pilot", starts_on=APRIL.replace(day=23))
    await story.void(APRIL)
    await story.roll_up(APRIL)
    assert await story.billed() == {APRIL: 10_999, MAY: 5000}
    story.at(7, 2)
    await story.roll_up(JUNE)
    assert await story.billed() == {APRIL: 10_999, MAY: 10_000, JUNE: 10_000}
    assert await story.open() == {}
    await story.verify_all()
