"""What tenants do in a seeded cloud: they sign up, create deployments, change plans, pause, and leave."""

from datetime import date

from app.billing import DeploymentState
from app.cli.reading import read, read_nodes
from app.cli.seeding.seed_calls import LiveDeployment, LiveTenant, SeedState
from app.cli.seeding.seeded_cloud import SeededDeployment, SeededTenant
from app.operations.calls.context import Context
from app.operations.catalog import AddonSelection
from app.operations.deployments import create_deployment, register_resource, transition_deployment
from app.operations.subscriptions import change_plan_version, subscribe
from app.operations.tenants import create_tenant, update_tenant
from app.tables.deployments import LlmMode

PROVIDER = "digitalocean"
_STATE = "query State($id: ID!) { deployment(id: $id) { state } }"
_ACTIVE = """
query Active($after: String) {
  deployments(first: 100, after: $after, filter: {state: [ACTIVE, PAST_DUE]}) {
    nodes { id } pageInfo { hasNextPage endCursor }
  }
}
"""


async def tenants_of_day(state: SeedState, drawn: list[SeededTenant], day: date) -> None:
    """Does what the tenants do on that day."""
    for seeded in drawn:
        if seeded.signed_up_on == day:
            state.tenants.append(await _sign_up(state, seeded))
    for tenant in state.tenants:
        for seeded_deployment in tenant.seeded.deployments:
            if seeded_deployment.created_on == day and not _has_left(tenant, day):
                tenant.deployments.append(await _create(state, tenant, seeded_deployment))
        for deployment in tenant.deployments:
            await _act(state, tenant, deployment, day)


async def active_deployments(context: Context) -> set[str]:
    """Returns the ids of the deployments that run."""
    return {node["id"] for node in await read_nodes(context, _ACTIVE, {})}


def _has_left(tenant: LiveTenant, day: date) -> bool:
    return tenant.seeded.leaves_on is not None and tenant.seeded.leaves_on <= day


async def _sign_up(state: SeedState, seeded: SeededTenant) -> LiveTenant:
    business = seeded.business
    tenant_id = await create_tenant(state.operator, code=business.code, name=business.name)
    await update_tenant(
        state.operator,
        tenant_id=tenant_id,
        legal_name=business.legal_name,
        email=business.email,
        billing_address=business.billing_address,
        abn=business.abn,
    )
    return LiveTenant(tenant_id, seeded)


async def _create(state: SeedState, tenant: LiveTenant, seeded: SeededDeployment) -> LiveDeployment:
    deployment_id = await create_deployment(
        state.owner(tenant),
        slug=seeded.slug,
        display_name=seeded.display_name,
        region=seeded.region,
        llm_mode=LlmMode.DISABLED if seeded.plan == "starter" else LlmMode.MANAGED,
    )
    key = f"{tenant.seeded.business.code}/{seeded.slug}"
    for droplet in range(1, seeded.droplets + 1):
        await register_resource(
            state.operator,
            deployment_id=deployment_id,
            provider=PROVIDER,
            external_id=f"{key}/{droplet}",
            resource_kind="droplet_hours",
            name=droplet_name(key, droplet),
        )
    await subscribe(
        state.owner(tenant),
        deployment_id=deployment_id,
        plan_code=seeded.plan,
        addons=[AddonSelection(code) for code in seeded.addons],
    )
    return LiveDeployment(deployment_id, key, seeded, seeded.plan)


def droplet_name(key: str, droplet: int) -> str:
    """Returns the name of a deployment's droplet, by which the provider's bill is matched."""
    return f"{key.replace('/', '-')}-{droplet}"


async def _act(state: SeedState, tenant: LiveTenant, deployment: LiveDeployment, day: date) -> None:
    pause, plan_change = deployment.seeded.pause, deployment.seeded.plan_change
    if tenant.seeded.leaves_on == day:
        reason = "the tenant leaves"
        await transition_deployment(
            state.operator, deployment_id=deployment.id, to=DeploymentState.CANCELLED, reason=reason
        )
    elif _has_left(tenant, day):
        return
    elif pause is not None and pause.first_day == day:
        await _move(state, tenant, deployment, DeploymentState.PAUSED)
    elif pause is not None and pause.resumed_on == day:
        await _move(state, tenant, deployment, DeploymentState.ACTIVE)
    elif plan_change is not None and plan_change.day == day:
        await change_plan_version(state.owner(tenant), deployment_id=deployment.id, plan_code=plan_change.plan)
        deployment.plan = plan_change.plan


async def _move(state: SeedState, tenant: LiveTenant, deployment: LiveDeployment, to: DeploymentState) -> None:
    """Pauses or resumes a deployment as its tenant, unless dunning has moved it meanwhile."""
    pausing = to is DeploymentState.PAUSED
    found = await read(state.operator, _STATE, {"id": str(deployment.id)})
    if found["deployment"]["state"] == (DeploymentState.ACTIVE if pausing else DeploymentState.PAUSED):
        reason = "closed for the season" if pausing else "open again"
        await transition_deployment(state.owner(tenant), deployment_id=deployment.id, to=to, reason=reason)
