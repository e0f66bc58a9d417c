"""The provider's bills to us, and their rows."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from app.reads import Connection, column, connection, desc, one, read_type, related, root_connection, root_one
from app.schema.cloud_invoices.filters import (
    CLOUD_INVOICE_FILTERS,
    CLOUD_INVOICE_LINE_FILTERS,
    CloudInvoiceFilter,
    CloudInvoiceLineFilter,
)
from app.schema.context import is_platform_admin
from app.schema.deployments.types import Deployment
from app.schema.nodes import Node
from app.schema.scalars import Cents
from app.tables.costs import CloudInvoiceLines, CloudInvoiceMatch, CloudInvoices, UnallocatedReason


@read_type(CloudInvoiceLines, platform=True, description="A row of the provider's bill.")
class CloudInvoiceLine(Node):
    """A row of `cloud_invoice_lines`."""

    product: str = column(CloudInvoiceLines.product, description="The provider's product.")
    group_description: str = column(
        CloudInvoiceLines.group_description,
        description="The cluster or database that the row is grouped under; empty if none.",
    )
    description: str = column(CloudInvoiceLines.description, description="The provider's words for it.")
    hours: Decimal | None = column(CloudInvoiceLines.hours, description="The hours charged; null if not stated.")
    started_at: datetime = column(CloudInvoiceLines.started_at, description="The start of the time charged for.")
    ended_at: datetime = column(CloudInvoiceLines.ended_at, description="The end of the time charged for.")
    amount_cents: Cents = column(
        CloudInvoiceLines.amount_cents, description="The amount, rounded to the minor unit of the bill's currency."
    )
    exact_cents: Decimal = column(
        CloudInvoiceLines.exact_cents,
        description="The amount exactly as the bill has it, in the minor unit of the bill's currency.",
    )
    currency: str = related(
        CloudInvoiceLines.cloud_invoice_id, CloudInvoices.currency, description="ISO 4217, of the amounts."
    )
    matched_by: CloudInvoiceMatch | None = column(
        CloudInvoiceLines.matched_by, description="How a registered resource was found; null if none was."
    )
    unallocated_reason: UnallocatedReason | None = column(
        CloudInvoiceLines.unallocated_reason,
        description="Why the row is no deployment's cost; null if it is allocated to one.",
    )
    resource_kind: str | None = column(
        CloudInvoiceLines.resource_kind, description="The code of the matched resource's kind; null if unmatched."
    )
    deployment: Deployment | None = one(
        CloudInvoiceLines.deployment_id, description="The deployment whose cost it is; null if unallocated."
    )


@read_type(CloudInvoices, platform=True, description="The provider's bill to us: cost, never revenue.")
class CloudInvoice(Node):
    """A row of `cloud_invoices`."""

    provider: str = column(CloudInvoices.provider, description="The provider's name, such as digitalocean.")
    external_id: str = column(CloudInvoices.external_id, description="The provider's id of the bill.")
    period_start: date = column(CloudInvoices.period_start, description="The first day it charges for.")
    period_end: date = column(CloudInvoices.period_end, description="The first day after what it charges for.")
    currency: str = column(CloudInvoices.currency, description="ISO 4217.")
    exchange_rate: Decimal = column(
        CloudInvoices.exchange_rate, description="Units of the reporting currency for one of the bill's."
    )
    reporting_currency: str = column(
        CloudInvoices.reporting_currency, description="The reporting currency at the time of the import, ISO 4217."
    )
    total_cents: Cents = column(
        CloudInvoices.total_cents, description="The exact sum of its rows, rounded to the minor unit of its currency."
    )
    allocated_cents: Cents = column(
        CloudInvoices.allocated_cents,
        description="The exact sum of its rows that are a deployment's cost, rounded likewise.",
    )
    imported_at: datetime = column(CloudInvoices.created_at, description="When it was imported.")
    imported_by: str = column(CloudInvoices.imported_by, description="The subject that imported it.")
    matched_at: datetime = column(
        CloudInvoices.matched_at, description="When its rows were last matched to registered resources."
    )
    matched_by: str = column(CloudInvoices.matched_by, description="The subject that last matched them.")
    withdrawn_at: datetime | None = column(
        CloudInvoices.withdrawn_at, description="When it was withdrawn; null if it counts as cost."
    )
    withdrawn_by: str | None = column(
        CloudInvoices.withdrawn_by, description="The subject that withdrew it; null if it counts as cost."
    )
    withdrawal_reason: str | None = column(
        CloudInvoices.withdrawal_reason, description="Why it was withdrawn; null if it counts as cost."
    )
    lines: Connection[CloudInvoiceLine] = connection(
        CloudInvoiceLines.cloud_invoice_id,
        order=(CloudInvoiceLines.position,),
        filters=CLOUD_INVOICE_LINE_FILTERS,
        filter_input=CloudInvoiceLineFilter,
        description="Its rows, in the file's order.",
    )


@strawberry.type
class CloudInvoiceQueries:
    """The provider's bills at the root."""

    cloud_invoice: CloudInvoice | None = root_one(
        by=CloudInvoices.id,
        allow=is_platform_admin,
        description="The provider's bill with this id; null when there is none. Platform admins only.",
    )
    cloud_invoices: Connection[CloudInvoice] = root_connection(
        order=(desc(CloudInvoices.period_start), desc(CloudInvoices.id)),
        filters=CLOUD_INVOICE_FILTERS,
        filter_input=CloudInvoiceFilter,
        allow=is_platform_admin,
        description="The provider's bills, withdrawn ones included, the latest period first. Platform admins only.",
    )
