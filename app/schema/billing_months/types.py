"""Billing months: the billing state of each tenant's months."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from app.reads import (
    Connection,
    among,
    at_least,
    at_most,
    column,
    desc,
    equals,
    one,
    read_type,
    related,
    root_connection,
)
from app.schema.arguments import optional
from app.schema.context import reads_tenants
from app.schema.invoices.types import Invoice
from app.schema.nodes import Node
from app.schema.scalars import Cents
from app.schema.tenants import Tenant
from app.tables.billing_months import BillingMonths, BillingMonthState
from app.tables.tenants import Tenants


@read_type(
    BillingMonths,
    description="The billing state of one tenant in one calendar month. Amounts are without tax, in the minor "
    "unit of `currency`.",
)
class BillingMonth(Node):
    """A row of `billing_months`."""

    tenant: Tenant = one(BillingMonths.tenant_id, description="The tenant that the month belongs to.")
    period_start: date = column(BillingMonths.period_start, description="The first day of the month.")
    state: BillingMonthState = column(BillingMonths.state, description="The billing state of the month.")
    invoice: Invoice | None = one(
        BillingMonths.invoice_id, description="The draft, issued or paid invoice of the month; null if there is none."
    )
    rated_cents: Cents | None = column(
        BillingMonths.rated_cents,
        description="The net amount of the month when it was last rated; null if it was never rated.",
    )
    billed_cents: Cents = column(
        BillingMonths.billed_cents,
        description="The net amount charged for the month on drafts, issued and paid invoices, including corrections "
        "on invoices of later months, less late corrections by credit notes. Other credit notes do not reduce it.",
    )
    rated_at: datetime | None = column(
        BillingMonths.rated_at, description="The time at which the month was last rated; null if it was never rated."
    )
    currency: str = related(
        BillingMonths.tenant_id, Tenants.currency, description="The ISO 4217 code of the currency of the amounts."
    )
    failure: str | None = column(
        BillingMonths.failure,
        description="The reason why the last attempt to rate the month failed; null if it succeeded or none was made.",
    )
    waived_at: datetime | None = column(
        BillingMonths.waived_at, description="The time at which the month was waived; null if it is not waived."
    )
    waived_by: str | None = column(
        BillingMonths.waived_by, description="The token subject that waived the month; null if it is not waived."
    )
    waive_reason: str | None = column(
        BillingMonths.waive_reason, description="The reason for waiving the month; null if it is not waived."
    )


@strawberry.input(description="Selects billing months that meet every given condition.")
class BillingMonthFilter:
    """Filter of `billingMonths`."""

    tenant_id: UUID | None = optional(description="Only months of this tenant.")
    state: list[BillingMonthState] | None = optional(description="Only months in one of these states.")
    period_start: date | None = optional(description="Only the month whose first day this is.")
    period_from: date | None = optional(description="Only months whose first day is this day or later.")
    period_to: date | None = optional(description="Only months whose first day is this day or earlier.")


_FILTERS = {
    "tenant_id": equals(BillingMonths.tenant_id),
    "state": among(BillingMonths.state),
    "period_start": equals(BillingMonths.period_start),
    "period_from": at_least(BillingMonths.period_start),
    "period_to": at_most(BillingMonths.period_start),
}


@strawberry.type
class BillingMonthQueries:
    """Root queries for billing months."""

    billing_months: Connection[BillingMonth] = root_connection(
        order=(desc(BillingMonths.period_start), BillingMonths.tenant_id),
        filters=_FILTERS,
        filter_input=BillingMonthFilter,
        allow=reads_tenants,
        description="The billing months that the caller may see, the latest first.",
    )
