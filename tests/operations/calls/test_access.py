"""Permissions: every operation with every role, and access to other tenants' objects."""

import inspect
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.billing import Actor, Aggregation, DeploymentState
from app.operations import catalog, charges, deployments, subscriptions, taxes, tenants, usage
from app.operations.calls.access import ALLOWED_ROLES, Action, transition_actor
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.calls.refusal import ProblemCode, Refusal
from app.tables.ids import new_id
from tests.operations.given import Given

Operation = Callable[[Context, UUID], Awaitable[object]]

PLATFORM = {Role.PLATFORM_ADMIN}
TENANT = {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}
METER = {Role.PLATFORM_ADMIN, Role.METER}

# Each operation, called with an id that does not exist, and the roles that may call it.
OPERATIONS: dict[str, tuple[set[Role], Operation]] = {
    "create_tenant": (PLATFORM, lambda c, _: tenants.create_tenant(c, code="acme", name="Acme")),
    "update_tenant": (PLATFORM, lambda c, key: tenants.update_tenant(c, tenant_id=key, name="Acme")),
    "close_tenant": (PLATFORM, lambda c, key: tenants.close_tenant(c, tenant_id=key)),
    "set_tax_rate": (
        PLATFORM,
        lambda c, _: taxes.set_tax_rate(c, country="AU", name="GST", rate=Decimal("0.12"), valid_from=date(2026, 7, 1)),
    ),
    "add_charge": (
        PLATFORM,
        lambda c, key: charges.add_charge(c, tenant_id=key, description="Setup", net_cents=1, on=date(2026, 4, 1)),
    ),
    "create_plan": (PLATFORM, lambda c, _: catalog.create_plan(c, code="studio", name="Studio")),
    "draft_plan_version": (PLATFORM, lambda c, _: catalog.draft_plan_version(c, plan_code="x", base_price_cents=1)),
    "publish_plan_version": (PLATFORM, lambda c, key: catalog.publish_plan_version(c, plan_version_id=key)),
    "retire_plan_version": (PLATFORM, lambda c, key: catalog.retire_plan_version(c, plan_version_id=key)),
    "archive_plan": (PLATFORM, lambda c, _: catalog.archive_plan(c, plan_code="x")),
    "create_addon": (PLATFORM, lambda c, _: catalog.create_addon(c, code="x", name="X", price_cents=1)),
    "update_addon": (PLATFORM, lambda c, _: catalog.update_addon(c, code="x", active=False)),
    "define_resource_kind": (
        PLATFORM,
        lambda c, _: catalog.define_resource_kind(c, code="gpu_hours", unit="hour", aggregation=Aggregation.SUM),
    ),
    "create_deployment": (
        TENANT,
        lambda c, key: deployments.create_deployment(
            c, tenant_id=key, slug="pilot", display_name="Pilot", region="syd1"
        ),
    ),
    "update_deployment": (TENANT, lambda c, key: deployments.update_deployment(c, deployment_id=key)),
    "transition_deployment": (
        TENANT,
        lambda c, key: deployments.transition_deployment(c, deployment_id=key, to=DeploymentState.PAUSED),
    ),
    "transition_by_system": (
        PLATFORM,
        lambda c, key: deployments.transition_by_system(c, deployment_id=key, to=DeploymentState.SUSPENDED),
    ),
    "register_resource": (
        PLATFORM,
        lambda c, key: deployments.register_resource(
            c, deployment_id=key, provider="do", external_id="1", resource_kind="droplet_hours", name="web"
        ),
    ),
    "end_resource": (PLATFORM, lambda c, key: deployments.end_resource(c, resource_id=key)),
    "move_resource": (PLATFORM, lambda c, key: deployments.move_resource(c, resource_id=key, deployment_id=key)),
    "subscribe": (TENANT, lambda c, key: subscriptions.subscribe(c, deployment_id=key, plan_code="studio")),
    "attach_addon": (TENANT, lambda c, key: subscriptions.attach_addon(c, deployment_id=key, addon_code="x")),
    "detach_addon": (TENANT, lambda c, key: subscriptions.detach_addon(c, subscription_addon_id=key)),
    "change_plan_version": (
        TENANT,
        lambda c, key: subscriptions.change_plan_version(c, deployment_id=key, plan_code="studio"),
    ),
    "record_usage": (METER, lambda c, _: usage.record_usage(c, events=[])),
    "record_batch": (METER, lambda c, _: usage.record_batch(c, events=[])),
    "correct_usage": (
        METER,
        lambda c, key: usage.correct_usage(
            c, tenant_id=key, source="api", event_id="1", quantity=Decimal(1), reason="misread"
        ),
    ),
}


