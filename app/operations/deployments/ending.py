"""Ends a resource, or moves it to another deployment: it ends in the old one, and a new resource row begins in the new
one.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.deployment_lock import lock_deployment
from app.operations.deployments.resources import insert_resource
from app.operations.usage.resource_end import end_usage
from app.tables.deployments import CloudDeployments, CloudResources
from app.tables.ids import new_id

# FOR UPDATE, because recording readings or levels of the resource locks its row FOR KEY SHARE.
_LOCK = """
SELECT id, tenant_id, deployment_id, provider, external_id, resource_kind, name, created_at, destroyed_at
FROM cloud_resources WHERE id = $1 FOR UPDATE
"""


class _EndingResource(NamedTuple):
    id: UUID
    tenant_id: UUID | None
    deployment_id: UUID | None
    provider: str
    external_id: str
    resource_kind: str
    name: str
    created_at: datetime
    destroyed_at: datetime | None


async def end_resource(context: Context, *, resource_id: UUID, ended_at: datetime | None = None) -> UUID:
    """Ends the resource at `ended_at` (default: now): from then on its level is 0, and its readings and levels do not
    count.

    Raises NOT_FOUND; VALIDATION_FAILED for an instant in the future or before the resource was created; CONFLICT if it
    already ended at another instant.
    """
    authorise(context, Action.END_RESOURCE)
    validation.refuse(validation.instant("ended_at", ended_at))

    async def work(unit: UnitOfWork) -> UUID:
        resource = await _lock(unit, resource_id)
        await _end(context, unit, resource, ended_at, "endedAt")
        return resource_id

    return await transact(context, work, UUID)


async def move_resource(
    context: Context, *, resource_id: UUID, deployment_id: UUID, moved_at: datetime | None = None
) -> UUID:
    """Moves the resource to another deployment, of any tenant, at `moved_at` (default: now). It ends in its present
    deployment; the new row in the other deployment has its own id, which is returned.

    Raises as `end_resource` does, and VALIDATION_FAILED if the resource already belongs to the deployment.
    """
    authorise(context, Action.MOVE_RESOURCE)
    validation.refuse(validation.instant("moved_at", moved_at))

    async def work(unit: UnitOfWork) -> UUID:
        deployment = await lock_deployment(context.principal, deployment_id, CloudDeployments.tenant_id)
        resource = await _lock(unit, resource_id)
        if resource.deployment_id == deployment_id:
            raise Refusal(
                ProblemCode.VALIDATION_FAILED, "the resource already belongs to this deployment", ("deploymentId",)
            )
        moment = await _end(context, unit, resource, moved_at, "movedAt")
        moved = CloudResources(
            id=new_id(),
            tenant_id=deployment["tenant_id"],
            deployment_id=deployment_id,
            provider=resource.provider,
            external_id=resource.external_id,
            resource_kind=resource.resource_kind,
            name=resource.name,
            created_at=moment,
            destroyed_at=None,
        )
        return await insert_resource(unit, moved, "movedAt")

    return await transact(context, work, UUID)


async def _lock(unit: UnitOfWork, resource_id: UUID) -> _EndingResource:
    row = await unit.connection.fetchrow(_LOCK, resource_id)
    if row is None:
        raise not_found("resource", resource_id, ("resourceId",))
    return _EndingResource(*row)


async def _end(
    context: Context, unit: UnitOfWork, resource: _EndingResource, requested: datetime | None, name: str
) -> datetime:
    """Ends the resource, which must be locked, and returns the instant of its end. A resource that already ended at
    that instant is not changed.
    """
    now = context.clock()
    moment = requested or max(now, resource.created_at)
    if resource.destroyed_at is not None:
        if requested == resource.destroyed_at:
            return moment
        raise Refusal(ProblemCode.CONFLICT, f"the resource ended at {resource.destroyed_at.isoformat()}", (name,))
    if requested is not None and requested > now:
        raise _bad_instant(name, requested, "is in the future; choose an instant that has passed")
    if moment < resource.created_at:
        raise _bad_instant(name, moment, f"is before the resource was created, at {resource.created_at.isoformat()}")
    await CloudResources.update({CloudResources.destroyed_at: moment}).where(
        (CloudResources.tenant_id == resource.tenant_id) & (CloudResources.id == resource.id)
    )
    if resource.tenant_id is not None and resource.deployment_id is not None:
        await end_usage(
            context,
            unit,
            tenant_id=resource.tenant_id,
            deployment_id=resource.deployment_id,
            resource_id=resource.id,
            ended_at=moment,
        )
    return moment


def _bad_instant(name: str, instant: datetime, fault: str) -> Refusal:
    return Refusal(ProblemCode.VALIDATION_FAILED, f"{name} {instant.isoformat()} {fault}", (name,))
