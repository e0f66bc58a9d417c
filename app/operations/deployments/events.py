"""The events of a deployment: one for each change of state, sent to listeners after the commit."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.billing import DeploymentState
from app.database import UnitOfWork
from app.tables.deployments import CloudDeploymentEvents
from app.tables.ids import new_id

CHANNEL = "deployment_events"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeploymentEvent:
    """One deployment event to be written. from_state None: the creation. withheld: requested by the system, but not
    carried out because an operator has suspended billing actions.
    """

    tenant_id: UUID
    deployment_id: UUID
    from_state: DeploymentState | None
    to_state: DeploymentState
    actor: str
    reason: str | None
    occurred_at: datetime
    withheld: bool = False


async def append_event(unit: UnitOfWork, event: NewDeploymentEvent) -> UUID:
    event_id = new_id()
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
        )
    )
    ids = {"id": event_id, "tenant_id": event.tenant_id, "deployment_id": event.deployment_id}
    await unit.connection.execute("SELECT pg_notify($1, $2)", CHANNEL, json.dumps(ids, default=str))
    return event_id
