"""GraphQL subscriptions for deployments."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

import msgspec
import strawberry
from graphql import GraphQLError

from app.operations.deployments.deployment_events import CHANNEL
from app.reads import ForbiddenError, reference
from app.schema.context import Info, reads_tenants
from app.schema.deployments.types import DeploymentEvent


class _NotifiedEvent(msgspec.Struct, frozen=True):
    """The payload of the notification that a transaction sends for a deployment event it has written."""

    id: UUID
    tenant_id: UUID
    deployment_id: UUID


@strawberry.type
class DeploymentSubscriptions:
    """GraphQL subscriptions for deployments."""

    @strawberry.subscription(
        description="The events of the deployments that the caller may see, as they happen. Ends with the error "
        "EVENTS_MISSED if events may have been missed; query the events, then subscribe again."
    )
    async def deployment_events(
        self,
        info: Info,
        deployment_id: Annotated[
            UUID | None, strawberry.argument(description="The id of the only deployment to follow. Default: all.")
        ] = strawberry.UNSET,
    ) -> AsyncGenerator[DeploymentEvent, None]:
        context, wanted = info.context, deployment_id or None
        if not reads_tenants(context.viewer):
            raise ForbiddenError("your role may not read deployments")
        async with context.operations.database.listen(CHANNEL) as payloads:
            async for payload in payloads:
                if payload is None:
                    raise GraphQLError(
                        "Events may have been missed: query the events, then subscribe again.",
                        extensions={"code": "EVENTS_MISSED"},
                    )
                event = msgspec.json.decode(payload, type=_NotifiedEvent)
                if context.scope.tenant_id in {None, event.tenant_id} and wanted in {None, event.deployment_id}:
                    yield reference(DeploymentEvent, event.id)
