"""The lines of a document: grouped by deployment, with their taxes and the explanation of overage."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from app.billing import Explanation, LineKind, unit_symbol
from app.database import UnitOfWork
from app.operations.documents.document_data import DocumentLine, DocumentTax, LineGroup
from app.operations.documents.formatting import explanation_text, quantity_text
from app.operations.line_explanations import LineToExplain, explain_lines
from app.operations.line_taxes import taxes_by_month

MAX_LINES = 5_000
"""The lines of a longer document are summed by kind and resource kind: its e-invoice has each of them."""

_COUNT = "SELECT count(*) FROM tenant_invoice_lines WHERE tenant_id = $1 AND invoice_id = $2"
_LINES = """
SELECT l.id, l.position, l.key, l.kind, l.description, l.quantity, l.unit_price_cents, l.amount_cents, l.period_start,
       l.resource_kind, r.unit, d.slug, d.display_name, a.name AS addon_name,
       CASE l.kind WHEN 'OVERAGE'
           THEN invoice_line_inputs(l.tenant_id, l.invoice_id, l.subscription_id, l.period_start, l.key) END AS inputs
FROM tenant_invoice_lines l
LEFT JOIN cloud_deployments d ON d.tenant_id = l.tenant_id AND d.id = l.deployment_id
LEFT JOIN subscription_addons s ON s.tenant_id = l.tenant_id AND s.id = l.subscription_addon_id
LEFT JOIN addons a ON a.id = s.addon_id
LEFT JOIN resource_kinds r ON r.code = l.resource_kind
WHERE l.tenant_id = $1 AND l.invoice_id = $2 ORDER BY l.position
"""
_SUMS = """
SELECT (array_agg(l.id ORDER BY l.position))[1] AS id, min(l.position) AS position, min(l.key) AS key, l.kind,
       CASE WHEN l.kind = 'TAX' THEN min(l.description) END AS description, count(*) AS lines,
       min(l.unit_price_cents) AS unit_price_cents, sum(l.amount_cents)::bigint AS amount_cents, l.period_start,
       l.resource_kind
FROM tenant_invoice_lines l WHERE l.tenant_id = $1 AND l.invoice_id = $2
GROUP BY l.kind, l.resource_kind, l.period_start, CASE l.kind WHEN 'TAX' THEN l.key END ORDER BY 2
"""
_CREDITED = """
SELECT l.id, l.position, l.key, l.kind, l.description, l.period_start, c.amount_cents, c.taxed_net_cents,
       d.slug, d.display_name, a.name AS addon_name,
       l.amount_cents - coalesce((
           SELECT sum(e.amount_cents) FROM credit_note_lines e
           WHERE e.tenant_id = $1 AND e.invoice_line_id = l.id AND e.credit_note_id < $3), 0)::bigint AS before_cents
FROM credit_note_lines c
JOIN tenant_invoice_lines l ON l.tenant_id = c.tenant_id AND l.invoice_id = $2 AND l.id = c.invoice_line_id
LEFT JOIN cloud_deployments d ON d.tenant_id = l.tenant_id AND d.id = l.deployment_id
LEFT JOIN subscription_addons s ON s.tenant_id = l.tenant_id AND s.id = l.subscription_addon_id
LEFT JOIN addons a ON a.id = s.addon_id
WHERE c.tenant_id = $1 AND c.credit_note_id = $3 ORDER BY c.position
"""
_SUM_NAMES = {
    LineKind.PLAN_BASE: "Base prices",
    LineKind.ADDON: "Add-ons",
    LineKind.OVERAGE: "Usage over the included quantity",
    LineKind.ADJUSTMENT: "One-off charges and credits",
}

TaxesByMonth = Mapping[date, Sequence[str]]


class InvoiceTerms(NamedTuple):
    """The first day of the month that an invoice is for, and its currency."""

    month: date
    currency: str


class GroupedLines(NamedTuple):
    """A document's lines without tax, grouped, and its taxes."""

    groups: tuple[LineGroup, ...]
    taxes: tuple[DocumentTax, ...]


async def invoice_lines(
    unit: UnitOfWork, tenant_id: UUID, invoice_id: UUID, invoice: InvoiceTerms, *, every: bool = False
) -> GroupedLines:
    """Returns an invoice's lines; summed if there are more than MAX_LINES, unless `every` line is wanted."""
    taxes_of = await taxes_by_month(unit, tenant_id, invoice_id)
    count = 0 if every else await unit.connection.fetchval(_COUNT, tenant_id, invoice_id)
    if count > MAX_LINES:
        rows = await unit.connection.fetch(_SUMS, tenant_id, invoice_id)
        title = f"The {count:,} lines of this document, summed; its e-invoice has each of them"
        lines = tuple(_summed(row, taxes_of, invoice) for row in rows if row["kind"] != LineKind.TAX)
        groups: tuple[LineGroup, ...] = (LineGroup(title, lines, sum(line.amount_cents for line in lines)),)
    else:
        rows = await unit.connection.fetch(_LINES, tenant_id, invoice_id)
        explanations = await asyncio.to_thread(_explanations, rows)  # it rates each subscription again
        groups = _grouped(
            (row, _line(row, taxes_of, invoice, explanations.get(row["id"])))
            for row in rows
            if row["kind"] != LineKind.TAX
        )
    return GroupedLines(groups, tuple(_tax(row) for row in rows if row["kind"] == LineKind.TAX))


