"""Checks that whatever was issued has its document."""

from app.operations.data_integrity.integrity_check import CheckedTable, IntegrityCheck, by_statement

_MISSING = """
SELECT i.id::text, format('the invoice %s has none', i.number) FROM tenant_invoices i
WHERE i.id = any($1::uuid[]) AND i.number IS NOT NULL AND NOT EXISTS (
    SELECT FROM issued_documents d WHERE d.tenant_id = i.tenant_id AND d.id = i.id)
UNION ALL
SELECT n.id::text, format('the credit note %s has none', n.number) FROM credit_notes n
WHERE n.invoice_id = any($1::uuid[]) AND NOT EXISTS (
    SELECT FROM issued_documents d WHERE d.tenant_id = n.tenant_id AND d.id = n.id)
ORDER BY 1
"""

INTEGRITY_CHECKS = (
    IntegrityCheck(
        "an issued invoice or credit note has its document",
        CheckedTable.INVOICES,
        by_statement("issued_documents", _MISSING),
    ),
)