def test_every_operation_is_here() -> None:
    exported = {
        name
        for area in (tenants, taxes, charges, catalog, deployments, subscriptions, usage)
        for name, member in vars(area).items()
        if inspect.iscoroutinefunction(member) and "context" in inspect.signature(member).parameters
    }
    reads = {"monthly_usage", "tenant_id_of", "tax_rates"}  # row-level security is their answer
    upkeep = {"make_months", "apply_pending_plan_changes"}  # a job's, of no row that anyone owns
    assert exported - reads - upkeep - {"transact", "record_changes"} == OPERATIONS.keys()


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("role", Role)
async def test_roles(given: Given, name: str, role: Role) -> None:
    allowed, operation = OPERATIONS[name]
    own = await given.tenant("own")
    before = await given.contents()
    context = given.caller(role, tenant_id=own)
    if role in allowed:
        try:
            await operation(context, new_id())
        except Refusal as refusal:
            assert refusal.code is ProblemCode.NOT_FOUND  # noqa: PT017 - what got past the door may also succeed
        return
    with pytest.raises(Refusal) as refused:
        await operation(context, new_id())
    assert (refused.value.code, refused.value.path) == (ProblemCode.PERMISSION_DENIED, ())
    assert await given.contents() == before


ON_DEPLOYMENTS: dict[str, tuple[tuple[str, ...], Operation]] = {
    name: (("deploymentId",), OPERATIONS[name][1])
    for name in ("update_deployment", "transition_deployment", "subscribe", "attach_addon", "change_plan_version")
}
ON_TENANTS: dict[str, tuple[tuple[str, ...], Operation]] = {
    "create_deployment": (("tenantId",), OPERATIONS["create_deployment"][1])
}


@pytest.mark.parametrize("name", ON_DEPLOYMENTS | ON_TENANTS)
async def test_what_is_another_tenants_does_not_exist(given: Given, name: str) -> None:
    path, operation = (ON_DEPLOYMENTS | ON_TENANTS)[name]
    ours, theirs = await given.tenant("ours"), await given.tenant("theirs")
    await given.plan("studio")
    await given.addon("x")
    foreign_deployment = await given.deployment(theirs)
    await given.subscription(foreign_deployment)
    foreign = theirs if name in ON_TENANTS else foreign_deployment
    before = await given.contents()
    answers = []
    for key in (foreign, new_id()):
        with pytest.raises(Refusal) as refused:
            await operation(given.admin(ours), key)
        answers.append((refused.value.code, refused.value.path, refused.value.message.replace(str(key), "…")))
    assert answers[0] == answers[1]
    assert answers[0][:2] == (ProblemCode.NOT_FOUND, path)
    assert await given.contents() == before


async def test_a_tenant_that_is_gone_from_under_its_token_is_not_found(given: Given) -> None:
    with pytest.raises(Refusal) as refused:
        await OPERATIONS["create_deployment"][1](given.admin(key := new_id()), key)
    assert (refused.value.code, refused.value.path) == (ProblemCode.NOT_FOUND, ("tenantId",))