async def credited_lines(unit: UnitOfWork, tenant_id: UUID, invoice_id: UUID, note_id: UUID) -> GroupedLines:
    """Returns what a credit note takes off the lines of its invoice."""
    taxes_of = await taxes_by_month(unit, tenant_id, invoice_id)
    rows = await unit.connection.fetch(_CREDITED, tenant_id, invoice_id, note_id)
    groups = _grouped((row, _credited(row, taxes_of)) for row in rows if row["kind"] != LineKind.TAX)
    taxes = tuple(
        DocumentTax(*_name_and_rate(row["key"]), row["taxed_net_cents"], row["amount_cents"])
        for row in rows
        if row["kind"] == LineKind.TAX
    )
    return GroupedLines(groups, taxes)


def _grouped(rows: Iterable[tuple[Any, DocumentLine]]) -> tuple[LineGroup, ...]:
    groups = []
    for slug, members in groupby(rows, key=lambda member: member[0]["slug"]):
        found = list(members)
        name = found[0][0]["display_name"]
        title = "Your account" if slug is None else name if name == slug else f"{name} ({slug})"
        lines = tuple(line for _, line in found)
        groups.append(LineGroup(title, lines, sum(line.amount_cents for line in lines)))
    return tuple(groups)


def _explanations(rows: Sequence[Any]) -> dict[UUID, Explanation]:
    overage = [row for row in rows if row["inputs"] is not None]
    wanted = [
        LineToExplain(
            row["key"],
            is_tax=False,
            unit_price_cents=row["unit_price_cents"],
            documents=tuple(msgspec.json.decode(row["inputs"], type=list[str])),
        )
        for row in overage
    ]
    return {row["id"]: found for row, found in zip(overage, explain_lines(wanted), strict=True)}


def _line(row: Any, taxes_of: TaxesByMonth, invoice: InvoiceTerms, explanation: Explanation | None) -> DocumentLine:
    return DocumentLine(
        id=str(row["id"]),
        description=_description(row),
        explanation=None if explanation is None else explanation_text(explanation, row["unit"], invoice.currency),
        quantity=row["quantity"],
        unit=unit_symbol(row["unit"]) if row["kind"] == LineKind.OVERAGE else None,
        unit_price_cents=row["unit_price_cents"],
        amount_cents=row["amount_cents"],
        taxes=_taxes(row, taxes_of),
        month=None if row["period_start"] == invoice.month else row["period_start"],
    )


def _summed(row: Any, taxes_of: TaxesByMonth, invoice: InvoiceTerms) -> DocumentLine:
    name = _SUM_NAMES[LineKind(row["kind"])]
    return DocumentLine(
        id=str(row["id"]),
        description=name if row["resource_kind"] is None else f"{name}: {row['resource_kind']}",
        explanation=f"{quantity_text(Decimal(row['lines']))} lines",
        quantity=Decimal(1),
        unit=None,
        unit_price_cents=Decimal(row["amount_cents"]),
        amount_cents=row["amount_cents"],
        taxes=_taxes(row, taxes_of),
        month=None if row["period_start"] == invoice.month else row["period_start"],
    )


def _credited(row: Any, taxes_of: TaxesByMonth) -> DocumentLine:
    return DocumentLine(
        id=str(row["id"]),
        description=_description(row),
        explanation=None,
        quantity=Decimal(1),
        unit=None,
        unit_price_cents=None,
        amount_cents=row["amount_cents"],
        taxes=_taxes(row, taxes_of),
        before_cents=row["before_cents"],
    )


def _description(row: Any) -> str:
    """The line's text, with the name of an add-on in place of its code."""
    description: str = row["description"]
    if row["kind"] == LineKind.ADDON and row["addon_name"] is not None and description.startswith("Addon: "):
        _, comma, rest = description.partition(",")
        return f"Add-on: {row['addon_name']}{comma}{rest}"
    return description


def _taxes(row: Any, taxes_of: TaxesByMonth) -> tuple[tuple[str, Decimal], ...]:
    return tuple(_name_and_rate(key) for key in taxes_of[row["period_start"]])


def _tax(row: Any) -> DocumentTax:
    """A tax line's unit price is the exact tax: the taxable amount is what the rate makes it of."""
    name, rate = _name_and_rate(row["key"])
    return DocumentTax(name, rate, int(row["unit_price_cents"] / rate), row["amount_cents"])


def _name_and_rate(key: str) -> tuple[str, Decimal]:
    name, _, rate = key.removeprefix("tax:").rpartition(":")
    return name, Decimal(rate)
