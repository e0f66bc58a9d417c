"""Transitions of deployments: from every state to every state, by every actor."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import hypothesis
import pytest
from hypothesis import strategies as st

from app.billing import (
    TRANSITIONS,
    ActiveSpan,
    Actor,
    DeploymentState,
    Period,
    SubscriptionStatus,
    allowed_transitions,
    billable_days,
    subscription_status,
)
from app.database import PLATFORM
from app.operations.calls.refusal import InvalidTransitionRefusal, ProblemCode, Refusal
from app.operations.deployments import (
    TransitionRecorded,
    transition_by_system,
    transition_deployment,
    update_deployment,
)
from app.tables.ids import new_id
from tests.operations.given import Given

State = DeploymentState


async def put_into(given: Given, deployment_id: UUID, state: State, *, override: bool = False) -> None:
    """Sets a deployment's state directly, because no operation leads to TRIAL yet."""
    async with given.database.unit_of_work(PLATFORM) as unit:
        await unit.connection.execute(
            "UPDATE cloud_deployments SET state = $2, billing_action_suspended = $3 WHERE id = $1",
            deployment_id,
            state,
            override,
        )


def ask(given: Given, actor: Actor, tenant_id: UUID) -> Callable[..., Awaitable[TransitionRecorded]]:
    match actor:
        case Actor.TENANT:
            return lambda **asked: transition_deployment(given.admin(tenant_id), **asked)
        case Actor.OPERATOR:
            return lambda **asked: transition_deployment(given.platform, **asked)
        case Actor.SYSTEM:
            return lambda **asked: transition_by_system(given.platform, **asked)


@pytest.mark.parametrize("actor", Actor)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("override", [False, True])
async def test_every_transition(given: Given, actor: Actor, state: State, override: bool) -> None:
    tenant_id = await given.tenant()
    await given.plan()
    deployment_id = await given.deployment(tenant_id)
    await given.subscription(deployment_id)
    transition = ask(given, actor, tenant_id)
    for to in State:
        await put_into(given, deployment_id, state, override=override)
        before = await given.contents()
        if actor not in TRANSITIONS[state].get(to, ()):
            with pytest.raises(InvalidTransitionRefusal) as refused:
                await transition(deployment_id=deployment_id, to=to)
            assert (refused.value.from_state, refused.value.to_state) == (state, to)
            assert refused.value.allowed == allowed_transitions(state, actor)
            assert (refused.value.code, refused.value.path) == (ProblemCode.INVALID_TRANSITION, ("to",))
            assert await given.contents() == before
            continue
        recorded = await transition(deployment_id=deployment_id, to=to, reason="because")
        withheld = actor is Actor.SYSTEM and override
        assert recorded == TransitionRecorded(deployment_id, recorded.event_id, withheld)
        assert await given.row("SELECT state FROM cloud_deployments") == {"state": state if withheld else to}
        event = await given.row("SELECT * FROM cloud_deployment_events WHERE id = $1", recorded.event_id)
        assert event == {
            "id": recorded.event_id,
            "tenant_id": tenant_id,
            "deployment_id": deployment_id,
            "from_state": state,
            "to_state": to,
            "actor": "tenant_admin@example.com" if actor is Actor.TENANT else "platform_admin@example.com",
            "reason": "because",
            "withheld": withheld,
            "occurred_at": given.clock(),
            "cause": {Actor.TENANT: "TENANT", Actor.OPERATOR: "OPERATOR", Actor.SYSTEM: "SYSTEM"}[actor],
            "dunning_invoice_id": None,
            "dunning_step": None,
        }
        after = await given.contents()
        changed = {name for name in after if after[name] != before[name]}
        if withheld:
            assert changed == {"cloud_deployment_events"}
        else:
            moved = {"subscriptions", "subscription_active_spans", "events", "event_sequences"}
            assert {"cloud_deployments", "cloud_deployment_events"} == changed - moved
        await start_over(given, deployment_id)


async def start_over(given: Given, deployment_id: UUID) -> None:
    """Resets the subscription to its first state, active since today."""
    async with given.database.unit_of_work(PLATFORM) as unit:
        await unit.connection.execute(
            "UPDATE subscriptions SET status = 'ACTIVE', ended_on = NULL WHERE deployment_id = $1", deployment_id
        )
        await unit.connection.execute("UPDATE subscription_active_spans SET last_on = NULL")


