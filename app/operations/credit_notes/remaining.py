"""What is left of an issued invoice after its credit notes, read from its lines and inputs."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import (
    CorrectionInputs,
    LineKind,
    QuoteHeader,
    RemainingInvoice,
    RemainingLine,
    RemainingTax,
    RevenuePart,
    parse_document,
    parse_header,
    tax_key,
)
from app.database import UnitOfWork

_LINES = """
SELECT l.id, l.position, l.key, l.kind, l.resource_kind, l.period_start, l.amount_cents,
       coalesce(c.credited_cents, 0)::bigint AS credited_cents
FROM tenant_invoice_lines l
LEFT JOIN (SELECT c.invoice_line_id, sum(c.amount_cents) AS credited_cents
           FROM credit_notes n JOIN credit_note_lines c ON c.tenant_id = n.tenant_id AND c.credit_note_id = n.id
           WHERE n.tenant_id = $1 AND n.invoice_id = $2 GROUP BY 1) c ON c.invoice_line_id = l.id
WHERE l.tenant_id = $1 AND l.invoice_id = $2 ORDER BY l.position
"""
# The header, and one correction of each month that has any: its header says which taxes the month's lines have.
_HEADERS = """
(SELECT document, NULL::date AS late_month FROM tenant_invoice_inputs
 WHERE tenant_id = $1 AND invoice_id = $2 AND position = 0)
UNION ALL
(SELECT DISTINCT ON (late_month) document, late_month FROM tenant_invoice_inputs
 WHERE tenant_id = $1 AND invoice_id = $2 AND late_month IS NOT NULL ORDER BY late_month, position)
"""


class CreditableLine(NamedTuple):
    """A line of the invoice as a credit note refers to it. tax: the key of a tax line; null on others."""

    id: UUID
    part: RevenuePart
    tax: str | None


class CreditableInvoice(NamedTuple):
    """What is left of an invoice, and its lines by position."""

    remaining: RemainingInvoice
    lines: Mapping[int, CreditableLine]

    def tax_line(self, key: str) -> tuple[int, CreditableLine]:
        """The position and the line of a tax, by its key."""
        return next((position, line) for position, line in self.lines.items() if line.tax == key)


async def creditable_invoice(unit: UnitOfWork, tenant_id: UUID, invoice_id: UUID) -> CreditableInvoice:
    """What is left of an issued invoice: net by line, and net and tax by tax line."""
    taxes_of = await _taxes_by_month(unit, tenant_id, invoice_id)
    rows = await unit.connection.fetch(_LINES, tenant_id, invoice_id)
    net_rows = [row for row in rows if row["kind"] != LineKind.TAX]
    lines = tuple(
        RemainingLine(row["position"], row["amount_cents"] - row["credited_cents"], taxes_of[row["period_start"]])
        for row in net_rows
    )
    net_by_tax: dict[str, int] = {}
    for line in lines:
        for key in line.taxes:
            net_by_tax[key] = net_by_tax.get(key, 0) + line.net_cents
    taxes = tuple(_tax(row, net_by_tax) for row in rows if row["kind"] == LineKind.TAX)
    return CreditableInvoice(RemainingInvoice(lines, taxes), {row["position"]: _line(row) for row in rows})


async def _taxes_by_month(unit: UnitOfWork, tenant_id: UUID, invoice_id: UUID) -> dict[date, tuple[str, ...]]:
    """The keys of the tax lines that tax the lines of each service month."""
    documents = await unit.connection.fetch(_HEADERS, tenant_id, invoice_id)
    headers = [parse_header(document) for document, late_month in documents if late_month is None]
    if not headers:
        raise ValueError(f"the inputs of invoice {invoice_id} have no header")
    own = headers[0]
    keys = {own.period.start: _keys(own)}
    for document, late_month in documents:
        if late_month is not None:
            correction = parse_document(document, own)
            if not isinstance(correction, CorrectionInputs):
                raise ValueError(f"the inputs of {late_month} on invoice {invoice_id} are no correction")
            keys[late_month] = _keys(correction.header)
    return keys


def _keys(header: QuoteHeader) -> tuple[str, ...]:
    return () if header.tax_exempt else tuple(tax_key(tax) for tax in header.taxes if tax.rate)


def _tax(row: Any, net_by_tax: Mapping[str, int]) -> RemainingTax:
    rate = Decimal(row["key"].rpartition(":")[2])
    left = row["amount_cents"] - row["credited_cents"]
    return RemainingTax(row["key"], rate, net_by_tax.get(row["key"], 0), left)


def _line(row: Any) -> CreditableLine:
    kind = LineKind(row["kind"])
    part = RevenuePart(kind, row["resource_kind"])
    return CreditableLine(row["id"], part, row["key"] if kind is LineKind.TAX else None)
