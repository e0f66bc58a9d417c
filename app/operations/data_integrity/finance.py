"""Checks the pushes to the finance system: they add up to each invoice's balance, and each queue is attempted."""

from app.operations.data_integrity.integrity_check import CheckedTable, IntegrityCheck, by_statement

_BALANCES = """
SELECT b.id, format('its balance is %s; its %s pushes add up to %s, and the last one has the number %s',
    b.balance_cents, p.pushes, p.cents, coalesce(q.last_sequence::text, 'none'))
FROM invoice_balances b
LEFT JOIN finance_queues q ON q.tenant_id = b.tenant_id AND q.id = b.id
CROSS JOIN LATERAL (
    SELECT count(*) AS pushes, coalesce(sum(f.amount_cents), 0)::bigint AS cents FROM finance_pushes f
    WHERE f.tenant_id = b.tenant_id AND f.invoice_id = b.id
) p
WHERE b.id = any($1::uuid[]) AND (b.balance_cents, q.last_sequence) IS DISTINCT FROM (p.cents, p.pushes)
"""
# A queue rests while the document of its first push has no PDF.
_FORGOTTEN = """
SELECT p.id, 'it is pending, and its queue is neither due nor blocked' FROM finance_queues q
CROSS JOIN LATERAL (
    SELECT f.id, f.source_id FROM finance_pushes f
    WHERE f.tenant_id = q.tenant_id AND f.invoice_id = q.id AND f.status <> 'SENT' ORDER BY f.sequence LIMIT 1
) p
WHERE q.id = any($1::uuid[]) AND q.next_attempt_at IS NULL AND q.blocked_at IS NULL AND NOT EXISTS (
    SELECT FROM issued_documents d
    WHERE d.tenant_id = q.tenant_id AND d.id = p.source_id AND d.pdf_sha256 IS NULL)
"""

INTEGRITY_CHECKS = (
    IntegrityCheck(
        "the pushes of an invoice to the finance system add up to its balance",
        CheckedTable.INVOICES,
        by_statement("invoice_balances", _BALANCES),
    ),
    IntegrityCheck(
        "a pending push to the finance system is due, or blocked, or waits for a PDF",
        CheckedTable.INVOICES,
        by_statement("finance_pushes", _FORGOTTEN),
    ),
)
