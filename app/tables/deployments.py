"""Deployments (the units that are billed), their events, and the provider's resources that they use."""

from enum import StrEnum

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.billing import DeploymentState
from app.tables.catalog import ResourceKinds
from app.tables.columns import boolean, instant, member_of, primary_key, reference, text
from app.tables.tenants import Tenants


class LlmMode(StrEnum):
    DISABLED = "DISABLED"
    BYOK = "BYOK"
    MANAGED = "MANAGED"


class CloudDeployments(Table, tablename="cloud_deployments"):
    id = primary_key()
    tenant_id = reference(Tenants)
    slug = text()
    display_name = text()
    region = text()
    state = text()
    llm_mode = text()
    billing_action_suspended = boolean()
    template_code = text(null=True)
    template_version = text(null=True)
    created_at = instant()
    updated_at = instant()

    cloud_deployments_tenant_id_slug_key = Unique([tenant_id, slug])
    cloud_deployments_slug_check = Check("slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'")
    cloud_deployments_display_name_check = Check("length(display_name) BETWEEN 1 AND 200")
    cloud_deployments_region_check = Check("length(region) BETWEEN 1 AND 63")
    cloud_deployments_state_check = member_of("state", DeploymentState)
    cloud_deployments_llm_mode_check = member_of("llm_mode", LlmMode)


class CloudDeploymentEvents(Table, tablename="cloud_deployment_events"):
    """Deployment events, append-only: every transition, the creation (from_state null) and each withheld transition,
    with its actor.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    deployment_id = reference(CloudDeployments)
    from_state = text(null=True)
    to_state = text()
    actor = text()
    reason = text(null=True)
    withheld = boolean()
    occurred_at = instant()

    cloud_deployment_events_from_state_check = member_of("from_state", DeploymentState)
    cloud_deployment_events_to_state_check = member_of("to_state", DeploymentState)


class CloudResources(Table, tablename="cloud_resources"):
    """A resource of the provider; tenant and deployment are both null if it belongs to no deployment.

    The provider's id is unique among resources that are not destroyed (a partial unique index): a resource that is
    moved to another deployment ends, and a new row begins there.
    """

    id = primary_key()
    tenant_id = reference(Tenants, null=True)
    deployment_id = reference(CloudDeployments, null=True)
    provider = text()
    external_id = text()
    resource_kind = reference(ResourceKinds)
    name = text()
    created_at = instant()
    destroyed_at = instant(null=True)

    cloud_resources_tenant_id_check = Check("(tenant_id IS NULL) = (deployment_id IS NULL)")
    cloud_resources_destroyed_at_check = Check("destroyed_at >= created_at")
