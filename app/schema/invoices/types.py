"""Invoices and their lines."""

from datetime import date, datetime
from decimal import Decimal
from typing import cast

import strawberry

from app.billing import LineKind
from app.operations import invoices
from app.reads import (
    Computed,
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
    related,
    root_connection,
    root_one,
)
from app.schema.catalog.resource_kinds import ResourceKind
from app.schema.context import RequestContext, reads_tenants
from app.schema.invoices.filters import INVOICE_FILTERS, INVOICE_LINE_FILTERS, InvoiceFilter, InvoiceLineFilter
from app.schema.lazy import LazyDeployment, LazyInvoice, LazySubscription, LazySubscriptionAddon, LazyTenant
from app.schema.nodes import Node
from app.schema.quotes import LineExplanation
from app.schema.scalars import Cents
from app.tables.invoices import InvoiceStatus, TenantInvoiceLines, TenantInvoices


def _explanations(rows: Rows, _info: FinishInfo[RequestContext]) -> list[LineExplanation]:
    lines = [
        invoices.LineToExplain(
            row["key"], row["kind"] == LineKind.TAX, row["unit_price_cents"], tuple(row["documents"] or ())
        )
        for row in rows
    ]
    return cast("list[LineExplanation]", invoices.explain_lines(lines))


@read_type(TenantInvoiceLines, description="One amount of an invoice.")
class InvoiceLine(Node):
    """A row of `tenant_invoice_lines`."""

    invoice: LazyInvoice = one(TenantInvoiceLines.invoice_id, description="The invoice.")
    kind: LineKind = column(TenantInvoiceLines.kind, description="What it charges for.")
    description: str = column(TenantInvoiceLines.description, description="The same, for people.")
    resource_kind: str | None = column(
        TenantInvoiceLines.resource_kind, description="The code of the resource kind, where it has one."
    )
    resource_kind_details: ResourceKind | None = one(
        TenantInvoiceLines.resource_kind, description="The resource kind itself; null where the line has none."
    )
    quantity: Decimal = column(TenantInvoiceLines.quantity, description="How much is charged.")
    unit_price_cents: Decimal = column(TenantInvoiceLines.unit_price_cents, description="The price of one.")
    amount_cents: Cents = column(
        TenantInvoiceLines.amount_cents, description="The amount, rounded once, half away from zero."
    )
    currency: str = related(
        TenantInvoiceLines.invoice_id, TenantInvoices.currency, description="ISO 4217, of the amounts."
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
        needs=(TenantInvoiceLines.key, TenantInvoiceLines.kind, TenantInvoiceLines.unit_price_cents),
        computed={
            "documents": Computed(
                "invoice_line_documents",
                (
                    TenantInvoiceLines.tenant_id,
                    TenantInvoiceLines.invoice_id,
                    TenantInvoiceLines.subscription_id,
                    TenantInvoiceLines.period_start,
                    TenantInvoiceLines.key,
                ),
            )
        },
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
        TenantInvoices.tenant_id,
        TenantInvoices.period_start,
        TenantInvoices.status,
        description="True for a draft whose usage or terms changed after it was rated; roll up with force to rate it "
        "again.",
    )
    stale_since: datetime | None = computed(
        "invoice_stale_since",
        TenantInvoices.tenant_id,
        TenantInvoices.period_start,
        TenantInvoices.status,
        description="When the first such change arrived; null if nothing changed since rating.",
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
        by={"id": TenantInvoices.id, "number": TenantInvoices.number},
        allow=reads_tenants,
        description="The invoice with this id or this number (give one); null when there is none to see.",
    )
    invoices: Connection[Invoice] = root_connection(
        order=(desc(TenantInvoices.period_start), desc(TenantInvoices.id)),
        filters=INVOICE_FILTERS,
        filter_input=InvoiceFilter,
        allow=reads_tenants,
        description="The invoices you may see, the latest period first.",
    )