async def test_of_two_at_once_the_second_sees_what_the_first_did(given: Given) -> None:
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    answers = await asyncio.gather(
        *(transition_deployment(given.platform, deployment_id=deployment_id, to=State.PAUSED) for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, TransitionRecorded) for answer in answers) == 1
    assert sum(isinstance(answer, InvalidTransitionRefusal) for answer in answers) == 5
    assert await given.row("SELECT count(*) FROM cloud_deployment_events") == {"count": 2}


async def test_the_override_is_the_operators_and_only_holds_the_system(given: Given) -> None:
    tenant_id = await given.tenant()
    await given.plan()
    deployment_id = await given.deployment(tenant_id)
    await given.subscription(deployment_id)
    await update_deployment(given.platform, deployment_id=deployment_id, billing_action_suspended=True)
    held = await transition_by_system(given.platform, deployment_id=deployment_id, to=State.SUSPENDED)
    assert held.withheld
    assert await given.row("SELECT status FROM subscriptions") == {"status": "ACTIVE"}
    moved = await transition_deployment(given.platform, deployment_id=deployment_id, to=State.SUSPENDED)
    assert not moved.withheld
    assert await given.row("SELECT status FROM subscriptions") == {"status": "PAUSED"}


@pytest.mark.parametrize("reason", ["x" * 2001, "nul\0"])
async def test_a_reason_is_text(given: Given, reason: str) -> None:
    deployment_id = await given.deployment(await given.tenant())
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await transition_deployment(given.platform, deployment_id=deployment_id, to=State.PAUSED, reason=reason)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, ("reason",))
    assert await given.contents() == before


async def subscription_of(given: Given, deployment_id: UUID) -> tuple[dict[str, Any], list[ActiveSpan]]:
    subscription = await given.row("SELECT * FROM subscriptions WHERE deployment_id = $1", deployment_id)
    spans = await given.rows(
        "SELECT first_on, last_on FROM subscription_active_spans WHERE subscription_id = $1 ORDER BY first_on",
        subscription["id"],
    )
    return subscription, [ActiveSpan(row["first_on"], row["last_on"]) for row in spans]


def day(number: int) -> date:
    return date(2026, 4, number)


def april(first: int, last: int | None) -> ActiveSpan:
    return ActiveSpan(day(first), None if last is None else day(last))


@pytest.mark.parametrize(
    ("moves", "status", "spans"),
    [
        ([], "ACTIVE", [(1, None)]),
        ([(10, State.PAUSED)], "PAUSED", [(1, 10)]),
        ([(10, State.PAUSED), (20, State.ACTIVE)], "ACTIVE", [(1, 10), (20, None)]),
        ([(10, State.PAUSED), (10, State.ACTIVE)], "ACTIVE", [(1, None)]),
        ([(10, State.PAUSED), (10, State.ACTIVE), (10, State.PAUSED)], "PAUSED", [(1, 10)]),
        ([(10, State.PAST_DUE), (20, State.ACTIVE)], "ACTIVE", [(1, None)]),
        ([(10, State.PAST_DUE), (20, State.SUSPENDED)], "PAUSED", [(1, 20)]),
        ([(10, State.PAUSED), (12, State.SUSPENDED), (14, State.ACTIVE)], "ACTIVE", [(1, 10), (14, None)]),
        ([(10, State.CANCELLED)], "CANCELLED", [(1, 10)]),
        ([(10, State.PAUSED), (20, State.CANCELLED)], "CANCELLED", [(1, 10)]),
        ([(10, State.CANCELLED), (20, State.ARCHIVED)], "CANCELLED", [(1, 10)]),
        ([(1, State.CANCELLED)], "CANCELLED", [(1, 1)]),
    ],
)
async def test_the_subscription_follows(
    given: Given, moves: list[tuple[int, State]], status: str, spans: list[tuple[int, int | None]]
) -> None:
    await given.plan()
    given.clock.set(2026, 4, 1, 9)
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id)
    for number, to in moves:
        given.clock.set(2026, 4, number, 15)
        await transition_deployment(given.platform, deployment_id=deployment_id, to=to)
    subscription, active = await subscription_of(given, deployment_id)
    assert subscription["status"] == status
    assert active == [april(*span) for span in spans]
    cancelled = [number for number, to in moves if to is State.CANCELLED]
    assert subscription["ended_on"] == (day(cancelled[0]) if cancelled else None)


