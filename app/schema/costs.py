"""The margin: revenue less cost."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from app.billing import LineKind
from app.operations import costs
from app.operations.costs import MarginDimension
from app.reads import reference
from app.schema.context import Info
from app.schema.deployments.types import Deployment
from app.schema.problems import refusals_as_errors
from app.schema.scalars import Cents
from app.schema.tenants import Tenant


@strawberry.type(
    description="Revenue, cost and margin of one group. Amounts are in the minor unit of the reporting currency; "
    "the fields that are not grouped by are null."
)
class MarginRow:
    """A row of a margin report, made from operations.costs.MarginResultRow."""

    tenant: Tenant | None = strawberry.field(
        description="The tenant; null if not grouped by tenant, or for amounts without a tenant."
    )
    deployment: Deployment | None = strawberry.field(
        description="The deployment; null if not grouped by deployment, or for amounts without a deployment."
    )
    resource_kind: str | None = strawberry.field(
        description="The code of the resource kind; null if not grouped by it, or for amounts without a resource kind."
    )
    line_kind: LineKind | None = strawberry.field(
        description="The kind of invoice line; null if not grouped by it, or for cost."
    )
    month: date | None = strawberry.field(
        description="The first day of the month of service; null if not grouped by month. Revenue belongs to the "
        "month that a line charges for, cost to the month in which the row of the provider's bill starts."
    )
    revenue_cents: Cents = strawberry.field(description="The invoiced amount without tax.")
    cost_cents: Cents = strawberry.field(
        description="The provider's charges, rounded so that the rows add up to the rounded total."
    )
    margin_cents: Cents = strawberry.field(description="Revenue minus cost.")
    margin_ratio: Decimal | None = strawberry.field(
        description="Margin divided by revenue, as a fraction; null if the revenue is 0."
    )

    @classmethod
    def of(cls, row: costs.MarginResultRow) -> "MarginRow":
        """Converts a row of the operation's margin report to the API's type, with references to its tenant and
        deployment.
        """
        return cls(
            tenant=None if row.tenant_id is None else reference(Tenant, row.tenant_id),
            deployment=None if row.deployment_id is None else reference(Deployment, row.deployment_id),
            resource_kind=row.resource_kind,
            line_kind=row.line_kind,
            month=row.month,
            revenue_cents=Cents(row.revenue_cents),
            cost_cents=Cents(row.cost_cents),
            margin_cents=Cents(row.margin_cents),
            margin_ratio=row.margin_ratio,
        )


@strawberry.type(description="The revenue invoiced in one currency.")
class CurrencyRevenue:
    """Revenue in one currency, made from operations.costs.InvoicedRevenue."""

    currency: str = strawberry.field(description="The ISO 4217 code of the currency.")
    revenue_cents: Cents = strawberry.field(
        description="The invoiced amount without tax, in the currency's minor unit."
    )


@strawberry.type(
    description="Revenue, cost and margin of a span of months. Amounts are in the minor unit of the reporting currency."
)
class MarginReport:
    """A margin report, made from operations.costs.MarginResult."""

    currency: str = strawberry.field(description="The ISO 4217 code of the reporting currency.")
    rows: list[MarginRow] = strawberry.field(description="The groups, one row each.")
    revenue_cents: Cents = strawberry.field(description="The invoiced amount without tax.")
    cost_cents: Cents = strawberry.field(description="The provider's charges that are allocated to deployments.")
    margin_cents: Cents = strawberry.field(description="Revenue minus cost.")
    unallocated_cost_cents: Cents = strawberry.field(
        description="The provider's charges that are not allocated to a deployment, such as taxes, support and "
        "unknown resources."
    )
    other_currencies: list[CurrencyRevenue] = strawberry.field(
        description="The revenue in other currencies than the reporting currency, by currency. It is not part of the "
        "rows and totals, because there is no exchange rate for it. Empty if there is none."
    )


@strawberry.type
class CostQueries:
    """Root queries for the margin."""

    @strawberry.field(
        description="Revenue, cost and margin of the months of service that start in a span of days. Platform admins "
        "only."
    )
    async def margin(
        self,
        info: Info,
        *,
        from_day: Annotated[date, strawberry.argument(name="from", description="The first day of the span.")],
        to_day: Annotated[date, strawberry.argument(name="to", description="The day after the last day of the span.")],
        group_by: Annotated[
            list[MarginDimension],
            strawberry.argument(
                description="The dimensions to group by; the report has one row for each combination. Empty: one row."
            ),
        ],
        tenant_id: Annotated[
            UUID | None,
            strawberry.argument(description="The id of the only tenant to report on. Default: all tenants."),
        ] = strawberry.UNSET,
        include_drafts: Annotated[
            bool,
            strawberry.argument(
                description="True to count draft invoices as revenue, in addition to issued and paid ones."
            ),
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
