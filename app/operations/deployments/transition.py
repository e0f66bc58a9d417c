"""Changes a deployment's state, and its subscription with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from piccolo.columns import Column

from app.billing import (
    Actor,
    DeploymentState,
    StepKind,
    TransitionDecision,
    allowed_transitions,
    day_of,
    decide_transition,
)
from app.database import UnitOfWork
from app.operations.billing_months import Change, record_changes
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, denied, transition_actor
from app.operations.calls.context import Context
from app.operations.calls.refusal import InvalidTransitionRefusal
from app.operations.calls.transaction import transact
from app.operations.deployment_lock import lock_deployment, now_of
from app.operations.deployments.deployment_events import NewDeploymentEvent, append_event
from app.operations.events import SubscriptionChange, record_subscriptions
from app.operations.subscriptions.follow_deployment import follow_deployment
from app.tables.billing_months import ChangeReason
from app.tables.deployments import CloudDeployments, EventCause

_ACTORS: Mapping[EventCause, Actor] = MappingProxyType(
    {
        EventCause.OPERATOR: Actor.OPERATOR,
        EventCause.TENANT: Actor.TENANT,
        EventCause.SYSTEM: Actor.SYSTEM,
        EventCause.DUNNING: Actor.SYSTEM,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRequest:
    """A transition and who requests it. step: the invoice and the dunning step that require it, if any."""

    deployment_id: UUID
    to: DeploymentState
    cause: EventCause
    reason: str | None = None
    step: tuple[UUID, StepKind] | None = None


@dataclass(frozen=True, slots=True)
class TransitionRecorded:
    """The recorded event; `withheld`: an operator has suspended billing actions, so the system's request changed
    nothing else.
    """

    deployment_id: UUID
    event_id: UUID
    withheld: bool = False


async def transition_deployment(
    context: Context, *, deployment_id: UUID, to: DeploymentState, reason: str | None = None
) -> TransitionRecorded:
    """Changes a deployment's state. Raises InvalidTransitionRefusal if the transition table does not allow it for the
    caller.
    """
    actor = transition_actor(context.principal)
    if actor is None:
        raise denied(Action.TRANSITION_DEPLOYMENT)
    cause = EventCause.TENANT if actor is Actor.TENANT else EventCause.OPERATOR
    return await _transition(context, deployment_id, to, cause, reason)


async def transition_by_system(
    context: Context, *, deployment_id: UUID, to: DeploymentState, reason: str | None = None
) -> TransitionRecorded:
    """Changes a deployment's state on behalf of a job. While billing actions are suspended, the event is recorded as
    withheld and nothing changes.
    """
    authorise(context, Action.ACT_AS_SYSTEM)
    return await _transition(context, deployment_id, to, EventCause.SYSTEM, reason)


async def _transition(
    context: Context, deployment_id: UUID, to: DeploymentState, cause: EventCause, reason: str | None
) -> TransitionRecorded:
    validation.refuse(validation.free_text("reason", reason))
    request = TransitionRequest(deployment_id=deployment_id, to=to, cause=cause, reason=reason)
    return await transact(context, lambda unit: enter_transition(unit, context, request), TransitionRecorded)


async def enter_transition(unit: UnitOfWork, context: Context, request: TransitionRequest) -> TransitionRecorded:
    """Moves the deployment, which it locks, and its subscription, and records the event; only the event where the
    transition is withheld. Raises InvalidTransitionRefusal, NOT_FOUND.
    """
    deployment_id, to, cause = request.deployment_id, request.to, request.cause
    deployment = await lock_deployment(
        context.principal,
        deployment_id,
        CloudDeployments.tenant_id,
        CloudDeployments.state,
        CloudDeployments.billing_action_suspended,
    )
    now = await now_of(context, unit, deployment_id)
    state, tenant_id = DeploymentState(deployment["state"]), deployment["tenant_id"]
    overridden: bool = deployment["billing_action_suspended"]
    decision = decide_transition(state, to, _ACTORS[cause], billing_action_suspended=overridden)
    if decision is TransitionDecision.REFUSE:
        raise InvalidTransitionRefusal(state, to, allowed_transitions(state, _ACTORS[cause]))
    withheld = decision is TransitionDecision.WITHHOLD
    subscription_id = None if withheld else await _move(unit, context, request, tenant_id, now)
    event = NewDeploymentEvent(
        tenant_id=tenant_id,
        deployment_id=deployment_id,
        from_state=state,
        to_state=to,
        actor=context.principal.subject,
        reason=request.reason,
        occurred_at=now,
        cause=cause,
        withheld=withheld,
        step=request.step,
    )
    event_id = await append_event(unit, event)
    if subscription_id is not None:
        today = day_of(now, context.settings.billing_time_zone)
        changed = SubscriptionChange(tenant_id, subscription_id, ChangeReason.TRANSITION, today)
        await record_subscriptions(unit, [changed], now)
    return TransitionRecorded(deployment_id, event_id, withheld)


async def _move(
    unit: UnitOfWork, context: Context, request: TransitionRequest, tenant_id: UUID, now: datetime
) -> UUID | None:
    """Changes the state of the deployment, and the status of its subscription; returns the id of one that changed."""
    deployment_id, to = request.deployment_id, request.to
    dunned = request.cause is EventCause.DUNNING and to is not DeploymentState.ACTIVE
    changes: dict[Column | str, Any] = {
        CloudDeployments.state: to,
        CloudDeployments.updated_at: now,
        CloudDeployments.dunned_at: now if dunned else None,
    }
    its_own = (CloudDeployments.tenant_id == tenant_id) & (CloudDeployments.id == deployment_id)
    await CloudDeployments.update(changes).where(its_own)
    zone = context.settings.billing_time_zone
    subscription_id = await follow_deployment(tenant_id, deployment_id, to, now, zone)
    if subscription_id is not None:
        change = Change(tenant_id, deployment_id, day_of(now, zone))
        await record_changes(context, unit, [change], ChangeReason.TRANSITION)
    return subscription_id
