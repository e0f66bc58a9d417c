"""Usage: recording metered events, and a month of it beside what is included."""

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
    """billing.ResourceUsage."""

    resource_kind: ResourceKind = strawberry.field(description="The used resource kind.")
    quantity: Decimal = strawberry.field(description="The used quantity, including days that are not billable.")
    included_quantity: Decimal = strawberry.field(description="The quantity included by the plan and the add-ons.")
    overage_quantity: Decimal = strawberry.field(
        description="The used quantity over the included one, which is priced."
    )

    @classmethod
    def of(cls, month: billing.ResourceUsage) -> "ResourceUsage":
        """The rules' value, with its kind to be read."""
        return cls(
            resource_kind=reference(ResourceKind, month.resource_kind),
            quantity=month.quantity,
            included_quantity=month.included_quantity,
            overage_quantity=month.overage_quantity,
        )


@strawberry.input(description="A metered event. Sent again with the same source and id it counts once.")
class UsageEventInput:
    """An event of `recordUsage`, as the API describes it; resolvers get usage.MeteredEvent."""

    id: str = strawberry.field(description="The sender's own id for it, unique within the source.")
    source: str = strawberry.field(default="api", description="Who sends it.")
    deployment_id: UUID = strawberry.field(description="What used it.")
    resource_kind: str = strawberry.field(description="The code of what was used.")
    quantity: Decimal = strawberry.field(description="How much: an amount, a reading or a level, as the kind has it.")
    occurred_at: datetime = strawberry.field(description="When it was used; decides the month.")
    resource_id: UUID | None = optional(description="The resource that it was metered on.")


@decoded_by(usage_events.decode, usage_events.build)
@strawberry.input(description="Metered usage events to record.")
class RecordUsageInput:
    """Input of `recordUsage`, as the API describes it; resolvers get usage_events.Events."""

    events: list[UsageEventInput] = strawberry.field(description="The events, at most 1,000.")


@strawberry.type(description="An event that was not recorded; the others were.")
class UsageRejection:
    """operations.usage.UsageRejection."""

    index: int = strawberry.field(description="Its place among the events sent, from 0.")
    code: str = strawberry.field(description="The reason, for programs; `reason` is the same as an enum.")
    reason: ErrorCode = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, for people.")


@strawberry.type(description="What became of the events, each of them counted once.")
class UsageRecorded:
    """Payload of `recordUsage`."""

    accepted: int = strawberry.field(description="How many were recorded.")
    duplicates: int = strawberry.field(description="How many had been recorded before, with the same content.")
    rejected: list[UsageRejection] = strawberry.field(description="Those that were not recorded, and why.")


RecordUsageResult = Annotated[UsageRecorded | Refused, result_of("recordUsage")]


@strawberry.type
class UsageMutations:
    """Metering."""

    @strawberry.mutation(description="Record metered events; each stands for itself. A meter or the platform's admin.")
    async def record_usage(self, info: Info, given: Input[RecordUsageInput]) -> RecordUsageResult:
        events = cast("usage_events.Events", given).metered
        recorded = await usage.record_usage(info.context.operations, events=events)
        return UsageRecorded(
            accepted=recorded.accepted,
            duplicates=recorded.duplicates,
            rejected=[
                UsageRejection(index=each.index, code=each.code, reason=ErrorCode(each.code), message=each.message)
                for each in recorded.rejected
            ],
        )
