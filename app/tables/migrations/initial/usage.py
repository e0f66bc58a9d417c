"""Metered events, their idempotency keys, their totals by day, and their corrections."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.catalog import RESOURCE_KINDS
from app.tables.migrations.initial.declaration import bytea, date, numeric, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.deployments import CLOUD_DEPLOYMENTS, CLOUD_RESOURCES
from app.tables.migrations.initial.tenants import TENANTS

USAGE_RECORDS = table(
    "usage_records",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    deployment_id=reference(CLOUD_DEPLOYMENTS),
    resource_kind=reference(RESOURCE_KINDS),
    source=text(),
    event_id=text(),
    quantity=numeric(),
    occurred_at=timestamptz(),
    recorded_at=timestamptz(),
    resource_id=reference(CLOUD_RESOURCES, null=True),
    day=date(),
    level_stream=uuid(null=True),
    usage_records_source_check=Check("length(source) BETWEEN 1 AND 200"),
    usage_records_event_id_check=Check("length(event_id) BETWEEN 1 AND 200"),
    usage_records_quantity_check=Check("quantity >= 0 AND quantity < 'Infinity'"),
)

USAGE_EVENT_KEYS = table(
    "usage_event_keys",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    occurred_at=timestamptz(),
    source=text(),
    event_id=text(),
    fingerprint=bytea(),
    usage_event_keys_tenant_id_source_event_id_key=Unique(["tenant_id", "source", "event_id"]),
)

USAGE_DAILY_TOTALS = table(
    "usage_daily_totals",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    deployment_id=reference(CLOUD_DEPLOYMENTS),
    resource_kind=reference(RESOURCE_KINDS),
    day=date(),
    total=numeric(),
    peak=numeric(),
    first_at=timestamptz(),
    last_level=numeric(),
    level_microseconds=numeric(),
    month=date(null=True),
    resource_id=uuid(),
    usage_daily_totals_day_key=Unique(["tenant_id", "deployment_id", "resource_kind", "resource_id", "day"]),
)

USAGE_CORRECTIONS = table(
    "usage_corrections",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    deployment_id=reference(CLOUD_DEPLOYMENTS),
    resource_kind=reference(RESOURCE_KINDS),
    record_id=uuid(),
    source=text(),
    event_id=text(),
    occurred_at=timestamptz(),
    day=date(),
    previous_quantity=numeric(),
    quantity=numeric(),
    reason=text(),
    actor=text(),
    corrected_at=timestamptz(),
    usage_corrections_quantity_check=Check("quantity >= 0 AND quantity < 'Infinity'"),
)

TABLES = (USAGE_RECORDS, USAGE_EVENT_KEYS, USAGE_DAILY_TOTALS, USAGE_CORRECTIONS)
