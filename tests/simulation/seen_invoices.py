"""Invoices as they were seen by the simulation, and the queries that read them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

Month = tuple[UUID, date]

INVOICES = """
SELECT i.id, i.tenant_id, i.period_start, i.revision, i.status, i.number, i.subtotal_cents, i.tax_cents, i.total_cents
FROM tenant_invoices i ORDER BY i.id
"""
LINES = """
SELECT invoice_id, position, key, kind, resource_kind, quantity, unit_price_cents, amount_cents, description,
       deployment_id, period_start
FROM tenant_invoice_lines ORDER BY invoice_id, position
"""
OUTCOMES = """
SELECT o.id, o.run_id, o.tenant_id, o.period_start, o.outcome, o.total_cents, o.invoice_id, r.force, r.dry_run,
       r.rates_stale_drafts
FROM rollup_outcomes o JOIN rollup_runs r ON r.id = o.run_id WHERE NOT o.id = ANY (%s) ORDER BY o.id
"""
OUTCOMES_OF_RUN = "SELECT tenant_id, outcome, total_cents FROM rollup_outcomes WHERE run_id = %s"
CORRECTED = """
SELECT tenant_id, period_start, sum(cents)::bigint AS cents FROM (
    SELECT l.tenant_id, l.period_start, invoice_line_corrected_cents(l.tenant_id, l.id) AS cents
    FROM tenant_invoice_lines l WHERE l.kind <> 'TAX'
) AS lines GROUP BY 1, 2 HAVING sum(cents) <> 0
"""
RIVAL = """
INSERT INTO tenant_invoices (id, tenant_id, period_start, period_end, revision, status, currency, subtotal_cents,
                             tax_cents, total_cents, input_hash, created_at)
SELECT %s, tenant_id, period_start, period_end, revision + 100, 'DRAFT', currency, 0, 0, 0, input_hash, created_at
FROM tenant_invoices WHERE id = %s RETURNING id
"""


@dataclass(eq=False)
class SeenInvoices:
    """An invoice that the simulation has seen, with the content that it must keep once it is issued."""

    id: UUID
    month: Month
    revision: int
    status: str = "DRAFT"
    number: str | None = None
    content: Any = None
    net_by_month: dict[date, int] = field(default_factory=dict)
    taxed_months: frozenset[date] = frozenset()

    @property
    def total_cents(self) -> int:
        return int(self.content[2])

    def take_in(self, content: tuple[int, int, int, list[Any]]) -> None:
        """Stores an invoice as it was just rated: subtotal, tax, total and lines."""
        subtotal, _, total, lines = content
        net_by_month: dict[date, int] = defaultdict(int)
        for line in lines:
            if line.kind != "TAX":
                net_by_month[line.period_start] += line.amount_cents
        assert any(line.amount_cents for line in lines), "nothing was billed"
        assert min(subtotal, total) >= 0, "an invoice is below 0"
        assert (subtotal, total) == (sum(net_by_month.values()), sum(line.amount_cents for line in lines))
        self.content, self.net_by_month = content, net_by_month


PAYMENT = "SELECT id FROM payments WHERE tenant_id = %s AND reference = %s"
APPLICATIONS = "SELECT id FROM invoice_applications WHERE tenant_id = %s AND id > %s"
