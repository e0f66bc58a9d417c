"""Corrections of metered events."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import usage
from app.reads import Connection, column, desc, equals, one, read_type, reference, root_connection
from app.schema.arguments import Input, optional
from app.schema.context import Info, reads_tenants
from app.schema.deployments.types import Deployment
from app.schema.lazy_types import LazyDeployment, LazyTenant
from app.schema.nodes import Node
from app.schema.problems import Refused, result_of
from app.tables.usage import UsageCorrections


@read_type(
    UsageCorrections,
    description="A correction of a usage event's quantity. The last correction of an event counts; the original "
    "event and all corrections stay stored. Quantities are in the resource kind's unit.",
)
class UsageCorrection(Node):
    """A row of `usage_corrections`."""

    tenant: LazyTenant = one(UsageCorrections.tenant_id, description="The tenant that the event belongs to.")
    deployment: LazyDeployment = one(UsageCorrections.deployment_id, description="The metered deployment.")
    resource_kind: str = column(UsageCorrections.resource_kind, description="The code of the metered resource kind.")
    source: str = column(UsageCorrections.source, description="The source that sent the event.")
    event_id: str = column(UsageCorrections.event_id, description="The id with which the source sent the event.")
    occurred_at: datetime = column(UsageCorrections.occurred_at, description="The time at which the usage occurred.")
    day: date = column(
        UsageCorrections.day, description="The day on which the event occurred, in the billing time zone."
    )
    previous_quantity: Decimal = column(
        UsageCorrections.previous_quantity, description="The quantity of the event before this correction."
    )
    quantity: Decimal = column(
        UsageCorrections.quantity, description="The quantity of the event after this correction; 0 withdraws it."
    )
    reason: str = column(UsageCorrections.reason, description="The reason that the actor gave.")
    actor: str = column(UsageCorrections.actor, description="The token subject that corrected the event.")
    corrected_at: datetime = column(UsageCorrections.corrected_at, description="The time of the correction.")


@strawberry.input(description="Selects corrections that meet every given condition.")
class UsageCorrectionFilter:
    """Filter of `usageCorrections`."""

    tenant_id: UUID | None = optional(description="Only corrections of this tenant's events.")
    deployment_id: UUID | None = optional(description="Only corrections of this deployment's events.")


@strawberry.type
class UsageCorrectionQueries:
    """Root queries for usage corrections."""

    usage_corrections: Connection[UsageCorrection] = root_connection(
        order=(desc(UsageCorrections.id),),
        filters={
            "tenant_id": equals(UsageCorrections.tenant_id),
            "deployment_id": equals(UsageCorrections.deployment_id),
        },
        filter_input=UsageCorrectionFilter,
        allow=reads_tenants,
        description="The corrections of usage events that the caller may see, the latest first.",
    )


@strawberry.input(description="A correction of a recorded usage event's quantity.")
class CorrectUsageInput:
    """Input of `correctUsage`."""

    tenant_id: UUID | None = optional(
        description="The id of the tenant that the event belongs to. Required unless the caller's token names a tenant."
    )
    source: str = strawberry.field(default="api", description="The source with which the event was sent.")
    event_id: str = strawberry.field(description="The id with which the event was sent.")
    quantity: Decimal = strawberry.field(
        description="The correct quantity, in the resource kind's unit. For SUM and MAX, 0 withdraws the event; for "
        "TIME_WEIGHTED, it is a level of 0."
    )
    reason: str = strawberry.field(description="The reason for the correction, which is stored with it.")


@strawberry.type(description="The result of correcting a usage event. Quantities are in the resource kind's unit.")
class UsageCorrected:
    """Payload of `correctUsage`."""

    deployment: Deployment | None = strawberry.field(
        description="The metered deployment; null if the caller is a meter, which may not read it."
    )
    correction: UsageCorrection | None = strawberry.field(
        description="The stored correction; null if the caller is a meter, which may not read it."
    )
    previous_quantity: Decimal = strawberry.field(description="The quantity of the event before this correction.")
    quantity: Decimal = strawberry.field(description="The quantity of the event from now on.")


CorrectUsageResult = Annotated[UsageCorrected | Refused, result_of("correctUsage")]


@strawberry.type
class UsageCorrectionMutations:
    """Mutations for usage corrections."""

    @strawberry.mutation(
        description="Correct the quantity of a recorded usage event. Months that are already billed are corrected by "
        "the difference. Meters and platform admins."
    )
    async def correct_usage(self, info: Info, input_: Input[CorrectUsageInput]) -> CorrectUsageResult:
        corrected = await usage.correct_usage(
            info.context.operations,
            tenant_id=input_.tenant_id,
            source=input_.source,
            event_id=input_.event_id,
            quantity=input_.quantity,
            reason=input_.reason,
        )
        may_read = reads_tenants(info.context.viewer)
        return UsageCorrected(
            deployment=reference(Deployment, corrected.deployment_id) if may_read else None,
            correction=reference(UsageCorrection, corrected.correction_id) if may_read else None,
            previous_quantity=corrected.previous_quantity,
            quantity=corrected.quantity,
        )
