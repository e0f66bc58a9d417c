"""Usage that came after its month was invoiced."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from app.reads import Connection, among, column, desc, equals, one, read_type, root_connection
from app.schema.arguments import optional
from app.schema.context import reads_tenants
from app.schema.lazy import LazyDeployment, LazyInvoice, LazyTenant
from app.schema.nodes import Node
from app.tables import late_usage as tables
from app.tables.late_usage import LateUsageState


@read_type(
    tables.LateUsage,
    description="A metered event that came after the month it changes was invoiced; what that comes to is billed with "
    "the next month, as OVERAGE lines of the earlier one. A level can change later months too, and is then in each.",
)
class LateUsage(Node):
    """A row of `late_usage`."""

    tenant: LazyTenant = one(tables.LateUsage.tenant_id, description="Whose it is.")
    deployment: LazyDeployment = one(tables.LateUsage.deployment_id, description="What used it.")
    resource_kind: str = column(tables.LateUsage.resource_kind, description="The code of what was used.")
    source: str = column(tables.LateUsage.source, description="Who sent it.")
    event_id: str = column(tables.LateUsage.event_id, description="The sender's id for it.")
    quantity: Decimal = column(tables.LateUsage.quantity, description="How much was used.")
    occurred_at: datetime = column(tables.LateUsage.occurred_at, description="When it was used.")
    recorded_at: datetime = column(tables.LateUsage.recorded_at, description="When it came.")
    period_start: date = column(
        tables.LateUsage.period_start, description="The first day of the month that it changes."
    )
    invoice: LazyInvoice = one(tables.LateUsage.invoice_id, description="The invoice of that month when it came.")
    state: LateUsageState = column(tables.LateUsage.state, description="What became of it.")
    billed_invoice: LazyInvoice | None = one(
        tables.LateUsage.billed_invoice_id, description="The invoice that bills what it changed; null unless BILLED."
    )


@strawberry.input(description="Which late usage; every field given must hold.")
class LateUsageFilter:
    """Filter of `lateUsage`."""

    tenant_id: UUID | None = optional(description="Of this tenant.")
    deployment_id: UUID | None = optional(description="Of this deployment.")
    state: list[LateUsageState] | None = optional(description="In one of these states.")
    period_start: date | None = optional(description="Of the month that starts on this day.")


LATE_USAGE_FILTERS = {
    "tenant_id": equals(tables.LateUsage.tenant_id),
    "deployment_id": equals(tables.LateUsage.deployment_id),
    "state": among(tables.LateUsage.state),
    "period_start": equals(tables.LateUsage.period_start),
}


@strawberry.type
class LateUsageQueries:
    """Late usage at the root."""

    late_usage: Connection[LateUsage] = root_connection(
        order=(desc(tables.LateUsage.recorded_at), desc(tables.LateUsage.id)),
        where=[(tables.LateUsage.flagged, True)],
        filters=LATE_USAGE_FILTERS,
        filter_input=LateUsageFilter,
        allow=reads_tenants,
        description="The late usage you may see, the latest first. What came to a draft is not late: that is stale.",
    )
