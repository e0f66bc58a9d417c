"""Webhooks: endpoints, the deliveries of events to them, and the queues in which deliveries wait."""

from enum import StrEnum

from piccolo.columns import UUID, Array, BigInt, Text
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.columns import instant, integer, member_of, primary_key, reference, text
from app.tables.events import Events
from app.tables.tenants import Tenants


class DeliveryStatus(StrEnum):
    """Part of the API."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class WebhookEndpoints(Table, tablename="webhook_endpoints"):
    """A receiver of events: of a tenant's, or of all events (tenant_id null).

    event_types: empty for all types. secret and previous_secret are encrypted; the previous one signs too, until
    previous_secret_until. failing_since: the first failure after the last success; null if the last attempt succeeded.
    """

    id = primary_key()
    tenant_id = reference(Tenants, null=True)
    url = text()
    description = text(null=True)
    event_types = Array(base_column=Text(), default=None)
    secret = text()
    previous_secret = text(null=True)
    previous_secret_until = instant(null=True)
    created_at = instant()
    created_by = text()
    failing_since = instant(null=True)
    disabled_at = instant(null=True)
    disabled_reason = text(null=True)

    webhook_endpoints_url_check = Check("length(url) BETWEEN 1 AND 2000")
    webhook_endpoints_previous_secret_check = Check("num_nulls(previous_secret, previous_secret_until) IN (0, 2)")
    webhook_endpoints_disabled_check = Check("num_nulls(disabled_at, disabled_reason) IN (0, 2)")


class WebhookDeliveries(Table, tablename="webhook_deliveries"):
    """The delivery of one event to one endpoint; tenant_id is the endpoint's. Its attempts overwrite each other's
    result: response_status null without an answer, response_body the first 2 kB of one.
    """

    id = primary_key()
    tenant_id = reference(Tenants, null=True)
    endpoint_id = reference(WebhookEndpoints)
    event_id = reference(Events)
    aggregate_id = UUID(default=None)
    position = BigInt(default=None)
    status = text()
    attempts = integer()
    created_at = instant()
    last_attempt_at = instant(null=True)
    duration_ms = integer(null=True)
    response_status = integer(null=True)
    response_body = text(null=True)
    error = text(null=True)

    webhook_deliveries_endpoint_id_event_id_key = Unique([endpoint_id, event_id])
    webhook_deliveries_status_check = member_of("status", DeliveryStatus)
    webhook_deliveries_attempts_check = Check("attempts >= 0 AND duration_ms >= 0")


class DeliveryQueues(Table, tablename="delivery_queues"):
    """The pending deliveries of one aggregate to one endpoint, while there are any: the one with the lowest position is
    attempted next, from next_attempt_at on. claim: the worker that attempts it, until next_attempt_at.
    """

    id = primary_key()
    tenant_id = reference(Tenants, null=True)
    endpoint_id = reference(WebhookEndpoints)
    aggregate_id = UUID(default=None)
    next_attempt_at = instant()
    claim = UUID(default=None, null=True)

    delivery_queues_endpoint_id_aggregate_id_key = Unique([endpoint_id, aggregate_id])
