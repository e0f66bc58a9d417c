"""Billing months: how far billing has come with each tenant's months."""

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


@read_type(BillingMonths, description="One month of one tenant: whether it is rated and billed, and its amount.")
class BillingMonth(Node):
    """A row of `billing_months`."""

    tenant: Tenant = one(BillingMonths.tenant_id, description="The tenant.")
    period_start: date = column(BillingMonths.period_start, description="The month's first day.")
    state: BillingMonthState = column(BillingMonths.state, description="How far billing has come with the month.")
    invoice: Invoice | None = one(
        BillingMonths.invoice_id, description="The month's draft or issued invoice; null when it has none."
    )
    rated_cents: Cents | None = column(
        BillingMonths.rated_cents,
        description="The month's amount when it was last rated, net, in the tenant's minor unit; null before.",
    )
    billed_cents: Cents = column(
        BillingMonths.billed_cents,
        description="What live invoices charge for the month, net, drafts and corrections on later invoices included.",
    )
    rated_at: datetime | None = column(BillingMonths.rated_at, description="When it was last rated; null before.")
    currency: str = related(BillingMonths.tenant_id, Tenants.currency, description="ISO 4217, of the amounts.")
    failure: str | None = column(
        BillingMonths.failure, description="Why it could last not be rated; null when it could."
    )
    waived_at: datetime | None = column(BillingMonths.waived_at, description="When it was waived; null if it was not.")
    waived_by: str | None = column(
        BillingMonths.waived_by, description="The subject who waived it; null if nobody did."
    )
    waive_reason: str | None = column(BillingMonths.waive_reason, description="Why it was waived; null if it was not.")


@strawberry.input(description="Which billing months; every field given must hold.")
class BillingMonthFilter:
    """Filter of `billingMonths`."""

    tenant_id: UUID | None = optional(description="Of this tenant.")
    state: list[BillingMonthState] | None = optional(description="In one of these states.")
    period_start: date | None = optional(description="The month that starts on this day.")
    period_from: date | None = optional(description="Months that start on this day or later.")
    period_to: date | None = optional(description="Months that start on this day or earlier.")


_FILTERS = {
    "tenant_id": equals(BillingMonths.tenant_id),
    "state": among(BillingMonths.state),
    "period_start": equals(BillingMonths.period_start),
    "period_from": at_least(BillingMonths.period_start),
    "period_to": at_most(BillingMonths.period_start),
}


@strawberry.type
class BillingMonthQueries:
    """Billing months at the root."""

    billing_months: Connection[BillingMonth] = root_connection(
        order=(desc(BillingMonths.period_start), BillingMonths.tenant_id),
        filters=_FILTERS,
        filter_input=BillingMonthFilter,
        allow=reads_tenants,
        description="The billing months you may see, the latest first.",
    )
