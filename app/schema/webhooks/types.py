"""Webhook endpoints and their deliveries."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import strawberry

from app.operations.calls.principal import Principal, Role
from app.reads import (
    Condition,
    Connection,
    among,
    at_least,
    before,
    column,
    desc,
    equals,
    one,
    read_type,
    root_connection,
)
from app.schema.arguments import optional
from app.schema.enums import describe
from app.schema.events.types import Event
from app.schema.lazy_types import LazyTenant
from app.schema.nodes import Node
from app.tables.webhooks import DeliveryStatus, WebhookDeliveries, WebhookEndpoints

describe(
    DeliveryStatus,
    "The status of the delivery of an event to an endpoint.",
    PENDING="It waits for its first attempt, or for the next.",
    DELIVERED="The receiver answered with a status of 200 to 299.",
    FAILED="It is not attempted any more, unless it is redelivered.",
)


def manages_webhooks(viewer: Principal) -> bool:
    """Whether the viewer may read endpoints: all of them, or those of its own tenant."""
    return viewer.is_platform_admin or Role.TENANT_ADMIN in viewer.roles


@read_type(
    WebhookEndpoints, description="A webhook endpoint: a URL to which events are delivered by Standard Webhooks 1.0.0."
)
class WebhookEndpoint(Node):
    """A row of `webhook_endpoints`."""

    tenant: LazyTenant | None = one(
        WebhookEndpoints.tenant_id,
        description="The tenant whose events are delivered; null for all events, which only platform admins receive.",
    )
    url: str = column(WebhookEndpoints.url, description="The URL to which events are posted.")
    description: str | None = column(
        WebhookEndpoints.description, description="The description of the endpoint; null if it has none."
    )
    event_types: list[str] = column(
        WebhookEndpoints.event_types, description="The types of events that are delivered; empty for all types."
    )
    created_at: datetime = column(WebhookEndpoints.created_at, description="The time of the endpoint's creation.")
    created_by: str = column(WebhookEndpoints.created_by, description="The token subject that created the endpoint.")
    previous_secret_until: datetime | None = column(
        WebhookEndpoints.previous_secret_until,
        description="The time until which deliveries are also signed with the previous secret; null if the secret was "
        "never rotated.",
    )
    failing_since: datetime | None = column(
        WebhookEndpoints.failing_since,
        description="The time of the first failure after the last successful delivery; null if the last attempt "
        "succeeded. After five days the endpoint is disabled.",
    )
    disabled_at: datetime | None = column(
        WebhookEndpoints.disabled_at, description="The time at which the endpoint was disabled; null if it is enabled."
    )
    disabled_reason: str | None = column(
        WebhookEndpoints.disabled_reason,
        description="The reason why the endpoint was disabled, in words; null if it is enabled.",
    )


@read_type(WebhookDeliveries, description="The delivery of one event to one endpoint, with its latest attempt.")
class WebhookDelivery(Node):
    """A row of `webhook_deliveries`."""

    endpoint: WebhookEndpoint = one(WebhookDeliveries.endpoint_id, description="The endpoint.")
    event: Event = one(WebhookDeliveries.event_id, description="The event. Its id is the webhook-id of every attempt.")
    status: DeliveryStatus = column(WebhookDeliveries.status, description="The status of the delivery.")
    attempts: int = column(
        WebhookDeliveries.attempts, description="The number of attempts, since the last redelivery if there was one."
    )
    created_at: datetime = column(WebhookDeliveries.created_at, description="The time at which it was first queued.")
    last_attempt_at: datetime | None = column(
        WebhookDeliveries.last_attempt_at, description="The time of the latest attempt; null before the first."
    )
    duration_ms: int | None = column(
        WebhookDeliveries.duration_ms,
        description="The duration of the latest attempt in milliseconds; null before the first.",
    )
    response_status: int | None = column(
        WebhookDeliveries.response_status,
        description="The HTTP status that the receiver answered to the latest attempt; null without an answer.",
    )
    response_body: str | None = column(
        WebhookDeliveries.response_body,
        description="The first 2 kB of the receiver's answer to the latest attempt; null without an answer.",
    )
    error: str | None = column(
        WebhookDeliveries.error,
        description="The reason why the latest attempt failed, in words; null if it succeeded or there was none.",
    )


@strawberry.input(description="Selects deliveries that meet every given condition.")
class WebhookDeliveryFilter:
    """Filter of `deliveries`."""

    endpoint_id: UUID | None = optional(description="Only deliveries to this endpoint.")
    event_id: UUID | None = optional(description="Only deliveries of this event.")
    status: list[DeliveryStatus] | None = optional(description="Only deliveries with one of these statuses.")
    since: datetime | None = optional(description="Only deliveries queued at or after this time.")
    until: datetime | None = optional(description="Only deliveries queued before this time.")


DELIVERY_FILTERS: Mapping[str, Condition] = {
    "endpoint_id": equals(WebhookDeliveries.endpoint_id),
    "event_id": equals(WebhookDeliveries.event_id),
    "status": among(WebhookDeliveries.status),
    "since": at_least(WebhookDeliveries.created_at),
    "until": before(WebhookDeliveries.created_at),
}


@strawberry.type
class WebhookQueries:
    """Webhook endpoints at the root."""

    webhook_endpoints: Connection[WebhookEndpoint] = root_connection(
        order=(desc(WebhookEndpoints.id),),
        allow=manages_webhooks,
        description="The webhook endpoints that the caller may manage, the latest first. Platform and tenant admins "
        "only.",
    )
    deliveries: Connection[WebhookDelivery] = root_connection(
        order=(desc(WebhookDeliveries.id),),
        filters=DELIVERY_FILTERS,
        filter_input=WebhookDeliveryFilter,
        allow=manages_webhooks,
        description="The deliveries to the endpoints that the caller may manage, the latest first. Platform and tenant "
        "admins only.",
    )
