"""The one way to a deployment that is to be changed."""

from typing import Any
from uuid import UUID

from piccolo.columns import Column

from app.operations.access import not_found
from app.operations.principal import Principal
from app.tables.deployments import CloudDeployments


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
