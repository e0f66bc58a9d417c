"""Locks a deployment before it is changed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from piccolo.columns import Column

from app.database import UnitOfWork
from app.operations.calls.access import not_found
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal
from app.tables.deployments import CloudDeployments

_RECORDED_UNTIL = """
SELECT greatest(
    (SELECT max(occurred_at) FROM cloud_deployment_events WHERE deployment_id = $1),
    (SELECT created_at FROM subscriptions WHERE deployment_id = $1)
)
"""


async def lock_deployment(
    principal: Principal, deployment_id: UUID, *columns: Column, path: tuple[str, ...] = ("deploymentId",)
) -> dict[str, Any]:
    """Locks the deployment's row and returns it. Usage can be recorded meanwhile.

    Raises NOT_FOUND if it does not exist or belongs to another tenant.
    """
    query = CloudDeployments.select(*columns).where(CloudDeployments.id == deployment_id)
    if not principal.is_platform_admin:
        query = query.where(CloudDeployments.tenant_id == principal.tenant_id)
    row: dict[str, Any] | None = await query.first().lock_rows("NO KEY UPDATE")
    if row is None:
        raise not_found("deployment", deployment_id, path)
    return row


async def now_of(context: Context, unit: UnitOfWork, deployment_id: UUID) -> datetime:
    """Returns the clock's time, or the time of the deployment's last event if that is later. The deployment must be
    locked.

    Another machine's clock may be ahead, and the subscription's days follow from the order of the events.
    """
    recorded: datetime | None = await unit.connection.fetchval(_RECORDED_UNTIL, deployment_id)
    now = context.clock()
    return now if recorded is None or now >= recorded else recorded + timedelta(microseconds=1)
