"""By what invoices and their lines are found."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import strawberry

from app.billing import LineKind
from app.reads import among, at_least, before, contains, equals, through
from app.reads.filters import Condition
from app.schema.arguments import optional
from app.tables.invoices import InvoiceStatus, TenantInvoiceLines, TenantInvoices
from app.tables.tenants import Tenants


@strawberry.input(description="Which invoices; every field given must hold.")
class InvoiceFilter:
    """The filter of an invoice connection."""

    tenant_id: UUID | None = optional(description="Of this tenant.")
    number: str | None = optional(description="With exactly this number.")
    search: str | None = optional(description="With this text in the tenant's code or name, whatever its case.")
    status: list[InvoiceStatus] | None = optional(description="In one of these statuses.")
    period_start: date | None = optional(description="Of the period that starts on this day.")
    period_from: date | None = optional(description="Of periods that start on this day or later.")
    period_to: date | None = optional(description="Of periods that start before this day.")


@strawberry.input(description="Which invoice lines; every field given must hold.")
class InvoiceLineFilter:
    """The filter of a line connection."""

    kind: list[LineKind] | None = optional(description="Of one of these kinds.")
    resource_kind: str | None = optional(description="Of this kind of resource, by its code.")
    deployment_id: UUID | None = optional(description="Of this deployment.")
    period_start: date | None = optional(description="Of the period that starts on this day.")


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
