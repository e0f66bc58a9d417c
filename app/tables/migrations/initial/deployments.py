"""Deployments, their history, and the provider's resources that they run on."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.catalog import RESOURCE_KINDS
from app.tables.migrations.initial.declaration import boolean, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.tenants import TENANTS

CLOUD_DEPLOYMENTS = table(
    "cloud_deployments",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    slug=text(),
    display_name=text(),
    region=text(),
    state=text(),
    llm_mode=text(),
    billing_action_suspended=boolean(),
    template_code=text(null=True),
    template_version=text(null=True),
    created_at=timestamptz(),
    updated_at=timestamptz(),
    dunned_at=timestamptz(null=True),
    cloud_deployments_tenant_id_slug_key=Unique(["tenant_id", "slug"]),
    cloud_deployments_slug_check=Check("slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'"),
    cloud_deployments_display_name_check=Check("length(display_name) BETWEEN 1 AND 200"),
    cloud_deployments_region_check=Check("length(region) BETWEEN 1 AND 63"),
    cloud_deployments_state_check=Check(
        "state IN ('TRIAL', 'ACTIVE', 'PAST_DUE', 'PAUSED', 'SUSPENDED', 'CANCELLED', 'ARCHIVED')"
    ),
    cloud_deployments_llm_mode_check=Check("llm_mode IN ('DISABLED', 'BYOK', 'MANAGED')"),
)

CLOUD_DEPLOYMENT_EVENTS = table(
    "cloud_deployment_events",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    deployment_id=reference(CLOUD_DEPLOYMENTS),
    from_state=text(null=True),
    to_state=text(),
    actor=text(),
    reason=text(null=True),
    withheld=boolean(),
    occurred_at=timestamptz(),
    cause=text(),
    dunning_invoice_id=uuid(null=True),
    dunning_step=text(null=True),
    cloud_deployment_events_from_state_check=Check(
        "from_state IN ('TRIAL', 'ACTIVE', 'PAST_DUE', 'PAUSED', 'SUSPENDED', 'CANCELLED', 'ARCHIVED')"
    ),
    cloud_deployment_events_to_state_check=Check(
        "to_state IN ('TRIAL', 'ACTIVE', 'PAST_DUE', 'PAUSED', 'SUSPENDED', 'CANCELLED', 'ARCHIVED')"
    ),
    cloud_deployment_events_cause_check=Check("cause IN ('OPERATOR', 'TENANT', 'SYSTEM', 'DUNNING')"),
    cloud_deployment_events_dunning_check=Check(
        "num_nulls(dunning_invoice_id, dunning_step) IN (0, 2) AND (cause = 'DUNNING' OR dunning_step IS NULL)"
    ),
)

CLOUD_RESOURCES = table(
    "cloud_resources",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS, null=True),
    deployment_id=reference(CLOUD_DEPLOYMENTS, null=True),
    provider=text(),
    external_id=text(),
    resource_kind=reference(RESOURCE_KINDS),
    name=text(),
    created_at=timestamptz(),
    destroyed_at=timestamptz(null=True),
    cloud_resources_tenant_id_check=Check("(tenant_id IS NULL) = (deployment_id IS NULL)"),
    cloud_resources_destroyed_at_check=Check("destroyed_at >= created_at"),
)

TABLES = (CLOUD_DEPLOYMENTS, CLOUD_DEPLOYMENT_EVENTS, CLOUD_RESOURCES)
