"""Machines whose clocks differ by minutes around midnight: the recorded times of a deployment never decrease."""

from datetime import timedelta

from app.billing import DeploymentState
from app.operations.data_integrity import check
from app.operations.deployments import transition_deployment
from app.operations.invoices import issue_invoice, mark_invoice_paid
from app.operations.subscriptions import attach_addon, change_plan_version, subscribe
from app.tables.ids import new_id
from tests.operations.given import Given
from tests.operations.months import roll_up, subscribed

EVENTS = "SELECT to_state, occurred_at FROM cloud_deployment_events ORDER BY occurred_at"


async def test_events_follow_one_another(given: Given) -> None:
    given.clock.set(2026, 4, 1)
    await given.plan()
    _, deployment_id = await subscribed(given)
    given.clock.set(2026, 4, 10, 0, 2)
    steps = (
        DeploymentState.PAUSED,
        DeploymentState.ACTIVE,
        DeploymentState.PAUSED,
        DeploymentState.ACTIVE,
        DeploymentState.CANCELLED,
    )
    for number, state in enumerate(steps):
        given.clock.advance(minutes=-5 if number % 2 else 5)  # one machine after the other
        await transition_deployment(given.platform, deployment_id=deployment_id, to=state)
    events = await given.rows(EVENTS)
    assert [event["to_state"] for event in events] == ["ACTIVE", *steps]
    moments = [event["occurred_at"] for event in events]
    assert moments == sorted(set(moments))
    assert moments[-1] - moments[1] == timedelta(microseconds=4)  # by the machine ahead, and each after the one before
    given.clock.set(2026, 5, 1, 3)
    assert (await roll_up(given))["status"] == "SUCCEEDED"
    assert await check(given.platform) == []


async def test_a_machine_behind_works_on_what_one_ahead_began(given: Given) -> None:
    """Created after midnight by one clock, subscribed to, extended, moved and cancelled before it by another."""
    await given.plan()
    await given.plan("plus")
    await given.addon()
    given.clock.set(2026, 4, 10, 0, 2)
    deployment_id = await given.deployment(await given.tenant())
    given.clock.advance(minutes=-5)
    await subscribe(given.platform, deployment_id=deployment_id, plan_code="studio")
    given.clock.advance(minutes=5)
    await change_plan_version(given.platform, deployment_id=deployment_id, plan_code="plus")
    given.clock.advance(minutes=-5)
    await attach_addon(given.platform, deployment_id=deployment_id, addon_code="storage_50gb")
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
    given.clock.set(2026, 5, 1, 3)
    assert (await roll_up(given))["status"] == "SUCCEEDED"
    assert await check(given.platform) == []


async def test_an_invoice_is_issued_and_paid_by_machines_behind(given: Given) -> None:
    given.clock.set(2026, 4, 1)
    await given.plan()
    await subscribed(given)
    given.clock.set(2026, 5, 1, 3)
    await roll_up(given)
    (invoice,) = await given.rows("SELECT id FROM tenant_invoices")
    given.clock.advance(minutes=-5)
    await issue_invoice(given.platform, invoice_id=invoice["id"])
    given.clock.advance(minutes=-5)
    await mark_invoice_paid(given.platform, invoice_id=invoice["id"], reference=str(new_id()))
    assert await check(given.platform) == []
