"""Revenue beside cost, in the reporting currency.

Revenue is the lines of issued and paid invoices without tax; what is invoiced in another currency stays out, as there
is no rate for it. Cost is the provider's rows, each converted by its bill's rate exactly and rounded once, at the row,
half away from zero (PostgreSQL's rounding of numeric): so every grouping adds up to the same totals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.billing import Fault, LineKind
from app.database import UnitOfWork
from app.operations import validation
from app.operations.access import Action, authorise, not_found
from app.operations.context import Context
from app.operations.transaction import transact
from app.tables.invoices import InvoiceStatus
from app.tables.tenants import Tenants


class MarginDimension(StrEnum):
    TENANT = "TENANT"
    DEPLOYMENT = "DEPLOYMENT"
    RESOURCE_KIND = "RESOURCE_KIND"
    LINE_KIND = "LINE_KIND"
    MONTH = "MONTH"


_COLUMN = {
    MarginDimension.TENANT: "tenant_id",
    MarginDimension.DEPLOYMENT: "deployment_id",
    MarginDimension.RESOURCE_KIND: "resource_kind",
    MarginDimension.LINE_KIND: "line_kind",
    MarginDimension.MONTH: "month",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRow:
    """One group. What is grouped by is set, or None where the group has none: cost has no line kind."""

    tenant_id: UUID | None = None
    deployment_id: UUID | None = None
    resource_kind: str | None = None
    line_kind: LineKind | None = None
    month: date | None = None
    revenue_cents: int
    cost_cents: int
    margin_cents: int
    margin_ratio: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginReport:
    """The rows add up to the totals. unallocated_cost_cents is no tenant's, and in neither."""

    currency: str
    rows: tuple[MarginRow, ...]
    revenue_cents: int
    cost_cents: int
    margin_cents: int
    unallocated_cost_cents: int


# $1 the statuses of invoices that count, $2 the reporting currency, $3 and $4 the months, $5 a tenant or null.
_REVENUE_AND_COST = """
WITH money AS (
    SELECT l.tenant_id, l.deployment_id, l.resource_kind, l.kind AS line_kind, l.period_start AS month,
           l.amount_cents::numeric AS revenue, 0::numeric AS cost
    FROM tenant_invoice_lines l JOIN tenant_invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
    WHERE i.status = any($1::text[]) AND i.currency = $2 AND l.kind <> 'TAX'
      AND i.period_start >= $3 AND i.period_start < $4 AND ($5::uuid IS NULL OR i.tenant_id = $5)
    UNION ALL
    SELECT l.tenant_id, l.deployment_id, l.resource_kind, NULL, l.month, 0, round(l.amount_cents * b.exchange_rate)
    FROM cloud_invoice_lines l JOIN cloud_invoices b ON b.id = l.cloud_invoice_id
    WHERE l.tenant_id IS NOT NULL AND l.month >= $3 AND l.month < $4 AND ($5::uuid IS NULL OR l.tenant_id = $5)
)
SELECT {columns} coalesce(sum(revenue), 0)::bigint AS revenue_cents, coalesce(sum(cost), 0)::bigint AS cost_cents,
       coalesce(sum(revenue - cost), 0)::bigint AS margin_cents,
       round(sum(revenue - cost) / nullif(sum(revenue), 0), 6) AS margin_ratio
FROM money {grouped}
"""
_UNALLOCATED = """
SELECT coalesce(sum(round(l.amount_cents * b.exchange_rate)), 0)::bigint
FROM cloud_invoice_lines l JOIN cloud_invoices b ON b.id = l.cloud_invoice_id
WHERE l.tenant_id IS NULL AND l.month >= $1 AND l.month < $2
"""


async def margin(
    context: Context,
    *,
    from_day: date,
    to_day: date,
    group_by: Sequence[MarginDimension],
    tenant_id: UUID | None = None,
    include_drafts: bool = False,
) -> MarginReport:
    """The months that start in [from_day, to_day), one row for each group that has revenue or cost.

    Without a dimension that is one row. Cost that is nobody's counts in a report over all tenants only.
    """
    authorise(context, Action.SEE_MARGIN)
    faults = [*validation.day("from", from_day), *validation.day("to", to_day)]
    if from_day > to_day:
        faults.append(Fault(("to",), "must not be before from"))
    validation.refuse(faults)
    statuses = [InvoiceStatus.ISSUED, InvoiceStatus.PAID, *([InvoiceStatus.DRAFT] if include_drafts else [])]
    currency = context.settings.reporting_currency

    async def work(unit: UnitOfWork) -> MarginReport:
        if tenant_id is not None and not await Tenants.exists().where(Tenants.id == tenant_id):
            raise not_found("tenant", tenant_id, ("tenantId",))
        columns = [_COLUMN[dimension] for dimension in dict.fromkeys(group_by)]
        rows = await unit.connection.fetch(_statement(columns), statuses, currency, from_day, to_day, tenant_id)
        unallocated = 0 if tenant_id else await unit.connection.fetchval(_UNALLOCATED, from_day, to_day)
        return MarginReport(
            currency=currency,
            rows=tuple(_row(row) for row in rows),
            revenue_cents=sum(row["revenue_cents"] for row in rows),
            cost_cents=sum(row["cost_cents"] for row in rows),
            margin_cents=sum(row["margin_cents"] for row in rows),
            unallocated_cost_cents=unallocated,
        )

    return await transact(context, work)


def _statement(columns: Sequence[str]) -> str:
    if not columns:
        return _REVENUE_AND_COST.format(columns="", grouped="")
    listed = ", ".join(columns)
    return _REVENUE_AND_COST.format(columns=f"{listed},", grouped=f"GROUP BY {listed} ORDER BY {listed}")


def _row(row: Any) -> MarginRow:
    values = dict(row)
    if values.get("line_kind"):
        values["line_kind"] = LineKind(values["line_kind"])
    return MarginRow(**values)
