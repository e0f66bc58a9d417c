"""The demo's data (worked figure 1 of the billing rules). Each step may be repeated: what exists is not changed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.billing import DeploymentState, Proration, Tier
from app.cli.reading import read
from app.operations import catalog, deployments, subscriptions, tenants, usage
from app.operations.calls.context import Context
from app.operations.catalog import ResourceDraft
from app.operations.usage import MeteredEvent
from app.tables.deployments import LlmMode

APRIL = date(2026, 4, 1)
TENANT, PLAN, ADDON, SLUG = "demo", "studio", "storage_50gb", "pilot"
DROPLETS = ("pilot-droplet-1", "pilot-droplet-2", "pilot-droplet-3")
HOURS = 30 * 24

_EXISTING = """
query Standing($tenant: String!, $plan: String!, $slug: String!) {
  tenant(code: $tenant) { id deployments(first: 1, filter: {slug: $slug}) { nodes { id subscription { id } } } }
  plan(code: $plan) { id currentVersion { id } }
  addons { code }
}
"""


async def set_up(context: Context) -> tuple[UUID, UUID]:
    """Creates a tenant, plan Studio v1, an add-on and the deployment `pilot`, subscribed from 1 April 2026. Returns the
    ids of tenant and deployment.
    """
    existing = await read(context, _EXISTING, {"tenant": TENANT, "plan": PLAN, "slug": SLUG})
    await _catalog(context, existing)
    tenant = existing["tenant"]
    tenant_id = UUID(tenant["id"]) if tenant else await _tenant(context)
    deployments = tenant["deployments"]["nodes"] if tenant else []
    deployment_id = UUID(deployments[0]["id"]) if deployments else await _deployment(context, tenant_id)
    if not deployments or deployments[0]["subscription"] is None:
        await subscriptions.subscribe(
            context,
            deployment_id=deployment_id,
            plan_code=PLAN,
            plan_version=None,
            addons=[catalog.AddonSelection(ADDON)],
            starts_on=APRIL,
            trial_ends_at=None,
            confirm_backdating=True,
        )
    return tenant_id, deployment_id


async def _tenant(context: Context) -> UUID:
    return await tenants.create_tenant(
        context, code=TENANT, name="Demo Studio", country="AU", currency="AUD", tax_exempt=False
    )


async def _deployment(context: Context, tenant_id: UUID) -> UUID:
    return await deployments.create_deployment(
        context,
        tenant_id=tenant_id,
        slug=SLUG,
        display_name="Pilot",
        region="syd1",
        llm_mode=LlmMode.DISABLED,
        template_code=None,
        template_version=None,
    )


async def _catalog(context: Context, existing: dict[str, Any]) -> None:
    plan = existing["plan"]
    if plan is None:
        await catalog.create_plan(context, code=PLAN, name="Studio", description="One app instance and its droplets")
    if plan is None or plan["currentVersion"] is None:
        hours = ResourceDraft("droplet_hours", Decimal(1488), (Tier(None, Decimal(1)),))
        version = await catalog.draft_plan_version(
            context,
            plan_code=PLAN,
            base_price_cents=5000,
            currency="AUD",
            proration=Proration.NONE,
            resources=[hours],
        )
        await catalog.publish_plan_version(context, plan_version_id=version)
    if not any(addon["code"] == ADDON for addon in existing["addons"] or ()):
        await catalog.create_addon(
            context,
            code=ADDON,
            name="Storage, 50 GB",
            price_cents=750,
            resource_kind="storage_gb",
            quantity=Decimal(50),
        )


def metered_hours(deployment_id: UUID) -> Iterator[MeteredEvent]:
    """Yields the hours of three droplets over the 30 days of April 2026."""
    for droplet in DROPLETS:
        for hour in range(HOURS):
            occurred_at = datetime(2026, 4, 1, tzinfo=UTC) + timedelta(hours=hour)
            yield MeteredEvent(
                id=f"{droplet}/{occurred_at:%Y-%m-%dT%H}",
                source="demo",
                deployment_id=deployment_id,
                resource_kind="droplet_hours",
                quantity=Decimal(1),
                occurred_at=occurred_at,
                resource_id=None,
            )


async def meter(context: Context, deployment_id: UUID) -> tuple[int, int]:
    """Records the demo's droplet hours, 1,000 events per call; returns how many were accepted, and how many were
    already recorded.
    """
    events = list(metered_hours(deployment_id))
    accepted = duplicates = 0
    for start in range(0, len(events), 1000):
        recorded = await usage.record_usage(context, events=events[start : start + 1000])
        accepted += recorded.accepted
        duplicates += recorded.duplicates
    return accepted, duplicates


async def activate(context: Context, deployment_id: UUID) -> None:
    """Resumes the deployment if an earlier run of the demo has paused it."""
    state = (await read(context, "query($id: ID!) { deployment(id: $id) { state } }", {"id": str(deployment_id)}))[
        "deployment"
    ]["state"]
    if state == DeploymentState.PAUSED:
        await deployments.transition_deployment(
            context, deployment_id=deployment_id, to=DeploymentState.ACTIVE, reason="the demo is repeated"
        )
