"""Changes to webhook endpoints, and redelivery."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from msgspec import UnsetType

from app.operations import webhooks
from app.reads import reference
from app.schema.arguments import Input, clearable, optional
from app.schema.context import Info
from app.schema.problems import Refused, result_of
from app.schema.webhooks.types import WebhookEndpoint

_URL = "The URL: https, without user name and password, at an address of the public internet."
_TYPES = "The types of events to deliver, such as invoice.issued. docs/events.md lists them."


@strawberry.input(description="A webhook endpoint to create.")
class CreateWebhookEndpointInput:
    """Input of `createWebhookEndpoint`."""

    url: str = strawberry.field(description=_URL)
    event_types: list[str] | None = optional(description=f"{_TYPES} Default: all types.")
    description: str | None = optional(description="A description of the endpoint.")
    tenant_id: UUID | None = optional(
        description="The id of the tenant whose events are delivered. Default: the caller's own; for platform admins "
        "the events of all tenants and of the platform."
    )


@strawberry.input(description="Changes to a webhook endpoint. Fields that are left out stay as they are.")
class UpdateWebhookEndpointInput:
    """Input of `updateWebhookEndpoint`."""

    endpoint_id: UUID = strawberry.field(description="The id of the endpoint.")
    url: str | None = optional(description=_URL)
    event_types: list[str] | None = optional(description=f"{_TYPES} An empty list stands for all types.")
    description: str | None = clearable(description="A description of the endpoint. Null removes it.")
    enabled: bool | None = optional(
        description="False disables the endpoint: what is pending fails. True enables it again; what failed is "
        "delivered by `redeliver` only."
    )


@strawberry.input(description="A webhook endpoint to delete.")
class DeleteWebhookEndpointInput:
    """Input of `deleteWebhookEndpoint`."""

    endpoint_id: UUID = strawberry.field(description="The id of the endpoint.")


@strawberry.input(description="A webhook endpoint whose secret is to be replaced.")
class RotateWebhookSecretInput:
    """Input of `rotateWebhookSecret`."""

    endpoint_id: UUID = strawberry.field(description="The id of the endpoint.")


@strawberry.input(description="A webhook endpoint to which a test event is to be sent.")
class SendTestEventInput:
    """Input of `sendTestEvent`."""

    endpoint_id: UUID = strawberry.field(description="The id of the endpoint.")


@strawberry.input(
    description="Deliveries to repeat: either those with the given ids, or those of the events of a time range."
)
class RedeliverInput:
    """Input of `redeliver`."""

    endpoint_id: UUID = strawberry.field(description="The id of the endpoint.")
    delivery_ids: list[UUID] | None = optional(description="The ids of deliveries to this endpoint.")
    since: datetime | None = optional(description="The start of the range: events at or after this time.")
    until: datetime | None = optional(description="The end of the range: events before this time.")


_SHOWN_ONCE = (
    "The secret with which deliveries are signed, whsec_ and base64. It is not shown again. Null if the request was "
    "repeated with the same Idempotency-Key: then rotate the secret."
)


@strawberry.type(description="The result of creating a webhook endpoint.")
class WebhookEndpointCreated:
    """Payload of `createWebhookEndpoint`."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")
    secret: str | None = strawberry.field(description=_SHOWN_ONCE)


@strawberry.type(description="The result of changing a webhook endpoint.")
class WebhookEndpointUpdated:
    """Payload of `updateWebhookEndpoint`."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")


@strawberry.type(description="The result of deleting a webhook endpoint with its deliveries.")
class WebhookEndpointDeleted:
    """Payload of `deleteWebhookEndpoint`."""

    endpoint_id: UUID = strawberry.field(description="The id that the endpoint had.")


@strawberry.type(description="The result of rotating a secret. For a day deliveries have a signature by each of both.")
class WebhookSecretRotated:
    """Payload of `rotateWebhookSecret`."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")
    secret: str | None = strawberry.field(description=_SHOWN_ONCE)


@strawberry.type(description="The result of sending a test event, which is delivered within moments.")
class TestEventSent:
    """Payload of `sendTestEvent`."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")


@strawberry.type(description="The result of a redelivery. The deliveries are attempted within moments.")
class Redelivered:
    """Payload of `redeliver`."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")
    deliveries: int = strawberry.field(
        description="The number of deliveries that were queued again, at most 10,000: repeat the call for more."
    )


