"""The provider's bills to us, and the margin between them and what tenants are invoiced."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from app.billing import LineKind
from app.operations import costs
from app.operations.costs import MarginDimension
from app.reads import Connection, column, connection, desc, one, read_type, ref, related, root_connection
from app.schema.arguments import Input
from app.schema.context import Info, is_platform_admin
from app.schema.deployments.types import Deployment
from app.schema.nodes import Node
from app.schema.problems import Refused, refusals_as_errors, result_of
from app.schema.scalars import Cents
from app.schema.tenants import Tenant
from app.tables.costs import CloudInvoiceLines, CloudInvoices


@read_type(CloudInvoiceLines, platform=True, description="A row of the provider's bill.")
class CloudInvoiceLine(Node):
    """A row of `cloud_invoice_lines`."""

    product: str = column(CloudInvoiceLines.product, description="The provider's product.")
    description: str = column(CloudInvoiceLines.description, description="The provider's words for it.")
    hours: Decimal | None = column(CloudInvoiceLines.hours, description="The hours charged, where it says so.")
    started_at: datetime = column(CloudInvoiceLines.started_at, description="From when.")
    ended_at: datetime = column(CloudInvoiceLines.ended_at, description="Until when.")
    amount_cents: Cents = column(
        CloudInvoiceLines.amount_cents, description="The amount in the bill's currency, rounded to whole cents."
    )
    exact_cents: Decimal = column(
        CloudInvoiceLines.exact_cents,
        description="The amount in cents of the bill's currency, exactly as the bill has it.",
    )
    currency: str = related(
        CloudInvoiceLines.cloud_invoice_id, CloudInvoices.currency, description="ISO 4217, of the amounts."
    )
    resource_kind: str | None = column(
        CloudInvoiceLines.resource_kind, description="The code of the matched resource's kind."
    )
    deployment: Deployment | None = one(
        CloudInvoiceLines.deployment_id, description="What it was spent on; null: nothing of ours, unallocated."
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
    total_cents: Cents = column(
        CloudInvoices.total_cents, description="The exact sum of its rows, rounded to cents of its currency."
    )
    allocated_cents: Cents = column(
        CloudInvoices.allocated_cents, description="The part that found a deployment, rounded to cents of its currency."
    )
    lines: Connection[CloudInvoiceLine] = connection(
        CloudInvoiceLines.cloud_invoice_id,
        order=(CloudInvoiceLines.position,),
        description="Its rows, in the file's order.",
    )


@strawberry.type(description="Revenue and cost of one group, in the reporting currency. The fields grouped by are set.")
class MarginRow:
    """operations.costs.MarginRow."""

    tenant: Tenant | None = strawberry.field(description="The tenant; null for what belongs to none.")
    deployment: Deployment | None = strawberry.field(description="The deployment; null for what belongs to none.")
    resource_kind: str | None = strawberry.field(description="The code of the resource kind.")
    line_kind: LineKind | None = strawberry.field(description="The kind of invoice line; cost has none.")
    month: date | None = strawberry.field(
        description="The first day of the service month: for revenue the month that a line charges for, for cost the "
        "month in which the provider's row starts."
    )
    revenue_cents: Cents = strawberry.field(description="What was invoiced, without tax.")
    cost_cents: Cents = strawberry.field(
        description="What the provider charged, rounded so that the rows add up to the rounded exact total."
    )
    margin_cents: Cents = strawberry.field(description="Revenue less cost.")
    margin_ratio: Decimal | None = strawberry.field(description="Margin over revenue; null without revenue.")

    @classmethod
    def of(cls, row: costs.MarginRow) -> "MarginRow":
        """The operation's value, with its tenant and deployment to be read."""
        return cls(
            tenant=None if row.tenant_id is None else ref(Tenant, row.tenant_id),
            deployment=None if row.deployment_id is None else ref(Deployment, row.deployment_id),
            resource_kind=row.resource_kind,
            line_kind=row.line_kind,
            month=row.month,
            revenue_cents=Cents(row.revenue_cents),
            cost_cents=Cents(row.cost_cents),
            margin_cents=Cents(row.margin_cents),
            margin_ratio=row.margin_ratio,
        )


@strawberry.type(description="What was invoiced in one currency.")
class CurrencyRevenue:
    """operations.costs.CurrencyRevenue."""

    currency: str = strawberry.field(description="ISO 4217.")
    revenue_cents: Cents = strawberry.field(description="What was invoiced, without tax, in the currency's minor unit.")


