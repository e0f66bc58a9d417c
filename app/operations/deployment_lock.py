"""The one way to a deployment that is to be changed."""

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
    """Locks the row and reads it as it now is; what is metered meanwhile need not wait.

    Raises NOT_FOUND for what does not exist and for what is another tenant's.
    """
    query = CloudDeployments.select(*columns).where(CloudDeployments.id == deployment_id)
    if not principal.is_platform_admin:
        query = query.where(CloudDeployments.tenant_id == principal.tenant_id)
    row: dict[str, Any] | None = await query.first().lock_rows("NO KEY UPDATE")
    if row is None:
        raise not_found("deployment", deployment_id, path)
    return row


async def now_of(context: Context, unit: UnitOfWork, deployment_id: UUID) -> datetime:
    """The clock's time, but not before what is recorded of the deployment, which is locked: another machine's clock may
    be ahead, and the subscription's days follow from the order of the events.
    """
    recorded: datetime | None = await unit.connection.fetchval(_RECORDED_UNTIL, deployment_id)
    now = context.clock()
    return now if recorded is None or now >= recorded else recorded + timedelta(microseconds=1)
