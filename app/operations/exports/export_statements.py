"""What is exported: a statement for each kind of record, whose columns are those of the export."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class ExportedRecords(StrEnum):
    """A kind of record."""

    INVOICES = "invoices"
    LINES = "lines"
    PAYMENTS = "payments"
    LEDGER = "ledger"


# Parameters: the first day, the day after the last, and the only tenant to export, or null for all.
_STATEMENTS: Mapping[ExportedRecords, str] = MappingProxyType(
    {
        ExportedRecords.INVOICES: """
SELECT i.id, t.code AS tenant, i.number, i.status, i.period_start, i.issued_on, i.due_on, i.currency, i.subtotal_cents,
       i.tax_cents, i.total_cents, b.paid_cents, b.credit_cents, b.noted_cents AS credit_note_cents,
       b.written_off_cents, b.balance_cents, i.paid_at, i.voided_at, i.void_reason, d.pdf_sha256
FROM tenant_invoices i
JOIN tenants t ON t.id = i.tenant_id
JOIN invoice_balances b ON b.tenant_id = i.tenant_id AND b.id = i.id
LEFT JOIN issued_documents d ON d.tenant_id = i.tenant_id AND d.id = i.id
WHERE i.issued_on >= $1 AND i.issued_on < $2 AND ($3::uuid IS NULL OR i.tenant_id = $3)
ORDER BY i.number
""",
        ExportedRecords.LINES: """
SELECT l.id, t.code AS tenant, i.number AS invoice, l.position, l.kind, l.description, c.slug AS deployment,
       l.resource_kind, l.period_start, l.quantity, l.unit_price_cents, l.amount_cents, i.currency
FROM tenant_invoices i
JOIN tenants t ON t.id = i.tenant_id
JOIN tenant_invoice_lines l ON l.tenant_id = i.tenant_id AND l.invoice_id = i.id
LEFT JOIN cloud_deployments c ON c.tenant_id = l.tenant_id AND c.id = l.deployment_id
WHERE i.issued_on >= $1 AND i.issued_on < $2 AND ($3::uuid IS NULL OR i.tenant_id = $3)
ORDER BY i.number, l.position
""",
        ExportedRecords.PAYMENTS: """
SELECT p.id, t.code AS tenant, p.received_on, p.method, p.reference, p.payer_text AS payer, p.amount_cents, p.currency,
       p.recorded_at, {recorded_by}p.reversed_at, p.reversal_reason
FROM payments p JOIN tenants t ON t.id = p.tenant_id
WHERE p.received_on >= $1 AND p.received_on < $2 AND ($3::uuid IS NULL OR p.tenant_id = $3)
ORDER BY p.received_on, p.id
""",
        ExportedRecords.LEDGER: """
SELECT p.id, e.id AS entry, t.code AS tenant, e.recorded_on, e.recorded_at, e.kind, e.description, p.account,
       p.line_kind, p.resource_kind, p.tax, p.amount_cents, e.currency
FROM journal_entries e
JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
JOIN tenants t ON t.id = e.tenant_id
WHERE e.recorded_on >= $1 AND e.recorded_on < $2 AND ($3::uuid IS NULL OR e.tenant_id = $3)
ORDER BY e.recorded_on, e.recorded_at, e.id, p.position
""",
    }
)
"""Invoices and lines are found by the day of issue, payments by the day received, postings by the day recorded."""


def statement_of(records: ExportedRecords, *, for_platform: bool) -> str:
    """Returns the statement. Tenants do not get the names of the operators who recorded their payments."""
    return _STATEMENTS[records].replace("{recorded_by}", "p.recorded_by, " if for_platform else "")
