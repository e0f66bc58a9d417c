"""Every operation that changes the amount of a rated month records a change."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from app.billing import DeploymentState
from app.operations.calls.access import Action
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.charges import add_charge
from app.operations.deployments import (
    end_resource,
    move_resource,
    register_resource,
    transition_by_system,
    transition_deployment,
)
from app.operations.invoices import void_invoice
from app.operations.subscriptions import attach_addon, change_plan_version, detach_addon
from app.operations.taxes import set_tax_rate
from app.operations.tenants import update_tenant
from app.operations.usage import MeteredEvent, correct_usage, prove_totals, record_usage
from tests.operations.data_integrity.test_checks import break_rows
from tests.operations.given import Given
from tests.operations.month_queries import changes
from tests.operations.months import APRIL, invoices, issue_last, roll_up, unbilled


class World(NamedTuple):
    """Test data: acme's deployment `pilot` with an add-on and a volume, and `bare` without a subscription. April is
    rated and issued.
    """

    given: Given
    tenant_id: UUID
    pilot: UUID
    bare: UUID
    resource_id: UUID


Operation = Callable[[World], Awaitable[object]]

NO_INPUT = {
    Action.CREATE_TENANT: "has no month yet",
    Action.CLOSE_TENANT: "asks for deployments that are cancelled, and bills nothing less",
    Action.CREATE_DEPLOYMENT: "is not subscribed yet",
    Action.ISSUE_CREDIT_NOTE: "credits what is billed, and changes nothing that it is rated from",
    **dict.fromkeys(
        (
            Action.RECORD_PAYMENT,
            Action.REVERSE_PAYMENT,
            Action.ALLOCATE_CREDIT,
            Action.REFUND_CREDIT,
            Action.WRITE_OFF_INVOICE,
            Action.RECORD_RECOVERY,
            Action.IMPORT_BANK_STATEMENT,
        ),
        "is about money that is owed already",
    ),
    Action.SEE_LEDGER: "writes nothing",
    Action.READ_DOCUMENT: "writes nothing",
    Action.EXPORT_RECORDS: "writes nothing",
    Action.RENDER_DOCUMENTS: "writes the PDFs of what is issued",
    Action.MANAGE_DUNNING: "plans transitions to come, which are recorded when they happen",
    Action.UPDATE_DEPLOYMENT: "changes names",
    Action.OVERRIDE_BILLING_ACTIONS: "withholds transitions to come",
    Action.REGISTER_RESOURCE: "has no usage yet",
    Action.MANAGE_CATALOG: "leaves published versions and attached add-ons as they are",
    Action.SET_TAX_RATE: "is refused for months that may be rated",
    Action.QUOTE: "writes nothing",
    Action.ROLL_UP: "rates, and holds its months itself",
    Action.ISSUE_INVOICE: "leaves the amounts as they are",
    Action.MARK_INVOICE_PAID: "leaves the amounts as they are",
    Action.VERIFY_INVOICE: "writes nothing",
    Action.SEE_UNBILLED_PERIODS: "writes rows of months that are not rated",
    Action.WAIVE_MONTH: "settles the month for good, with its row held",
    Action.CHECK_DATA_INTEGRITY: "writes nothing",
    Action.IMPORT_CLOUD_INVOICE: "is what the provider bills",
    Action.REMATCH_CLOUD_INVOICE: "is what the provider bills",
    Action.WITHDRAW_CLOUD_INVOICE: "is what the provider bills",
    Action.SEE_MARGIN: "writes nothing",
    Action.PUBLISH_EVENTS: "gives events their positions",
    Action.READ_EVENTS: "writes nothing",
    Action.MANAGE_WEBHOOKS: "concerns no month",
    Action.PUSH_TO_FINANCE: "tells of balances, and changes none",
}
"""Actions that leave what a rated month comes to as it is, and why."""


async def subscribe_bare(world: World, starts_on: date | None = None) -> None:
    await world.given.subscription(world.bare, starts_on=starts_on)


async def detach(world: World) -> None:
    row = await world.given.row("SELECT id FROM subscription_addons")
    await detach_addon(world.given.platform, subscription_addon_id=row["id"])


async def correct(world: World) -> None:
    await correct_usage(
        world.given.platform,
        tenant_id=world.tenant_id,
        source="api",
        event_id="level",
        quantity=Decimal(2),
        reason="misread",
    )


async def repair(world: World) -> None:
    """Totals that were tampered with before April was rated."""
    url = world.given.settings.database_url
    assert url is not None
    break_rows(url, "UPDATE usage_daily_totals SET last_level = last_level + 1")
    assert [difference async for difference in prove_totals(world.given.platform, repair=True)]


async def move(world: World) -> None:
    await move_resource(world.given.platform, resource_id=world.resource_id, deployment_id=world.bare)


def transition(state: DeploymentState) -> Operation:
    return lambda world: transition_deployment(world.given.platform, deployment_id=world.pilot, to=state)


RECORDS: dict[Action, list[tuple[Operation, str]]] = {
    Action.UPDATE_TENANT: [
        (
            lambda world: update_tenant(world.given.platform, tenant_id=world.tenant_id, tax_exempt=True),
            "TAX_EXEMPTION",
        )
    ],
    Action.TRANSITION_DEPLOYMENT: [
        (transition(DeploymentState.PAUSED), "TRANSITION"),
        (transition(DeploymentState.CANCELLED), "TRANSITION"),
    ],
    Action.ACT_AS_SYSTEM: [
        (
            lambda world: transition_by_system(
                world.given.platform, deployment_id=world.pilot, to=DeploymentState.SUSPENDED
            ),
            "TRANSITION",
        )
    ],
    Action.END_RESOURCE: [
        (lambda world: end_resource(world.given.platform, resource_id=world.resource_id), "RESOURCE_ENDED")
    ],
    Action.MOVE_RESOURCE: [(move, "RESOURCE_ENDED")],
    Action.SUBSCRIBE: [(subscribe_bare, "SUBSCRIBED")],
    Action.CHOOSE_BILLING_DAYS: [(lambda world: subscribe_bare(world, APRIL), "SUBSCRIBED")],
    Action.ATTACH_ADDON: [
        (
            lambda world: attach_addon(
                world.given.platform, deployment_id=world.pilot, addon_code="extra", additional=True
            ),
            "ADDON_ATTACHED",
        )
    ],
    Action.DETACH_ADDON: [(detach, "ADDON_DETACHED")],
    Action.CHANGE_PLAN_VERSION: [
        (
            lambda world: change_plan_version(world.given.platform, deployment_id=world.pilot, plan_code="plus"),
            "PLAN_CHANGED",
        )
    ],
    Action.ADD_CHARGE: [
        (
            lambda world: add_charge(
                world.given.platform,
                tenant_id=world.tenant_id,
                deployment_id=None,
                description="setup",
                net_cents=5,
                on=date(2026, 4, 30),
            ),
            "CHARGE_ADDED",
        )
    ],
    Action.RECORD_USAGE: [(lambda world: level(world, "late", 30), "USAGE")],
    Action.CORRECT_USAGE: [(correct, "USAGE_CORRECTED")],
    Action.REPAIR_USAGE_TOTALS: [(repair, "USAGE")],
}
"""Actions that change what a month is rated from, with the reason that is recorded."""


async def level(world: World, event_id: str, day: int) -> None:
    event = MeteredEvent(
        id=event_id,
        deployment_id=world.pilot,
        resource_kind="storage_gb_hours",
        quantity=Decimal(7),
        occurred_at=datetime(2026, 4, day, tzinfo=UTC),
        resource_id=world.resource_id,
    )
    recorded = await record_usage(world.given.platform, events=[event])
    assert recorded.accepted == 1


@pytest.fixture
async def world(given: Given) -> World:
    """The clock of who acts has a minute of April left; that of who rated April was three minutes ahead."""
    given.clock.set(2026, 4, 1)
    await given.plan()
    await given.plan("plus", base_price_cents=9000)
    await given.addon()
    await given.addon("extra")
    tenant_id = await given.tenant()
    pilot, bare = [await given.deployment(tenant_id, slug) for slug in ("pilot", "bare")]
    await given.subscription(pilot, addons=["storage_50gb"])
    resource_id = await register_resource(
        given.platform,
        deployment_id=pilot,
        provider="digitalocean",
        external_id="1",
        resource_kind="storage_gb",
        name="volume",
        created_at=given.clock(),
    )
    made = World(given, tenant_id, pilot, bare, resource_id)
    given.clock.set(2026, 4, 20)
    await level(made, "level", 10)
    given.clock.set(2026, 5, 1, 0, 2)
    await roll_up(given)
    await issue_last(given)
    given.clock.set(2026, 4, 30, 23, 59)
    return made


def test_every_action_is_said_to_change_rating_inputs_or_not_to() -> None:
    """A new action must be added to one of the tables above: see record_changes in app/operations/billing_months."""
    assert RECORDS.keys() | NO_INPUT.keys() | {Action.VOID_INVOICE} == set(Action)
    assert not RECORDS.keys() & NO_INPUT.keys()


CASES = [(action, at) for action, operations in RECORDS.items() for at in range(len(operations))]


@pytest.mark.parametrize(("action", "at"), CASES, ids=[f"{action.name.lower()}-{at}" for action, at in CASES])
async def test_it_records_a_change_of_the_rated_month(world: World, action: Action, at: int) -> None:
    operation, reason = RECORDS[action][at]
    assert await changes(world.given) == []
    await operation(world)
    recorded = [(month, why) for month, _, why in await changes(world.given)]
    assert recorded == [(APRIL, reason)]
    world.given.clock.set(2026, 5, 2)
    assert await unbilled(world.given) == [(world.tenant_id, APRIL, f"it changed after it was rated: {reason}")]


async def test_voiding_the_invoice_makes_the_month_due(world: World) -> None:
    (april,) = await invoices(world.given)
    await void_invoice(world.given.platform, invoice_id=april["id"])
    world.given.clock.set(2026, 5, 2)
    assert await unbilled(world.given) == [(world.tenant_id, APRIL, "its invoice was voided")]


async def test_a_tax_rate_of_a_month_that_may_be_rated_is_refused(world: World) -> None:
    arguments: dict[str, Any] = {
        "country": "AU",
        "name": "GST",
        "rate": Decimal("0.12"),
        "valid_from": date(2026, 4, 30),
    }
    with pytest.raises(Refusal) as refused:
        await set_tax_rate(world.given.platform, **arguments)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("validFrom",))
