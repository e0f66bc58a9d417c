"""Revenue, cost and margin in the reporting currency, by service month.

Revenue is the lines of issued and paid invoices without tax, each in the month that it charges for: a late line counts
in its earlier month. A credit note reduces the revenue of the lines that it credits, in their months. What is invoiced
in another currency is listed beside the margin, as there is no rate for it. Cost is the rows of the provider's bills
that are not withdrawn, in the month in which they start, each converted by its bill's rate exactly.

Costs are rounded cumulatively, half away from zero, in the order of the rows: each row is the rounded running total
less the previous rounded running total. So the rows of every grouping add up to the same rounded exact total, and so do
the rows together with the unallocated cost, which comes last.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import reduce
from itertools import accumulate, pairwise
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import InputFault, LineKind, round_half_away
from app.billing.money import EXACT, ZERO, add
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.costs.bill_rows import round_cents
from app.operations.costs.importing import minor_unit_factor
from app.operations.currencies import CURRENCIES
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
class MarginResultRow:
    """Revenue and cost of one group of a margin report. Of the dimensions, only those grouped by are set; one is None
    for amounts without a value of it, such as the line kind of costs.
    """

    tenant_id: UUID | None = None
    deployment_id: UUID | None = None
    resource_kind: str | None = None
    line_kind: LineKind | None = None
    month: date | None = None
    revenue_cents: int
    cost_cents: int
    margin_cents: int
    margin_ratio: Decimal | None


class InvoicedRevenue(NamedTuple):
    """The revenue invoiced in one currency, in its minor unit."""

    currency: str
    revenue_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginResult:
    """A margin report. Its rows add up to its totals. unallocated_cost_cents belongs to no tenant and is not in the
    totals; nor is other_currencies, the revenue in other currencies.
    """

    currency: str
    rows: tuple[MarginResultRow, ...]
    revenue_cents: int
    cost_cents: int
    margin_cents: int
    unallocated_cost_cents: int
    other_currencies: tuple[InvoicedRevenue, ...]


class _Group(NamedTuple):
    """The exact sums for one row of a margin report. `by`: the row's values of the dimensions."""

    by: dict[str, Any]
    revenue: int
    exact_cost: Decimal


# A line's service month is its invoice's or an earlier one, and a credit note is issued after it has begun.
_REVENUE_AND_COST = """
WITH money AS (
    SELECT i.currency, true AS allocated, l.tenant_id, l.deployment_id, l.resource_kind, l.kind AS line_kind,
           l.period_start AS month, l.amount_cents AS revenue, 0::numeric AS cost
    FROM tenant_invoice_lines l JOIN tenant_invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
    WHERE i.status = any($1::text[]) AND i.period_start >= $3 AND l.kind <> 'TAX'
      AND l.period_start >= $3 AND l.period_start < $4 AND ($5::uuid IS NULL OR l.tenant_id = $5)
    UNION ALL
    SELECT n.currency, true, l.tenant_id, l.deployment_id, l.resource_kind, l.kind, l.period_start, -c.amount_cents, 0
    FROM credit_notes n
    JOIN credit_note_lines c
        ON c.tenant_id = n.tenant_id AND c.credit_note_id = n.id AND c.taxed_net_cents IS NULL
    JOIN tenant_invoice_lines l ON l.tenant_id = c.tenant_id AND l.id = c.invoice_line_id
    WHERE n.issued_on >= $3 AND l.period_start >= $3 AND l.period_start < $4 AND ($5::uuid IS NULL OR l.tenant_id = $5)
    UNION ALL
    SELECT $2::text, l.tenant_id IS NOT NULL, l.tenant_id, l.deployment_id, l.resource_kind, NULL, l.month, 0,
           l.exact_cents * b.exchange_rate * f.factor
    FROM cloud_invoice_lines l JOIN cloud_invoices b ON b.id = l.cloud_invoice_id AND b.withdrawn_at IS NULL
    JOIN unnest($6::text[], $7::numeric[]) AS f (currency, factor) ON f.currency = b.currency
    WHERE l.month >= $3 AND l.month < $4 AND ($5::uuid IS NULL OR l.tenant_id = $5)
)
SELECT {columns} currency, allocated, sum(revenue) AS revenue, sum(cost) AS cost
FROM money GROUP BY {columns} currency, allocated ORDER BY {order} currency, allocated
"""
_OTHER_REPORTING_CURRENCY = """
SELECT b.external_id, b.reporting_currency FROM cloud_invoices b
WHERE b.withdrawn_at IS NULL AND b.reporting_currency <> $1
  AND EXISTS (SELECT FROM cloud_invoice_lines l WHERE l.cloud_invoice_id = b.id AND l.month >= $2 AND l.month < $3)
ORDER BY b.id LIMIT 1
"""
_RATIO_DIGITS = 6


