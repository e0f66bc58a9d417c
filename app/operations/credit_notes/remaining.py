"""What is left of an issued invoice after its credit notes, read from its lines and inputs."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import (
    LineKind,
    RemainingInvoice,
    RemainingLine,
    RemainingTax,
    RevenuePart,
)
from app.database import UnitOfWork
from app.operations.line_taxes import taxes_by_month

_LINES = """
SELECT l.id, l.position, l.key, l.kind, l.resource_kind, l.period_start, l.amount_cents,
       coalesce(c.credited_cents, 0)::bigint AS credited_cents
FROM tenant_invoice_lines l
LEFT JOIN (SELECT c.invoice_line_id, sum(c.amount_cents) AS credited_cents
           FROM credit_notes n JOIN credit_note_lines c ON c.tenant_id = n.tenant_id AND c.credit_note_id = n.id
           WHERE n.tenant_id = $1 AND n.invoice_id = $2 GROUP BY 1) c ON c.invoice_line_id = l.id
WHERE l.tenant_id = $1 AND l.invoice_id = $2 ORDER BY l.position
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
    taxes_of = await taxes_by_month(unit, tenant_id, invoice_id)
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


def _tax(row: Any, net_by_tax: Mapping[str, int]) -> RemainingTax:
    rate = Decimal(row["key"].rpartition(":")[2])
    left = row["amount_cents"] - row["credited_cents"]
    return RemainingTax(row["key"], rate, net_by_tax.get(row["key"], 0), left)


def _line(row: Any) -> CreditableLine:
    kind = LineKind(row["kind"])
    part = RevenuePart(kind, row["resource_kind"])
    return CreditableLine(row["id"], part, row["key"] if kind is LineKind.TAX else None)
