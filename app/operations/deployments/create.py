"""Creates a deployment."""

from uuid import UUID

from app.billing import Actor, DeploymentState
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, tenant_for, transition_actor
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.deployments.deployment_events import NewDeploymentEvent, append_event
from app.operations.open_tenant import lock_open_tenant
from app.tables.deployments import CloudDeployments, EventCause, LlmMode
from app.tables.ids import new_id


async def create_deployment(
    context: Context,
    *,
    tenant_id: UUID | None = None,
    slug: str,
    display_name: str,
    region: str,
    llm_mode: LlmMode = LlmMode.DISABLED,
    template_code: str | None = None,
    template_version: str | None = None,
) -> UUID:
    """Creates an ACTIVE deployment; returns its id. A tenant admin may omit the tenant. Raises SLUG_TAKEN,
    TENANT_CLOSED.
    """
    authorise(context, Action.CREATE_DEPLOYMENT)
    owner_id = tenant_for(context.principal, tenant_id)
    validation.refuse(
        [
            *validation.dns_label("slug", slug),
            *validation.name("display_name", display_name),
            *validation.name("region", region, longest=63),
            *validation.name("template_code", template_code),
            *validation.name("template_version", template_version),
        ]
    )

    async def work(unit: UnitOfWork) -> UUID:
        await lock_open_tenant(unit, owner_id)
        now = context.clock()
        deployment = CloudDeployments(
            id=new_id(),
            tenant_id=owner_id,
            slug=slug,
            display_name=display_name,
            region=region,
            state=DeploymentState.ACTIVE,
            llm_mode=llm_mode,
            billing_action_suspended=False,
            template_code=template_code,
            template_version=template_version,
            created_at=now,
            updated_at=now,
        )
        await CloudDeployments.insert(deployment)
        await append_event(unit, _created(deployment, context))
        return deployment.id

    return await transact(context, work, UUID)


def _created(deployment: CloudDeployments, context: Context) -> NewDeploymentEvent:
    by_tenant = transition_actor(context.principal) is Actor.TENANT
    return NewDeploymentEvent(
        tenant_id=deployment.tenant_id,
        deployment_id=deployment.id,
        from_state=None,
        to_state=DeploymentState.ACTIVE,
        actor=context.principal.subject,
        reason=None,
        occurred_at=deployment.created_at,
        cause=EventCause.TENANT if by_tenant else EventCause.OPERATOR,
    )
