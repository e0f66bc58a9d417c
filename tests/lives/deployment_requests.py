"""Requests that concern deployments: subscriptions, add-ons, plans, states, usage and resources.

Each does what its numbers say in the system and in the plain description, or nothing where it is not possible.
"""

from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from app.billing import DeploymentState
from app.operations import deployments, subscriptions, usage
from app.operations.calls.principal import Role
from app.operations.catalog.offers import AddonSelection
from tests.lives.catalog import ADDONS, AGGREGATIONS, PLANS, exact_decimal
from tests.lives.life import TRANSITIONS, Life, LivingDeployment, attach, change_by_admin, change_by_tenant, pick
from tests.lives.rating import local_day, start_of
from tests.lives.script import LARGEST
from tests.lives.terms import Subscription
from tests.lives.world import LivesWorld

Numbers = tuple[int, ...]

_LARGEST = {"droplet_hours": 800, "egress_gb": 4800, "storage_gb": 480, "storage_gb_hours": 480}  # in quarters
_CODES = sorted(ADDONS)


async def send_usage(world: LivesWorld, lives: list[Life], at: datetime) -> None:
    """Sends what was metered, in one batch."""
    events = [event for life in lives for event in life.metered]
    for life in lives:
        life.metered.clear()
    if events:
        recorded = await usage.record_usage(world.context(at, Role.METER), events=events)
        assert (recorded.accepted, recorded.rejected) == (len(events), ())