@pytest.mark.parametrize(
    ("moves", "status", "spans", "ended_on"),
    [
        ([], "ACTIVE", [(10, None)], None),
        ([(5, State.PAUSED)], "PAUSED", [], None),
        ([(5, State.PAUSED), (7, State.ACTIVE)], "ACTIVE", [(10, None)], None),
        ([(5, State.PAUSED), (12, State.ACTIVE)], "ACTIVE", [(12, None)], None),
        ([(5, State.CANCELLED)], "CANCELLED", [], 10),
    ],
)
async def test_a_subscription_that_has_not_begun_follows_too(
    given: Given,
    moves: list[tuple[int, State]],
    status: str,
    spans: list[tuple[int, int | None]],
    ended_on: int | None,
) -> None:
    await given.plan()
    given.clock.set(2026, 4, 1)
    deployment_id = await given.deployment(await given.tenant())
    await given.subscription(deployment_id, starts_on=day(10))
    for number, to in moves:
        given.clock.set(2026, 4, number, 15)
        await transition_deployment(given.platform, deployment_id=deployment_id, to=to)
    subscription, active = await subscription_of(given, deployment_id)
    assert (subscription["status"], subscription["ended_on"]) == (status, ended_on and day(ended_on))
    assert active == [april(*span) for span in spans]


async def test_a_deployment_without_a_subscription_moves_alone(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant(), state=State.PAUSED)
    assert await given.row("SELECT id, state FROM cloud_deployments") == {"id": deployment_id, "state": "PAUSED"}
    assert await given.rows("SELECT id FROM subscriptions") == []


steps = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(State)), max_size=12)


@hypothesis.settings(
    max_examples=30, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(steps=steps, starts_paused=st.booleans())
@hypothesis.example(steps=[(0, State.PAUSED)], starts_paused=False)
@hypothesis.example(steps=[(24, State.ACTIVE), (0, State.PAUSED), (24, State.CANCELLED)], starts_paused=True)
@hypothesis.example(steps=[(19, State.ACTIVE), (0, State.PAUSED)], starts_paused=True)
async def test_billable_days_are_those_on_which_the_events_say_active(
    given: Given, steps: list[tuple[int, State]], starts_paused: bool
) -> None:
    given.clock.set(2026, 4, 1, 4, 59, 59)  # subscribed at 5:00, so that steps of hours come to midnight exactly
    plan = f"plan-{new_id().hex}"
    await given.plan(plan)
    initial = State.PAUSED if starts_paused else State.ACTIVE
    deployment_id = await given.deployment(await given.tenant(f"t{new_id().hex}"), state=initial)
    given.clock.advance(seconds=1)
    await given.subscription(deployment_id, plan)
    subscribed_at = given.clock()
    for hours, to in steps:
        given.clock.advance(hours=hours)
        try:
            await transition_deployment(given.platform, deployment_id=deployment_id, to=to)
        except InvalidTransitionRefusal:
            continue
    end = datetime(2026, 6, 1, tzinfo=UTC)
    events = await given.rows(
        "SELECT to_state, occurred_at FROM cloud_deployment_events WHERE deployment_id = $1 ORDER BY id", deployment_id
    )
    active: set[date] = set()
    for event, until in zip(events, [*(later["occurred_at"] for later in events[1:]), end], strict=True):
        first = max(event["occurred_at"], subscribed_at)
        # The day of a start, a pause or a resume counts, unless the pause is the day's first instant.
        last_day = (until - timedelta(microseconds=1)).date()
        if subscription_status(State(event["to_state"])) is SubscriptionStatus.ACTIVE and first <= until:
            active |= {first.date() + timedelta(days=days) for days in range((last_day - first.date()).days + 1)}
    _, spans = await subscription_of(given, deployment_id)
    zone = given.settings.billing_time_zone
    billable = {day for month in (4, 5) for day in billable_days(Period(date(2026, month, 1), zone), spans)}
    assert billable == active
