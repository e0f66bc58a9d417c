"""Subscriptions of deployments to plans, with their history and add-ons."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.catalog import ADDONS, PLAN_VERSIONS, RESOURCE_KINDS
from app.tables.migrations.initial.declaration import bigint, date, numeric, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.deployments import CLOUD_DEPLOYMENTS
from app.tables.migrations.initial.tenants import TENANTS

SUBSCRIPTIONS = table(
    "subscriptions",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    deployment_id=reference(CLOUD_DEPLOYMENTS),
    plan_version_id=reference(PLAN_VERSIONS),
    status=text(),
    started_on=date(),
    ended_on=date(null=True),
    trial_ends_at=timestamptz(null=True),
    created_at=timestamptz(),
    pending_plan_version_id=reference(PLAN_VERSIONS, null=True),
    pending_from=date(null=True),
    subscriptions_deployment_id_key=Unique(["deployment_id"]),
    subscriptions_status_check=Check("status IN ('ACTIVE', 'PAUSED', 'CANCELLED')"),
    subscriptions_ended_on_check=Check("ended_on >= started_on"),
    subscriptions_cancelled_check=Check("(status = 'CANCELLED') = (ended_on IS NOT NULL)"),
    subscriptions_pending_check=Check("(pending_plan_version_id IS NULL) = (pending_from IS NULL)"),
)

SUBSCRIPTION_PLAN_VERSIONS = table(
    "subscription_plan_versions",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    subscription_id=reference(SUBSCRIPTIONS),
    plan_version_id=reference(PLAN_VERSIONS),
    effective_on=date(),
    created_at=timestamptz(),
    subscription_plan_versions_subscription_id_effective_on_key=Unique(["subscription_id", "effective_on"]),
)

SUBSCRIPTION_ACTIVE_SPANS = table(
    "subscription_active_spans",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    subscription_id=reference(SUBSCRIPTIONS),
    first_on=date(),
    last_on=date(null=True),
    subscription_active_spans_last_on_check=Check("last_on >= first_on"),
)

SUBSCRIPTION_ADDONS = table(
    "subscription_addons",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    subscription_id=reference(SUBSCRIPTIONS),
    addon_id=reference(ADDONS),
    code=text(),
    price_cents=bigint(),
    resource_kind=reference(RESOURCE_KINDS, null=True),
    quantity=numeric(),
    attached_at=timestamptz(),
    attached_on=date(),
    detached_on=date(null=True),
    subscription_addons_price_cents_check=Check("price_cents >= 0"),
    subscription_addons_quantity_check=Check("quantity >= 0"),
    subscription_addons_detached_on_check=Check("detached_on >= attached_on"),
)

TABLES = (SUBSCRIPTIONS, SUBSCRIPTION_PLAN_VERSIONS, SUBSCRIPTION_ACTIVE_SPANS, SUBSCRIPTION_ADDONS)
