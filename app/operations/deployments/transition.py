"""Changes a deployment's state, and its subscription with it."""

from dataclasses import dataclass
from uuid import UUID

from app.billing import (
    Actor,
    DeploymentState,
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
from app.operations.deployments.events import NewDeploymentEvent, append_event
from app.operations.subscriptions.follow_deployment import follow_deployment
from app.tables.billing_months import ChangeReason
from app.tables.deployments import CloudDeployments


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
    return await _transition(context, actor, deployment_id, to, reason)


async def transition_by_system(
    context: Context, *, deployment_id: UUID, to: DeploymentState, reason: str | None = None
) -> TransitionRecorded:
    """Changes a deployment's state on behalf of a job. While billing actions are suspended, the event is recorded as
    withheld and nothing changes.
    """
    authorise(context, Action.ACT_AS_SYSTEM)
    return await _transition(context, Actor.SYSTEM, deployment_id, to, reason)


async def _transition(
    context: Context, actor: Actor, deployment_id: UUID, to: DeploymentState, reason: str | None
) -> TransitionRecorded:
    validation.refuse(validation.free_text("reason", reason))

    async def work(unit: UnitOfWork) -> TransitionRecorded:
        deployment = await lock_deployment(
            context.principal,
            deployment_id,
            CloudDeployments.tenant_id,
            CloudDeployments.state,
            CloudDeployments.billing_action_suspended,
        )
        now = await now_of(context, unit, deployment_id)
        state = DeploymentState(deployment["state"])
        overridden: bool = deployment["billing_action_suspended"]
        decision = decide_transition(state, to, actor, billing_action_suspended=overridden)
        if decision is TransitionDecision.REFUSE:
            raise InvalidTransitionRefusal(state, to, allowed_transitions(state, actor))
        withheld = decision is TransitionDecision.WITHHOLD
        if not withheld:
            zone = context.settings.billing_time_zone
            await CloudDeployments.update({CloudDeployments.state: to, CloudDeployments.updated_at: now}).where(
                (CloudDeployments.tenant_id == deployment["tenant_id"]) & (CloudDeployments.id == deployment_id)
            )
            if await follow_deployment(deployment["tenant_id"], deployment_id, to, now, zone):
                change = Change(deployment["tenant_id"], deployment_id, day_of(now, zone))
                await record_changes(context, unit, [change], ChangeReason.TRANSITION)
        event = NewDeploymentEvent(
            tenant_id=deployment["tenant_id"],
            deployment_id=deployment_id,
            from_state=state,
            to_state=to,
            actor=context.principal.subject,
            reason=reason,
            occurred_at=now,
            withheld=withheld,
        )
        return TransitionRecorded(deployment_id, await append_event(unit, event), withheld)

    return await transact(context, work, TransitionRecorded)
