"""What the provider runs for us, so that its bill can be matched to deployments."""

from datetime import datetime
from uuid import UUID

from app.database import UnitOfWork
from app.database.locks import lock
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import TAKEN, transact
from app.operations.catalog.kinds import require_kind
from app.operations.locking import lock_deployment
from app.tables.deployments import CloudDeployments, CloudResources
from app.tables.ids import new_id

_LAST_END = """
SELECT coalesce(bool_or(destroyed_at IS NULL), false) AS is_alive, max(destroyed_at) AS last_end
FROM cloud_resources WHERE provider = $1 AND external_id = $2
"""


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
    """Registers a resource of the provider's, of a deployment and so of its tenant, or of nobody (shared).

    Raises CONFLICT where one with this id of the provider has not ended, and VALIDATION_FAILED where one ended after
    `created_at`.
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

    async def work(unit: UnitOfWork) -> UUID:
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
        return await insert_resource(unit, resource, "createdAt")

    return await transact(context, work)


async def insert_resource(unit: UnitOfWork, resource: CloudResources, name: str) -> UUID:
    """Inserts the resource unless it would overlap with another of the same id of the provider; two at once wait for
    each other. `name`: what the API calls the instant from which on it runs.
    """
    await lock(unit, "cloud_resource", f"{resource.provider}:{resource.external_id}")
    ended = await unit.connection.fetchrow(_LAST_END, resource.provider, resource.external_id)
    if ended["is_alive"]:
        raise Refusal(*TAKEN["cloud_resources_not_destroyed_key"])
    if ended["last_end"] is not None and resource.created_at < ended["last_end"]:
        raise Refusal(
            ProblemCode.VALIDATION_FAILED,
            f"{name} {resource.created_at.isoformat()} is before {ended['last_end'].isoformat()}, when an earlier "
            "resource with this external id ended; the two may not overlap",
            (name,),
        )
    await CloudResources.insert(resource)
    return resource.id
