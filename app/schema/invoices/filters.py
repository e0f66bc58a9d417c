"""Filters for invoices and their lines."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import strawberry

from app.billing import LineKind
from app.reads import among, at_least, before, contains, equals, through
from app.reads.filter_conditions import Condition
from app.schema.arguments import optional
from app.tables.invoices import InvoiceStatus, TenantInvoiceLines, TenantInvoices
from app.tables.tenants import Tenants


@strawberry.input(description="Selects invoices that meet every given condition.")
class InvoiceFilter:
    """The filter of an invoice connection."""

    tenant_id: UUID | None = optional(description="Only invoices of this tenant.")
    number: str | None = optional(description="Only the invoice with exactly this number.")
    search: str | None = optional(
        description="Only invoices whose tenant's code or name contains this text, in upper or lower case."
    )
    status: list[InvoiceStatus] | None = optional(description="Only invoices with one of these statuses.")
    period_start: date | None = optional(description="Only invoices whose period starts on this day.")
    period_from: date | None = optional(description="Only invoices whose period starts on this day or later.")
    period_to: date | None = optional(description="Only invoices whose period starts before this day.")


@strawberry.input(description="Selects invoice lines that meet every given condition.")
class InvoiceLineFilter:
    """The filter of a line connection."""

    kind: list[LineKind] | None = optional(description="Only lines of one of these kinds.")
    resource_kind: str | None = optional(description="Only lines that charge the resource kind with this code.")
    deployment_id: UUID | None = optional(description="Only lines of this deployment.")
    period_start: date | None = optional(description="Only lines on invoices whose period starts on this day.")


INVOICE_FILTERS: Mapping[str, Condition] = {
    "tenant_id": equals(TenantInvoices.tenant_id),
    "number": equals(TenantInvoices.number),
    "search": through(TenantInvoices.tenant_id, contains(Tenants.code, Tenants.name)),
    "status": among(TenantInvoices.status),
    "period_start": equals(TenantInvoices.period_start),
    "period_from": at_least(TenantInvoices.period_start),
    "period_to": before(TenantInvoices.period_start),
}

INVOICE_LINE_FILTERS: Mapping[str, Condition] = {
    "kind": among(TenantInvoiceLines.kind),
    "resource_kind": equals(TenantInvoiceLines.resource_kind),
    "deployment_id": equals(TenantInvoiceLines.deployment_id),
    "period_start": equals(TenantInvoiceLines.period_start),
}
