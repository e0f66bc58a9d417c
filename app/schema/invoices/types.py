"""Invoices and their lines."""

from datetime import date, datetime
from decimal import Decimal
from typing import cast

import strawberry

from app.billing import LineKind
from app.operations import invoices
from app.reads import (
    Connection,
    FinishInfo,
    Rows,
    column,
    computed,
    connection,
    desc,
    finished,
    one,
    read_type,
    root_connection,
    root_one,
)
from app.schema.context import RequestContext, reads_tenants
from app.schema.invoices.filters import INVOICE_FILTERS, INVOICE_LINE_FILTERS, InvoiceFilter, InvoiceLineFilter
from app.schema.lazy import LazyDeployment, LazyInvoice, LazySubscription, LazySubscriptionAddon, LazyTenant
from app.schema.nodes import Node
from app.schema.quotes import LineExplanation
from app.schema.scalars import Cents
from app.tables.invoices import InvoiceStatus, TenantInvoiceLines, TenantInvoices


async def _explanations(rows: Rows, info: FinishInfo[RequestContext]) -> list[LineExplanation]:
    lines = [invoices.LineReference(row["invoice_id"], row["subscription_id"], row["key"]) for row in rows]
    return cast("list[LineExplanation]", await invoices.explain_lines(info.request.operations, lines))


@read_type(TenantInvoiceLines, description="One amount of an invoice.")
class InvoiceLine(Node):
    """A row of `tenant_invoice_lines`."""

    invoice: LazyInvoice = one(TenantInvoiceLines.invoice_id, description="The invoice.")
    kind: LineKind = column(TenantInvoiceLines.kind, description="What it charges for.")
    description: str = column(TenantInvoiceLines.description, description="The same, for people.")
    resource_kind: str | None = column(
        TenantInvoiceLines.resource_kind, description="The code of the resource kind, where it has one."
    )
    quantity: Decimal = column(TenantInvoiceLines.quantity, description="How much is charged.")
    unit_price_cents: Decimal = column(TenantInvoiceLines.unit_price_cents, description="The price of one.")
    amount_cents: Cents = column(
        TenantInvoiceLines.amount_cents, description="The amount, rounded once, half away from zero."
    )
    deployment: LazyDeployment | None = one(
        TenantInvoiceLines.deployment_id, description="What it is for; null on lines of the whole tenant such as tax."
    )
    subscription: LazySubscription | None = one(
        TenantInvoiceLines.subscription_id, description="What was billed; null on lines of the whole tenant."
    )
    subscription_addon: LazySubscriptionAddon | None = one(
        TenantInvoiceLines.subscription_addon_id, description="The attached add-on; null but on ADDON lines."
    )
    explanation = finished(
        needs=(TenantInvoiceLines.invoice_id, TenantInvoiceLines.subscription_id, TenantInvoiceLines.key),
        description="How the amount came about, rated again from the kept inputs.",
    )(_explanations)


@read_type(TenantInvoices, description="What a tenant owes for a month.")
class Invoice(Node):
    """A row of `tenant_invoices`."""

    number: str | None = column(TenantInvoices.number, description="Gapless within a year; null before issuing.")
    tenant: LazyTenant = one(TenantInvoices.tenant_id, description="Who owes it.")
    period_start: date = column(TenantInvoices.period_start, description="The month's first day.")
    period_end: date = column(TenantInvoices.period_end, description="The first day after the month.")
    revision: int = column(TenantInvoices.revision, description="Counts the invoices of this tenant and month from 1.")
    status: InvoiceStatus = column(TenantInvoices.status, description="Where it is in its life.")
    currency: str = column(TenantInvoices.currency, description="ISO 4217.")
    subtotal_cents: Cents = column(TenantInvoices.subtotal_cents, description="The sum of the lines without tax.")
    tax_cents: Cents = column(TenantInvoices.tax_cents, description="The sum of the tax lines.")
    total_cents: Cents = column(TenantInvoices.total_cents, description="Subtotal and tax.")
    issued_at: datetime | None = column(TenantInvoices.issued_at, description="When it was issued.")
    due_on: date | None = column(TenantInvoices.due_on, description="By when it is to be paid.")
    paid_at: datetime | None = column(TenantInvoices.paid_at, description="When it was paid.")
    payment_reference: str | None = column(TenantInvoices.payment_reference, description="What names the payment.")
    voided_at: datetime | None = column(TenantInvoices.voided_at, description="When it was withdrawn.")
    void_reason: str | None = column(TenantInvoices.void_reason, description="Why it was withdrawn.")
    created_at: datetime = column(TenantInvoices.created_at, description="When it was first rated.")
    stale: bool = computed(
        "invoice_is_stale",
        TenantInvoices.stale_since,
        TenantInvoices.status,
        description="Whether it is a draft to whose month something came after it was rated. Rolling the month up with "
        "force rates it again; if it is issued as it is, that usage is late.",
    )
    stale_since: datetime | None = column(
        TenantInvoices.stale_since, description="When the first of that came; null where it is as rated."
    )
    input_hash: str = column(
        TenantInvoices.input_hash, description="SHA-256 of the canonical inputs it was rated from, in hexadecimal."
    )
    lines: Connection[InvoiceLine] = connection(
        TenantInvoiceLines.invoice_id,
        order=(TenantInvoiceLines.position,),
        filters=INVOICE_LINE_FILTERS,
        filter_input=InvoiceLineFilter,
        description="Its lines in order: deployments by slug, in each base, add-ons and overage; tax last.",
    )


@strawberry.type
class InvoiceQueries:
    """Invoices at the root."""

    invoice: Invoice | None = root_one(
        by=TenantInvoices.id,
        allow=reads_tenants,
        description="The invoice with this id; null when there is none to see.",
    )
    invoices: Connection[Invoice] = root_connection(
        order=(desc(TenantInvoices.period_start), desc(TenantInvoices.id)),
        filters=INVOICE_FILTERS,
        filter_input=InvoiceFilter,
        allow=reads_tenants,
        description="The invoices you may see, the latest period first.",
    )