async def meter(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    """Meters up to four usage events, which are sent later."""
    for burst in range(1 + numbers[2] // 4 % 4):
        await _meter(world, life, at, tuple(number * (2 * burst + 1) % LARGEST for number in numbers))


async def _meter(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    deployment = pick(life.deployments, numbers[0])
    if deployment is None:
        return
    kind = sorted(AGGREGATIONS)[numbers[1] % len(AGGREGATIONS)]
    resource = (None, None, "r0", "r1")[numbers[2] % 4]
    if resource is not None and resource not in deployment.resources:
        await _register(world, life, deployment, resource, at)
    quantity = Fraction(numbers[3] % (_LARGEST[kind] + 1), 4)
    minutes = numbers[4] % 1440 if numbers[4] % 4 == 0 else 2 * numbers[4]
    life.meter(deployment, kind, quantity, at - timedelta(minutes=minutes), resource)


async def _register(world: LivesWorld, life: Life, deployment: LivingDeployment, resource: str, at: datetime) -> None:
    deployment.resources[resource] = await deployments.register_resource(
        world.context(at),
        deployment_id=deployment.id,
        provider="digitalocean",
        external_id=f"{life.number}-{deployment.described.slug}-{resource}",
        resource_kind="storage_gb",
        name=resource,
        created_at=at - timedelta(days=200),
    )


async def correct(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    event = pick(life.events, numbers[0])
    if event is None:
        return
    event_id, reading = event
    quantity = Fraction(numbers[1] % (_LARGEST[reading.kind] + 1), 4)
    if numbers[2] % 4 == 0:
        quantity = Fraction(0)  # as if it had been sent so: a level of 0, otherwise nothing
    await usage.correct_usage(
        world.context(at),
        tenant_id=life.id,
        source="api",
        event_id=event_id,
        quantity=exact_decimal(quantity),
        reason="The meter was wrong.",
    )
    reading.quantity = quantity


async def end_resource(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    found = _resource(life, numbers)
    if found is not None:
        deployment, resource = found
        ended_at = at - timedelta(minutes=2 * numbers[2] if numbers[3] % 2 else 0)
        await deployments.end_resource(world.context(at), resource_id=deployment.resources[resource], ended_at=ended_at)
        deployment.described.resource_ends[resource] = ended_at


async def move_resource(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    """Moves a resource: it ends in one deployment and begins in the other, with a new id."""
    found, target = _resource(life, numbers), pick(life.deployments, numbers[4])
    if found is None or target is None or target is found[0]:
        return
    deployment, resource = found
    moved_at = at - timedelta(minutes=2 * numbers[2] if numbers[3] % 2 else 0)
    moved: UUID = await deployments.move_resource(
        world.context(at),
        resource_id=deployment.resources[resource],
        deployment_id=target.id,
        moved_at=moved_at,
    )
    deployment.described.resource_ends[resource] = moved_at
    target.resources[f"{resource}-of-{deployment.described.slug}-{len(target.resources)}"] = moved


def _resource(life: Life, numbers: Numbers) -> tuple[LivingDeployment, str] | None:
    """Picks a resource that has not ended."""
    return pick(
        [
            (deployment, resource)
            for deployment in life.deployments
            for resource in deployment.resources
            if resource in {"r0", "r1"} and resource not in deployment.described.resource_ends
        ],
        numbers[0],
    )


async def subscribe(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    free = [kept for kept in life.deployments if kept.described.subscription is None and kept.state != "CANCELLED"]
    deployment = pick(free, numbers[0])
    if deployment is None or numbers[0] % 3 == 0:
        if len(life.deployments) == 3:
            return
        deployment = await _create(world, life, at)
    elif deployment.state == "ARCHIVED":
        return
    chance, size = numbers[3] % 10, numbers[3] // 10
    days = (0, 0, 0, -(size % 12), -(size % 31), -(size % 60), -(size % 60), -(size % 90), -(size % 160), size % 9)[
        chance
    ]
    if deployment.transitions and days < 0:
        days = 0  # the states of days past are another subscription's, if any's
    plan = PLANS[numbers[1] % len(PLANS)]
    first_day = local_day(at, world.zone) + timedelta(days=days)
    trial = (numbers[4] // 6) % 25 if numbers[4] % 6 == 0 else None
    trial_ends_at = None
    if trial is not None:
        trial_ends_at = start_of(first_day + timedelta(days=trial), world.zone) + timedelta(hours=5 * (size % 2))
    codes = [code for number, code in enumerate(_CODES) if numbers[2] % 97 >> number & 1 and numbers[2] % 3 == 0]
    as_tenant = days == 0 and trial is None and size % 2
    await subscriptions.subscribe(
        world.context(at, Role.TENANT_ADMIN, life.id) if as_tenant else world.context(at),
        deployment_id=deployment.id,
        plan_code=plan.code,
        plan_version=plan.version,
        addons=[AddonSelection(code) for code in codes],
        starts_on=first_day if days else None,
        trial_ends_at=trial_ends_at,
        confirm_backdating=days < -80,
    )
    active = deployment.state in {"ACTIVE", "PAST_DUE"}
    subscription = Subscription(first_day, [(first_day, plan)], active, trial_ends_at)
    deployment.described.subscription = subscription
    for code in codes:
        attach(subscription, code, world.addon_prices, first_day)
    if codes:
        deployment.attached = await _addons_of(world, deployment)


async def deploy(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    """Creates a deployment, which may be metered and charged before it is subscribed, or never be subscribed."""
    if len(life.deployments) < 2 + numbers[0] % 2:
        await _create(world, life, at)


async def _create(world: LivesWorld, life: Life, at: datetime) -> LivingDeployment:
    slug = f"d{len(life.deployments)}"
    deployment_id = await deployments.create_deployment(
        world.context(at), tenant_id=life.id, slug=slug, display_name=slug, region="syd1"
    )
    return life.add_deployment(deployment_id, slug)


async def _addons_of(world: LivesWorld, deployment: LivingDeployment) -> list[UUID]:
    """Returns the add-ons that the numbers select, in order of their codes."""
    rows = world.rows(
        "SELECT a.id FROM subscription_addons a JOIN subscriptions s ON s.id = a.subscription_id"
        " WHERE s.deployment_id = %s ORDER BY a.code",
        deployment.id,
    )
    return [row.id for row in rows]


async def attach_addon(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    deployment = pick(life.subscribed, numbers[0])
    if deployment is None or (subscription := deployment.current) is None:
        return
    code = _CODES[numbers[1] % len(_CODES)]
    addon_id: UUID = await subscriptions.attach_addon(
        world.context(at, Role.TENANT_ADMIN, life.id),
        deployment_id=deployment.id,
        addon_code=code,
        additional=any(addon.code == code for addon in subscription.addons),
    )
    attach(subscription, code, world.addon_prices, local_day(at, world.zone))
    deployment.attached.append(addon_id)


async def detach_addon(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    today = local_day(at, world.zone)
    found = pick(
        [
            (addon, addon_id)
            for deployment in life.subscribed
            if (subscription := deployment.current) is not None and subscription.first_day <= today
            for addon, addon_id in zip(subscription.addons, deployment.attached, strict=True)
            if addon.last_day is None
        ],
        numbers[0],
    )
    if found is None:
        return
    addon, addon_id = found
    days = numbers[2] % 70 if numbers[1] % 3 == 0 else 0
    addon.last_day = max(today - timedelta(days=days), addon.first_day)
    await subscriptions.detach_addon(
        world.context(at), subscription_addon_id=addon_id, last_day=addon.last_day if days else None
    )


async def change_plan(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    today = local_day(at, world.zone)
    started = [kept for kept in life.subscribed if kept.current is not None and kept.current.first_day <= today]
    deployment = pick(started, numbers[0])
    if deployment is None or (subscription := deployment.current) is None:
        return
    plan = PLANS[numbers[1] % len(PLANS)]
    by_admin = numbers[2] % 3 == 0
    effective_on = max(today - timedelta(days=numbers[3] % 75 if numbers[4] % 2 else 0), subscription.first_day)
    await subscriptions.change_plan_version(
        world.context(at) if by_admin else world.context(at, Role.TENANT_ADMIN, life.id),
        deployment_id=deployment.id,
        plan_code=plan.code,
        plan_version=plan.version,
        effective_on=effective_on if by_admin else None,
    )
    if by_admin:
        change_by_admin(subscription, plan, effective_on)
    else:
        change_by_tenant(subscription, plan, today)


async def transition(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    deployment = pick(life.deployments, numbers[0])
    if deployment is None:
        return
    targets = [to for to in TRANSITIONS[deployment.state] if to != "CANCELLED" or numbers[2] % 4 == 0]
    if (to := pick(targets, numbers[1])) is not None:
        await deployments.transition_deployment(world.context(at), deployment_id=deployment.id, to=DeploymentState(to))
        deployment.transition(to, at)


async def leave(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    """Cancels every deployment that can be cancelled."""
    assert numbers
    for deployment in life.deployments:
        if "CANCELLED" in TRANSITIONS[deployment.state]:
            await deployments.transition_deployment(
                world.context(at), deployment_id=deployment.id, to=DeploymentState.CANCELLED
            )
            deployment.transition("CANCELLED", at)
