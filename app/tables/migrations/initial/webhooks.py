"""Webhooks: endpoints, deliveries, and the queues in which deliveries wait."""

from piccolo.columns import Text
from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import array, bigint, integer, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.events import EVENTS
from app.tables.migrations.initial.tenants import TENANTS

WEBHOOK_ENDPOINTS = table(
    "webhook_endpoints",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS, null=True),
    url=text(),
    description=text(null=True),
    event_types=array(Text),
    secret=text(),
    previous_secret=text(null=True),
    previous_secret_until=timestamptz(null=True),
    created_at=timestamptz(),
    created_by=text(),
    failing_since=timestamptz(null=True),
    disabled_at=timestamptz(null=True),
    disabled_reason=text(null=True),
    webhook_endpoints_url_check=Check("length(url) BETWEEN 1 AND 2000"),
    webhook_endpoints_previous_secret_check=Check("num_nulls(previous_secret, previous_secret_until) IN (0, 2)"),
    webhook_endpoints_disabled_check=Check("num_nulls(disabled_at, disabled_reason) IN (0, 2)"),
)

WEBHOOK_DELIVERIES = table(
    "webhook_deliveries",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS, null=True),
    endpoint_id=reference(WEBHOOK_ENDPOINTS),
    event_id=reference(EVENTS),
    aggregate_id=uuid(),
    position=bigint(),
    status=text(),
    attempts=integer(),
    created_at=timestamptz(),
    last_attempt_at=timestamptz(null=True),
    duration_ms=integer(null=True),
    response_status=integer(null=True),
    response_body=text(null=True),
    error=text(null=True),
    webhook_deliveries_endpoint_id_event_id_key=Unique(["endpoint_id", "event_id"]),
    webhook_deliveries_status_check=Check("status IN ('PENDING', 'DELIVERED', 'FAILED')"),
    webhook_deliveries_attempts_check=Check("attempts >= 0 AND duration_ms >= 0"),
)

DELIVERY_QUEUES = table(
    "delivery_queues",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS, null=True),
    endpoint_id=reference(WEBHOOK_ENDPOINTS),
    aggregate_id=uuid(),
    next_attempt_at=timestamptz(),
    claim=uuid(null=True),
    delivery_queues_endpoint_id_aggregate_id_key=Unique(["endpoint_id", "aggregate_id"]),
)

TABLES = (WEBHOOK_ENDPOINTS, WEBHOOK_DELIVERIES, DELIVERY_QUEUES)
