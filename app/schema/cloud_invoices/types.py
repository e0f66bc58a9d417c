"""The provider's bills and their lines."""

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


@read_type(
    CloudInvoiceLines,
    platform=True,
    description="One row of a provider's bill. Amounts are in the minor unit of `currency`.",
)
class CloudInvoiceLine(Node):
    """A row of `cloud_invoice_lines`."""

    product: str = column(
        CloudInvoiceLines.product,
        description="The provider's name of the product; empty if the bill does not state it.",
    )
    group_description: str = column(
        CloudInvoiceLines.group_description,
        description="The cluster or database that the row is grouped under; empty if there is none.",
    )
    description: str = column(CloudInvoiceLines.description, description="The provider's description of the charge.")
    hours: Decimal | None = column(
        CloudInvoiceLines.hours, description="The number of charged hours; null if the bill does not state it."
    )
    started_at: datetime = column(CloudInvoiceLines.started_at, description="The start of the charged time span.")
    ended_at: datetime = column(CloudInvoiceLines.ended_at, description="The end of the charged time span.")
    amount_cents: Cents = column(
        CloudInvoiceLines.amount_cents, description="The amount, rounded to the minor unit of the bill's currency."
    )
    exact_cents: Decimal = column(
        CloudInvoiceLines.exact_cents,
        description="The unrounded amount of the row, in the minor unit of the bill's currency.",
    )
    currency: str = related(
        CloudInvoiceLines.cloud_invoice_id,
        CloudInvoices.currency,
        description="The ISO 4217 code of the currency of the amounts.",
    )
    matched_by: CloudInvoiceMatch | None = column(
        CloudInvoiceLines.matched_by,
        description="How the row was matched to a registered resource; null if no resource was found.",
    )
    unallocated_reason: UnallocatedReason | None = column(
        CloudInvoiceLines.unallocated_reason,
        description="The reason why the row is not allocated to a deployment; null if it is allocated.",
    )
    resource_kind: str | None = column(
        CloudInvoiceLines.resource_kind,
        description="The code of the matched resource's kind; null if no resource was found.",
    )
    deployment: Deployment | None = one(
        CloudInvoiceLines.deployment_id,
        description="The deployment that the cost is allocated to; null if it is not allocated.",
    )


@read_type(
    CloudInvoices,
    platform=True,
    description="A bill from the cloud provider to the platform operator: cost, not revenue. Amounts are in the "
    "minor unit of `currency`.",
)
class CloudInvoice(Node):
    """A row of `cloud_invoices`."""

    provider: str = column(CloudInvoices.provider, description="The name of the provider, such as digitalocean.")
    external_id: str = column(CloudInvoices.external_id, description="The provider's id of the bill.")
    period_start: date = column(CloudInvoices.period_start, description="The first day that the bill charges for.")
    period_end: date = column(
        CloudInvoices.period_end, description="The day after the last day that the bill charges for."
    )
    currency: str = column(CloudInvoices.currency, description="The ISO 4217 code of the bill's currency.")
    exchange_rate: Decimal = column(
        CloudInvoices.exchange_rate,
        description="The exchange rate: units of the reporting currency for one unit of the bill's currency.",
    )
    reporting_currency: str = column(
        CloudInvoices.reporting_currency,
        description="The ISO 4217 code of the reporting currency at the time of the import.",
    )
    total_cents: Cents = column(CloudInvoices.total_cents, description="The sum of the bill's rows, rounded once.")
    allocated_cents: Cents = column(
        CloudInvoices.allocated_cents,
        description="The sum of the bill's rows that are allocated to deployments, rounded once.",
    )
    imported_at: datetime = column(CloudInvoices.created_at, description="The time at which the bill was imported.")
    imported_by: str = column(CloudInvoices.imported_by, description="The token subject that imported the bill.")
    matched_at: datetime = column(
        CloudInvoices.matched_at,
        description="The time at which the bill's rows were last matched to registered resources.",
    )
    matched_by: str = column(
        CloudInvoices.matched_by, description="The token subject that last matched the bill's rows."
    )
    withdrawn_at: datetime | None = column(
        CloudInvoices.withdrawn_at,
        description="The time at which the bill was withdrawn; null if it is not withdrawn and counts as cost.",
    )
    withdrawn_by: str | None = column(
        CloudInvoices.withdrawn_by, description="The token subject that withdrew the bill; null if it is not withdrawn."
    )
    withdrawal_reason: str | None = column(
        CloudInvoices.withdrawal_reason, description="The reason for withdrawing the bill; null if it is not withdrawn."
    )
    lines: Connection[CloudInvoiceLine] = connection(
        CloudInvoiceLines.cloud_invoice_id,
        order=(CloudInvoiceLines.position,),
        filters=CLOUD_INVOICE_LINE_FILTERS,
        filter_input=CloudInvoiceLineFilter,
        description="The bill's rows, in the order of the file.",
    )


@strawberry.type
class CloudInvoiceQueries:
    """Root queries for the provider's bills."""

    cloud_invoice: CloudInvoice | None = root_one(
        by=CloudInvoices.id,
        allow=is_platform_admin,
        description="The provider's bill with this id; null if there is none. Platform admins only.",
    )
    cloud_invoices: Connection[CloudInvoice] = root_connection(
        order=(desc(CloudInvoices.period_start), desc(CloudInvoices.id)),
        filters=CLOUD_INVOICE_FILTERS,
        filter_input=CloudInvoiceFilter,
        allow=is_platform_admin,
        description="The provider's bills, including withdrawn ones, the latest period first. Platform admins only.",
    )