CreateResult = Annotated[WebhookEndpointCreated | Refused, result_of("createWebhookEndpoint")]
UpdateResult = Annotated[WebhookEndpointUpdated | Refused, result_of("updateWebhookEndpoint")]
DeleteResult = Annotated[WebhookEndpointDeleted | Refused, result_of("deleteWebhookEndpoint")]
RotateResult = Annotated[WebhookSecretRotated | Refused, result_of("rotateWebhookSecret")]
TestResult = Annotated[TestEventSent | Refused, result_of("sendTestEvent")]
RedeliverResult = Annotated[Redelivered | Refused, result_of("redeliver")]


@strawberry.type
class WebhookMutations:
    """Changes to webhook endpoints."""

    @strawberry.mutation(description="Create a webhook endpoint. Platform and tenant admins only.")
    async def create_webhook_endpoint(self, info: Info, input_: Input[CreateWebhookEndpointInput]) -> CreateResult:
        endpoint_id, secret = await webhooks.create_webhook_endpoint(
            info.context.operations,
            url=input_.url,
            event_types=input_.event_types or (),
            description=input_.description,
            tenant_id=input_.tenant_id,
        )
        return WebhookEndpointCreated(endpoint=reference(WebhookEndpoint, endpoint_id), secret=secret)

    @strawberry.mutation(description="Change, disable or enable a webhook endpoint. Platform and tenant admins only.")
    async def update_webhook_endpoint(self, info: Info, input_: Input[UpdateWebhookEndpointInput]) -> UpdateResult:
        description: str | UnsetType | None = input_.description
        endpoint_id = await webhooks.update_webhook_endpoint(
            info.context.operations,
            endpoint_id=input_.endpoint_id,
            url=input_.url,
            event_types=input_.event_types,
            description=description,
            enabled=input_.enabled,
        )
        return WebhookEndpointUpdated(endpoint=reference(WebhookEndpoint, endpoint_id))

    @strawberry.mutation(
        description="Delete a webhook endpoint with the list of its deliveries. Platform and tenant admins only."
    )
    async def delete_webhook_endpoint(self, info: Info, input_: Input[DeleteWebhookEndpointInput]) -> DeleteResult:
        endpoint_id = await webhooks.delete_webhook_endpoint(info.context.operations, endpoint_id=input_.endpoint_id)
        return WebhookEndpointDeleted(endpoint_id=endpoint_id)

    @strawberry.mutation(
        description="Replace the secret of a webhook endpoint; for a day the previous one signs too. Platform and "
        "tenant admins only."
    )
    async def rotate_webhook_secret(self, info: Info, input_: Input[RotateWebhookSecretInput]) -> RotateResult:
        endpoint_id, secret = await webhooks.rotate_webhook_secret(
            info.context.operations, endpoint_id=input_.endpoint_id
        )
        return WebhookSecretRotated(endpoint=reference(WebhookEndpoint, endpoint_id), secret=secret)

    @strawberry.mutation(
        description="Send an event of the type webhook_endpoint.test to a webhook endpoint. Platform and tenant admins "
        "only."
    )
    async def send_test_event(self, info: Info, input_: Input[SendTestEventInput]) -> TestResult:
        endpoint_id = await webhooks.send_test_event(info.context.operations, endpoint_id=input_.endpoint_id)
        return TestEventSent(endpoint=reference(WebhookEndpoint, endpoint_id))

    @strawberry.mutation(
        description="Deliver events to a webhook endpoint again, with the same webhook-id. Platform and tenant admins "
        "only."
    )
    async def redeliver(self, info: Info, input_: Input[RedeliverInput]) -> RedeliverResult:
        deliveries = await webhooks.redeliver(
            info.context.operations,
            endpoint_id=input_.endpoint_id,
            delivery_ids=input_.delivery_ids,
            since=input_.since,
            until=input_.until,
        )
        return Redelivered(endpoint=reference(WebhookEndpoint, input_.endpoint_id), deliveries=deliveries)