@strawberry.type(description="Revenue beside cost, in the reporting currency.")
class MarginReport:
    """operations.costs.MarginReport."""

    currency: str = strawberry.field(description="The reporting currency, ISO 4217.")
    rows: list[MarginRow] = strawberry.field(description="One row for each group.")
    revenue_cents: Cents = strawberry.field(description="What was invoiced, without tax.")
    cost_cents: Cents = strawberry.field(description="What the provider charged for deployments.")
    margin_cents: Cents = strawberry.field(description="Revenue less cost.")
    unallocated_cost_cents: Cents = strawberry.field(
        description="What the provider charged for nothing of ours: taxes, support, unknown resources."
    )
    other_currencies: list[CurrencyRevenue] = strawberry.field(
        description="What was invoiced in other currencies and is in no row and no total, as there is no rate for it: "
        "by currency; empty where all is in the reporting currency."
    )


@strawberry.type
class CostQueries:
    """Costs at the root."""

    cloud_invoices: Connection[CloudInvoice] = root_connection(
        order=(desc(CloudInvoices.period_start), desc(CloudInvoices.id)),
        allow=is_platform_admin,
        description="The provider's bills, the latest period first. The platform's admin only.",
    )

    @strawberry.field(
        description="Revenue beside cost of the service months that start in a span. The platform's admin only."
    )
    async def margin(
        self,
        info: Info,
        *,
        from_day: Annotated[date, strawberry.argument(name="from", description="The first day.")],
        to_day: Annotated[date, strawberry.argument(name="to", description="The first day after the last one.")],
        group_by: Annotated[
            list[MarginDimension], strawberry.argument(description="One row for each combination; none: one row.")
        ],
        tenant_id: Annotated[
            UUID | None, strawberry.argument(description="Only this tenant; default: all.")
        ] = strawberry.UNSET,
        include_drafts: Annotated[
            bool, strawberry.argument(description="Whether drafts count as revenue, beside issued and paid invoices.")
        ] = False,
    ) -> MarginReport:
        with refusals_as_errors():
            report = await costs.margin(
                info.context.operations,
                from_day=from_day,
                to_day=to_day,
                group_by=group_by,
                tenant_id=tenant_id or None,
                include_drafts=include_drafts,
            )
        return MarginReport(
            currency=report.currency,
            rows=[MarginRow.of(row) for row in report.rows],
            revenue_cents=Cents(report.revenue_cents),
            cost_cents=Cents(report.cost_cents),
            margin_cents=Cents(report.margin_cents),
            unallocated_cost_cents=Cents(report.unallocated_cost_cents),
            other_currencies=[
                CurrencyRevenue(currency=other.currency, revenue_cents=Cents(other.revenue_cents))
                for other in report.other_currencies
            ],
        )


@strawberry.input(description="A bill of the provider's to import.")
class ImportCloudInvoiceInput:
    """Input of `importCloudInvoice`."""

    provider: str = strawberry.field(description="The provider's name: digitalocean.")
    external_id: str = strawberry.field(description="The provider's id of the bill; the same bill is refused twice.")
    csv: str = strawberry.field(description="The text of DigitalOcean's invoice CSV.")
    currency: str = strawberry.field(default="USD", description="ISO 4217.")
    exchange_rate: Decimal = strawberry.field(
        default=Decimal(1), description="Units of the reporting currency for one of the bill's."
    )


@strawberry.type(description="The bill was imported.")
class CloudInvoiceImported:
    """Payload of `importCloudInvoice`."""

    cloud_invoice: CloudInvoice = strawberry.field(description="The new bill.")
    allocated_cents: Cents = strawberry.field(description="The part that found a deployment, in the bill's currency.")
    unallocated_cents: Cents = strawberry.field(description="The rest.")


ImportCloudInvoiceResult = Annotated[CloudInvoiceImported | Refused, result_of("importCloudInvoice")]


@strawberry.type
class CostMutations:
    """Changes to costs."""

    @strawberry.mutation(
        description="Import a bill, matching its rows to registered resources; a malformed one is refused whole. "
        "The platform's admin only."
    )
    async def import_cloud_invoice(self, info: Info, given: Input[ImportCloudInvoiceInput]) -> ImportCloudInvoiceResult:
        imported = await costs.import_cloud_invoice(
            info.context.operations,
            provider=given.provider,
            external_id=given.external_id,
            csv=given.csv,
            currency=given.currency,
            exchange_rate=given.exchange_rate,
        )
        return CloudInvoiceImported(
            cloud_invoice=ref(CloudInvoice, imported.cloud_invoice_id),
            allocated_cents=Cents(imported.allocated_cents),
            unallocated_cents=Cents(imported.unallocated_cents),
        )