async def margin(
    context: Context,
    *,
    from_day: date,
    to_day: date,
    group_by: Sequence[MarginDimension],
    tenant_id: UUID | None = None,
    include_drafts: bool = False,
) -> MarginResult:
    """Reports the service months that start in [from_day, to_day): one row for each group that has revenue or cost, or
    one row in all if there are no dimensions.

    Unallocated cost is included only in a report over all tenants. Raises CURRENCY_MISMATCH if a bill's exchange rate
    is to another reporting currency than the present one.
    """
    authorise(context, Action.SEE_MARGIN)
    faults = [*validation.day("from", from_day), *validation.day("to", to_day)]
    if from_day > to_day:
        faults.append(InputFault(("to",), "must not be before from"))
    validation.refuse(faults)
    statuses = [InvoiceStatus.ISSUED, InvoiceStatus.PAID, *([InvoiceStatus.DRAFT] if include_drafts else [])]
    currency = context.settings.reporting_currency
    columns = [_COLUMN[dimension] for dimension in dict.fromkeys(group_by)]

    async def work(unit: UnitOfWork) -> MarginResult:
        if tenant_id is not None and not await Tenants.exists().where(Tenants.id == tenant_id):
            raise not_found("tenant", tenant_id, ("tenantId",))
        await _refuse_other_reporting_currency(unit, currency, from_day, to_day)
        factors = [minor_unit_factor(code, currency) for code in CURRENCIES]
        rows = await unit.connection.fetch(
            _statement(columns), statuses, currency, from_day, to_day, tenant_id, list(CURRENCIES), factors
        )
        return _report(currency, columns, rows)

    return await transact(context, work)


async def _refuse_other_reporting_currency(unit: UnitOfWork, currency: str, from_day: date, to_day: date) -> None:
    """Raises CURRENCY_MISMATCH for a bill whose exchange rate is to an earlier reporting currency."""
    bill = await unit.connection.fetchrow(_OTHER_REPORTING_CURRENCY, currency, from_day, to_day)
    if bill is not None:
        raise Refusal(
            ProblemCode.CURRENCY_MISMATCH,
            f"the exchange rate of bill {bill['external_id']!r} is to {bill['reporting_currency']}, and the reporting "
            f"currency is {currency}; withdraw the bill and import it again with a rate to {currency}",
        )


def _statement(columns: Sequence[str]) -> str:
    """Builds the SQL statement of a margin report. Texts are ordered by their bytes, so that the order, and with it the
    rounding, is the same on every server.
    """
    listed = "".join(f"{column}, " for column in columns)
    texts = {"resource_kind", "line_kind"}
    order = "".join(f'{column} COLLATE "C", ' if column in texts else f"{column}, " for column in columns)
    return _REVENUE_AND_COST.format(columns=listed, order=order)


def _report(currency: str, columns: Sequence[str], rows: Sequence[Any]) -> MarginResult:
    groups = [
        _Group({column: row[column] for column in columns}, int(row["revenue"]), row["cost"])
        for row in rows
        if row["allocated"] and row["currency"] == currency
    ]
    if not columns and not groups:
        groups = [_Group({}, 0, ZERO)]
    unallocated = reduce(add, (row["cost"] for row in rows if not row["allocated"]), ZERO)
    *costs, unallocated_cost = rounded_cumulatively([*(group.exact_cost for group in groups), unallocated])
    revenue = sum(group.revenue for group in groups)
    return MarginResult(
        currency=currency,
        rows=tuple(map(_row, groups, costs)),
        revenue_cents=revenue,
        cost_cents=sum(costs),
        margin_cents=revenue - sum(costs),
        unallocated_cost_cents=unallocated_cost,
        other_currencies=_other_currencies(currency, rows),
    )


def rounded_cumulatively(amounts: Sequence[Decimal]) -> list[int]:
    """Rounds amounts to whole cents so that the sum of the first n equals their exact sum, rounded, for every n."""
    totals = [round_cents(total) for total in accumulate(amounts, add, initial=ZERO)]
    return [total - before for before, total in pairwise(totals)]


def _row(group: _Group, cost: int) -> MarginResultRow:
    values = dict(group.by)
    if values.get("line_kind"):
        values["line_kind"] = LineKind(values["line_kind"])
    profit = group.revenue - cost
    return MarginResultRow(
        **values,
        revenue_cents=group.revenue,
        cost_cents=cost,
        margin_cents=profit,
        margin_ratio=_ratio(profit, group.revenue) if group.revenue else None,
    )


def _ratio(profit: int, revenue: int) -> Decimal:
    """Returns profit / revenue to six fractional digits."""
    return Decimal(round_half_away(Fraction(profit * 10**_RATIO_DIGITS, revenue))).scaleb(-_RATIO_DIGITS, EXACT)


def _other_currencies(currency: str, rows: Sequence[Any]) -> tuple[InvoicedRevenue, ...]:
    revenues: Counter[str] = Counter()
    for row in rows:
        if row["currency"] != currency:
            revenues[row["currency"]] += int(row["revenue"])
    return tuple(InvoicedRevenue(*entry) for entry in sorted(revenues.items()))