async def test_two_roles_may_what_either_may(given: Given) -> None:
    tenant_id = await given.tenant()
    both = given.caller(Role.TENANT_VIEWER, Role.METER, tenant_id=tenant_id)
    assert (await usage.record_usage(both, events=[])).accepted == 0
    with pytest.raises(Refusal) as refused:
        await deployments.create_deployment(both, slug="pilot", display_name="Pilot", region="syd1")
    assert refused.value.code is ProblemCode.PERMISSION_DENIED


def test_every_action_has_its_roles() -> None:
    assert ALLOWED_ROLES.keys() == set(Action)
    assert all(Role.PLATFORM_ADMIN in roles for roles in ALLOWED_ROLES.values())
    of_viewers = {action for action, roles in ALLOWED_ROLES.items() if Role.TENANT_VIEWER in roles}
    of_meters = {action for action, roles in ALLOWED_ROLES.items() if Role.METER in roles}
    assert of_viewers == {Action.QUOTE, Action.READ_DOCUMENT, Action.READ_EVENTS, Action.EXPORT_RECORDS}
    assert of_meters == {Action.QUOTE, Action.RECORD_USAGE, Action.CORRECT_USAGE}


@pytest.mark.parametrize(
    ("roles", "actor"),
    [
        ({Role.PLATFORM_ADMIN}, Actor.OPERATOR),
        ({Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}, Actor.OPERATOR),
        ({Role.TENANT_ADMIN, Role.METER}, Actor.TENANT),
        ({Role.TENANT_VIEWER}, None),
        ({Role.METER}, None),
    ],
)
def test_transition_actor(roles: set[Role], actor: Actor | None) -> None:
    assert transition_actor(Principal("someone", frozenset(roles), new_id())) is actor


@pytest.mark.parametrize(
    ("operation", "given_fields", "path"),
    [
        (deployments.update_deployment, {"billing_action_suspended": True}, "billingActionSuspended"),
        (deployments.update_deployment, {"billing_action_suspended": False}, "billingActionSuspended"),
        (subscriptions.subscribe, {"plan_code": "studio", "starts_on": "yesterday"}, "startsOn"),
        (subscriptions.subscribe, {"plan_code": "studio", "starts_on": "tomorrow"}, "startsOn"),
        (subscriptions.subscribe, {"plan_code": "studio", "trial_ends_at": "now"}, "trialEndsAt"),
        (subscriptions.change_plan_version, {"plan_code": "studio", "effective_on": "yesterday"}, "effectiveOn"),
    ],
)
async def test_what_is_the_operators_to_give(
    given: Given, operation: Callable[..., Awaitable[object]], given_fields: dict[str, Any], path: str
) -> None:
    tenant_id = await given.tenant()
    await given.plan("studio")
    deployment_id = await given.deployment(tenant_id)
    if operation is subscriptions.change_plan_version:
        await given.subscription(deployment_id)
    moments = {
        "yesterday": given.clock().date().replace(day=30, month=4),
        "tomorrow": given.clock().date().replace(day=2),
        "now": given.clock(),
    }
    fields = {name: moments.get(value, value) for name, value in given_fields.items()}
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await operation(given.admin(tenant_id), deployment_id=deployment_id, **fields)
    assert (refused.value.code, refused.value.path) == (ProblemCode.PERMISSION_DENIED, (path,))
    assert await given.contents() == before


async def test_a_meter_of_a_tenant_sees_no_further(given: Given) -> None:
    ours, theirs = await given.tenant("ours"), await given.tenant("theirs")
    foreign = await given.deployment(theirs)
    event = usage.MeteredEvent(
        id="1",
        deployment_id=foreign,
        resource_kind="droplet_hours",
        quantity=Decimal(1),
        occurred_at=given.clock(),
    )
    before = await given.contents()
    assert (await usage.record_usage(given.meter(ours), events=[event])).accepted == 0
    assert await given.contents() == before
