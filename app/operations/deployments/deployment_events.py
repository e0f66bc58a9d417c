"""The events of a deployment: one for each change of state, sent to listeners after the commit."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.billing import DeploymentState, StepKind
from app.database import UnitOfWork
from app.operations.events import Aggregate, DeploymentData, record_event
from app.tables.deployments import CloudDeploymentEvents, EventCause
from app.tables.events import AggregateType, EventType
from app.tables.ids import new_id

CHANNEL = "deployment_events"

_SLUG = "SELECT slug FROM cloud_deployments WHERE tenant_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeploymentEvent:
    """from_state None: the creation. withheld: asked for by the system and, by the operator's override, not done.

    step: the invoice and step of dunning that asked for it.
    """

    tenant_id: UUID
    deployment_id: UUID
    from_state: DeploymentState | None
    to_state: DeploymentState
    actor: str
    reason: str | None
    occurred_at: datetime
    cause: EventCause
    withheld: bool = False
    step: tuple[UUID, StepKind] | None = None


async def append_event(unit: UnitOfWork, event: NewDeploymentEvent) -> UUID:
    event_id = new_id()
    invoice_id, step = event.step or (None, None)
    await CloudDeploymentEvents.insert(
        CloudDeploymentEvents(
            id=event_id,
            tenant_id=event.tenant_id,
            deployment_id=event.deployment_id,
            from_state=event.from_state,
            to_state=event.to_state,
            actor=event.actor,
            reason=event.reason,
            withheld=event.withheld,
            occurred_at=event.occurred_at,
            cause=event.cause,
            dunning_invoice_id=invoice_id,
            dunning_step=step,
        )
    )
    ids = {"id": event_id, "tenant_id": event.tenant_id, "deployment_id": event.deployment_id}
    await unit.connection.execute("SELECT pg_notify($1, $2)", CHANNEL, json.dumps(ids, default=str))
    if not event.withheld:
        await _record(unit, event, event_id)
    return event_id


async def _record(unit: UnitOfWork, event: NewDeploymentEvent, event_id: UUID) -> None:
    slug: str = await unit.connection.fetchval(_SLUG, event.tenant_id, event.deployment_id)
    data = DeploymentData(
        deployment_id=event.deployment_id,
        tenant_id=event.tenant_id,
        slug=slug,
        event_id=event_id,
        from_state=event.from_state,
        to_state=event.to_state,
        cause=event.cause,
        reason=event.reason,
    )
    deployment = Aggregate(AggregateType.DEPLOYMENT, event.deployment_id, event.tenant_id)
    record_event(unit, EventType.DEPLOYMENT_TRANSITIONED, deployment, data, event.occurred_at)
