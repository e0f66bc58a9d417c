"""Usage: recording metered events, and a month of it beside the included quantities."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, cast
from uuid import UUID

import strawberry

from app import billing
from app.operations import usage
from app.reads import decoded_by, reference
from app.schema import usage_events
from app.schema.arguments import Input, optional
from app.schema.catalog.resource_kinds import ResourceKind
from app.schema.codes import ErrorCode
from app.schema.context import Info
from app.schema.problems import Refused, result_of


@strawberry.type(description="The usage of one resource kind in a month. Quantities are in the resource kind's unit.")
class ResourceUsage:
    """A month's usage of one resource kind, made from billing.ReportedUsage."""

    resource_kind: ResourceKind = strawberry.field(description="The used resource kind.")
    quantity: Decimal = strawberry.field(description="The used quantity, including days that are not billable.")
    included_quantity: Decimal = strawberry.field(description="The quantity included by the plan and the add-ons.")
    overage_quantity: Decimal = strawberry.field(
        description="The used quantity over the included one, which is priced."
    )

    @classmethod
    def of(cls, month: billing.ReportedUsage) -> "ResourceUsage":
        """Converts the billing rules' ReportedUsage to the API's type, with a reference to its resource kind."""
        return cls(
            resource_kind=reference(ResourceKind, month.resource_kind),
            quantity=month.quantity,
            included_quantity=month.included_quantity,
            overage_quantity=month.overage_quantity,
        )


@strawberry.input(
    description="A metered usage event. An event that is sent again with the same source and id is counted once."
)
class UsageEventInput:
    """An event of `recordUsage`, as the API describes it; resolvers receive usage.MeteredEvent."""

    id: str = strawberry.field(description="The sender's id of the event, unique within the source.")
    source: str = strawberry.field(default="api", description="The name of the sender.")
    deployment_id: UUID = strawberry.field(description="The id of the deployment that used the resource.")
    resource_kind: str = strawberry.field(description="The code of the used resource kind.")
    quantity: Decimal = strawberry.field(
        description="The quantity in the resource kind's unit: the used amount for SUM, the reading for MAX, the new "
        "level for TIME_WEIGHTED."
    )
    occurred_at: datetime = strawberry.field(
        description="The time at which the usage occurred, which decides the billing month."
    )
    resource_id: UUID | None = optional(
        description="The id of the registered resource that was metered. Leave it out if the event is for the "
        "deployment as a whole."
    )


@decoded_by(usage_events.decode, usage_events.build)
@strawberry.input(description="Metered usage events to record.")
class RecordUsageInput:
    """Input of `recordUsage`, as the API describes it; resolvers receive usage_events.DecodedEvents."""

    events: list[UsageEventInput] = strawberry.field(description="The events, at most 1,000.")


@strawberry.type(description="A usage event that was not recorded. The other events of the request are not affected.")
class UsageRejection:
    """A rejected event, made from operations.usage.RejectedEvent."""

    index: int = strawberry.field(description="The position of the event among the sent events, counted from 0.")
    code: str = strawberry.field(
        description="The code of the rejection as text; `reason` has the same code as an enum."
    )
    reason: ErrorCode = strawberry.field(description="The code of the rejection.")
    message: str = strawberry.field(description="The reason for the rejection, in words for a person to read.")


@strawberry.type(description="The result of recording usage events. Each event is counted in exactly one field.")
class UsageRecorded:
    """Payload of `recordUsage`."""

    accepted: int = strawberry.field(description="The number of newly recorded events.")
    duplicates: int = strawberry.field(
        description="The number of events that had already been recorded with the same content."
    )
    rejected: list[UsageRejection] = strawberry.field(
        description="The events that were not recorded, with the reasons."
    )


RecordUsageResult = Annotated[UsageRecorded | Refused, result_of("recordUsage")]


@strawberry.type
class UsageMutations:
    """Mutations for usage."""

    @strawberry.mutation(
        description="Record metered usage events; a rejected event does not affect the others. Meters and "
        "platform admins."
    )
    async def record_usage(self, info: Info, input_: Input[RecordUsageInput]) -> RecordUsageResult:
        events = cast("usage_events.DecodedEvents", input_).metered
        recorded = await usage.record_usage(info.context.operations, events=events)
        return UsageRecorded(
            accepted=recorded.accepted,
            duplicates=recorded.duplicates,
            rejected=[
                UsageRejection(index=each.index, code=each.code, reason=ErrorCode(each.code), message=each.message)
                for each in recorded.rejected
            ],
        )
