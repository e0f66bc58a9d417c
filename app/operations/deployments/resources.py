"""What the provider runs for us, so that its bill can be matched to deployments."""

from datetime import datetime
from uuid import UUID

from app.database import UnitOfWork
from app.operations import validation
from app.operations.access import Action, authorise
from app.operations.catalog.kinds import require_kind
from app.operations.context import Context
from app.operations.locking import lock_deployment
from app.operations.transaction import transact
from app.tables.deployments import CloudDeployments, CloudResources
from app.tables.ids import new_id


async def register_resource(
    context: Context,
    *,
    deployment_id: UUID | None = None,
    provider: str,
    external_id: str,
    resource_kind: str,
    name: str,
    created_at: datetime | None = None,
) -> UUID:
    """A resource of the provider's, of a deployment and so of its tenant, or of nobody (shared).

    Raises CONFLICT where the provider's id is registered already.
    """
    authorise(context, Action.REGISTER_RESOURCE)
    validation.refuse(
        [
            *validation.name("provider", provider, longest=63),
            *validation.name("external_id", external_id),
            *validation.name("name", name),
            *validation.instant("created_at", created_at),
        ]
    )

    async def work(_unit: UnitOfWork) -> UUID:
        tenant_id = None
        if deployment_id is not None:
            tenant_id = (await lock_deployment(context.principal, deployment_id, CloudDeployments.tenant_id))[
                "tenant_id"
            ]
        await require_kind(resource_kind)
        resource = CloudResources(
            id=new_id(),
            tenant_id=tenant_id,
            deployment_id=deployment_id,
            provider=provider,
            external_id=external_id,
            resource_kind=resource_kind,
            name=name,
            created_at=created_at or context.clock(),
            destroyed_at=None,
        )
        await CloudResources.insert(resource)
        return resource.id

    return await transact(context, work)
