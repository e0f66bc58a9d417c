"""Events, as they were recorded."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import strawberry

from app.reads import Condition, Connection, among, column, desc, equals, one, read_type, root_connection
from app.schema.arguments import optional
from app.schema.context import reads_tenants
from app.schema.events import event_enums  # noqa: F401  # describes the enums
from app.schema.lazy_types import LazyTenant
from app.schema.nodes import Node
from app.tables.events import AggregateType, Events


@read_type(
    Events,
    description="An event: something that happened, for other systems to react to. It never changes. GET /events "
    "returns events in an order that a consumer can follow, and webhooks deliver them.",
)
class Event(Node):
    """A row of `events`."""

    type: str = column(Events.type, description="The type of the event, such as invoice.issued.")
    tenant: LazyTenant | None = one(
        Events.tenant_id, description="The tenant that the event concerns; null for an event of the platform."
    )
    aggregate_type: AggregateType = column(Events.aggregate_type, description="The kind of aggregate.")
    aggregate_id: UUID = column(
        Events.aggregate_id,
        description="The id of the aggregate: of the tenant, deployment or rollup run that the event belongs to.",
    )
    sequence: int = column(
        Events.sequence, description="The number of the event within its aggregate: 1, 2, 3 and so on without gaps."
    )
    occurred_at: datetime = column(Events.occurred_at, description="The time of the event.")
    version: int = column(Events.version, description="The version of the data's schema, as in docs/events.md.")
    data: str = column(
        Events.data, description="The data of the event as JSON. Its members depend on the type of the event."
    )


@strawberry.input(description="Selects events that meet every given condition.")
class EventFilter:
    """Filter of `events`."""

    type: list[str] | None = optional(description="Only events of one of these types, such as invoice.issued.")
    tenant_id: UUID | None = optional(description="Only events of this tenant.")
    aggregate_type: list[AggregateType] | None = optional(description="Only events of these kinds of aggregates.")
    aggregate_id: UUID | None = optional(description="Only events of the aggregate with this id.")


EVENT_FILTERS: Mapping[str, Condition] = {
    "type": among(Events.type),
    "tenant_id": equals(Events.tenant_id),
    "aggregate_type": among(Events.aggregate_type),
    "aggregate_id": equals(Events.aggregate_id),
}


@strawberry.type
class EventQueries:
    """Events at the root."""

    events: Connection[Event] = root_connection(
        order=(desc(Events.id),),
        filters=EVENT_FILTERS,
        filter_input=EventFilter,
        allow=reads_tenants,
        description="The events that the caller may see, the latest first. To follow events without missing one, read "
        "GET /events instead.",
    )
