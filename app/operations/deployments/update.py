"""Updates a deployment's fields other than its state."""

from typing import Any
from uuid import UUID

from piccolo.columns import Column

from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.deployment_lock import lock_deployment
from app.tables.deployments import CloudDeployments, LlmMode


async def update_deployment(
    context: Context,
    *,
    deployment_id: UUID,
    display_name: str | None = None,
    llm_mode: LlmMode | None = None,
    billing_action_suspended: bool | None = None,
) -> UUID:
    """Changes the given fields of a deployment. Only a platform admin may suspend or resume billing actions."""
    authorise(context, Action.UPDATE_DEPLOYMENT)
    if billing_action_suspended is not None:
        authorise(context, Action.OVERRIDE_BILLING_ACTIONS, ("billingActionSuspended",))
    validation.refuse(validation.name("display_name", display_name))
    changed_values: list[tuple[Column | str, Any]] = [
        (CloudDeployments.display_name, display_name),
        (CloudDeployments.llm_mode, llm_mode),
        (CloudDeployments.billing_action_suspended, billing_action_suspended),
    ]

    async def work(_unit: UnitOfWork) -> UUID:
        deployment = await lock_deployment(context.principal, deployment_id, CloudDeployments.tenant_id)
        if changes := {column: value for column, value in changed_values if value is not None}:
            changes[CloudDeployments.updated_at] = context.clock()
            await CloudDeployments.update(changes).where(
                (CloudDeployments.tenant_id == deployment["tenant_id"]) & (CloudDeployments.id == deployment_id)
            )
        return deployment_id

    return await transact(context, work, UUID)
