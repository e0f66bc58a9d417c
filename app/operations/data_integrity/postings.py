"""Checks that every document of receivables has its journal entry, with the document's amounts on its accounts.

What a document says is compared with what its entries post, account by account. Revenue is divided as its lines are,
tax by tax line. Where a balance was written off, tax and bad debt are compared together.
"""

from app.operations.data_integrity.integrity_check import CheckedTable, IntegrityCheck, by_statement

# {documents}: the tenant_id and id of the page's documents. {expected}: what each event of theirs posts, as tenant_id,
# id, kind, label, cents. {merged}: the condition under which tax and bad debt are one.
_COMPARED = """
WITH documents AS ({documents}), expected AS (
    SELECT tenant_id, id, kind, label, sum(cents) AS cents FROM ({expected}) AS x (tenant_id, id, kind, label, cents)
    GROUP BY 1, 2, 3, 4
), posted AS (
    SELECT d.tenant_id, d.id, e.kind,
           CASE WHEN {merged} AND p.account IN ('TAX_PAYABLE', 'BAD_DEBT') THEN 'TAX_PAYABLE and BAD_DEBT'
                ELSE concat_ws(' ', p.account, p.line_kind, p.resource_kind, p.tax) END AS label,
           sum(p.amount_cents) AS cents
    FROM documents d JOIN journal_entries e ON e.tenant_id = d.tenant_id AND e.source_id = d.id
    JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
    WHERE e.kind IN ({kinds})
    GROUP BY 1, 2, 3, 4
)
SELECT coalesce(x.id, p.id)::text, format('%s posts %s to %s; the document says %s', coalesce(x.kind, p.kind),
    coalesce(p.cents, 0), coalesce(x.label, p.label), coalesce(x.cents, 0))
FROM expected x FULL JOIN posted p
    ON p.tenant_id = x.tenant_id AND p.id = x.id AND p.kind = x.kind AND p.label = x.label
WHERE coalesce(x.cents, 0) <> coalesce(p.cents, 0)
ORDER BY 1, 2
"""


def _compared(documents: str, expected: str, *kinds: str, merged: str = "true") -> str:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return _COMPARED.format(documents=documents, expected=expected, kinds=listed, merged=merged)


# An issued invoice, or one that was issued before it was voided. Its lines are its revenue and its tax.
_INVOICE_LINES = """
SELECT d.tenant_id, d.id, v.kind, v.sign * l.cents, l.label
FROM documents d
JOIN LATERAL (
    SELECT 'ACCOUNTS_RECEIVABLE' AS label, -l.amount_cents AS cents FROM tenant_invoice_lines l
    WHERE l.tenant_id = d.tenant_id AND l.invoice_id = d.id
    UNION ALL
    SELECT CASE l.kind WHEN 'TAX' THEN concat_ws(' ', 'TAX_PAYABLE', l.key)
                       ELSE concat_ws(' ', 'REVENUE', l.kind, l.resource_kind) END, l.amount_cents
    FROM tenant_invoice_lines l WHERE l.tenant_id = d.tenant_id AND l.invoice_id = d.id
) AS l ON true
JOIN (VALUES ('INVOICE_ISSUED', -1, false), ('INVOICE_VOIDED', 1, true)) AS v (kind, sign, of_void)
    ON d.number IS NOT NULL AND (d.status = 'VOID' OR NOT v.of_void)
"""
_INVOICES = _compared(
    "SELECT tenant_id, id, number, status FROM tenant_invoices WHERE id = any($1::uuid[])",
    f"SELECT tenant_id, id, kind, label, cents FROM ({_INVOICE_LINES}) AS l (tenant_id, id, kind, cents, label)",  # noqa: S608 - made of constants
    "INVOICE_ISSUED",
    "INVOICE_VOIDED",
    merged="false",
)
_CREDIT_NOTES = _compared(
    "SELECT n.* FROM credit_notes n JOIN tenant_invoices i ON i.tenant_id = n.tenant_id AND i.id = n.invoice_id"
    " WHERE i.id = any($1::uuid[])",
    """
    SELECT d.tenant_id, d.id, 'CREDIT_NOTE_ISSUED', v.label, v.cents
    FROM documents d CROSS JOIN LATERAL (VALUES
        ('ACCOUNTS_RECEIVABLE', -d.receivable_cents), ('CUSTOMER_CREDIT', -d.credit_cents),
        ('TAX_PAYABLE and BAD_DEBT', -d.written_off_cents)) AS v (label, cents)
    UNION ALL
    SELECT d.tenant_id, d.id, 'CREDIT_NOTE_ISSUED', CASE
               WHEN l.kind <> 'TAX' THEN concat_ws(' ', 'REVENUE', l.kind, l.resource_kind)
               WHEN d.written_off_cents > 0 THEN 'TAX_PAYABLE and BAD_DEBT'
               ELSE concat_ws(' ', 'TAX_PAYABLE', l.key) END, c.amount_cents
    FROM documents d
    JOIN credit_note_lines c ON c.tenant_id = d.tenant_id AND c.credit_note_id = d.id
    JOIN tenant_invoice_lines l ON l.tenant_id = c.tenant_id AND l.id = c.invoice_line_id
    """,
    "CREDIT_NOTE_ISSUED",
    merged="d.written_off_cents > 0",
)
_WRITE_OFFS = _compared(
    "SELECT w.* FROM write_offs w JOIN tenant_invoices i ON i.tenant_id = w.tenant_id AND i.id = w.invoice_id"
    " WHERE i.id = any($1::uuid[])",
    """
    SELECT d.tenant_id, d.id, 'BALANCE_WRITTEN_OFF', v.label, v.cents
    FROM documents d CROSS JOIN LATERAL (VALUES
        ('ACCOUNTS_RECEIVABLE', -d.amount_cents), ('TAX_PAYABLE and BAD_DEBT', d.amount_cents)) AS v (label, cents)
    """,
    "BALANCE_WRITTEN_OFF",
)
_RECOVERIES = _compared(
    "SELECT r.* FROM recoveries r JOIN tenant_invoices i ON i.tenant_id = r.tenant_id AND i.id = r.invoice_id"
    " WHERE i.id = any($1::uuid[])",
    """
    SELECT d.tenant_id, d.id, 'RECOVERY_RECORDED', v.label, v.cents
    FROM documents d CROSS JOIN LATERAL (VALUES
        ('CASH_CLEARING', d.amount_cents), ('TAX_PAYABLE and BAD_DEBT', -d.amount_cents)) AS v (label, cents)
    """,
    "RECOVERY_RECORDED",
)
# A reversal takes back the payment, and credit that its money had been applied by: receivable and credit together.
_PAYMENTS = _compared(
    "SELECT * FROM payments WHERE tenant_id = any($1::uuid[])",
    """
    SELECT d.tenant_id, d.id, 'PAYMENT_RECORDED', v.label, v.cents
    FROM documents d CROSS JOIN LATERAL (VALUES
        ('CASH_CLEARING', d.amount_cents), ('ACCOUNTS_RECEIVABLE', d.credit_cents - d.amount_cents),
        ('CUSTOMER_CREDIT', -d.credit_cents)) AS v (label, cents)
    """,
    "PAYMENT_RECORDED",
)
_REVERSALS = """
WITH posted AS (
    SELECT d.tenant_id, d.id, d.reversed_at, d.amount_cents,
           coalesce(sum(p.amount_cents) FILTER (WHERE p.account = 'CASH_CLEARING'), 0) AS cash,
           coalesce(sum(p.amount_cents) FILTER (WHERE p.account <> 'CASH_CLEARING'), 0) AS taken_back
    FROM payments d
    LEFT JOIN journal_entries e
        ON e.tenant_id = d.tenant_id AND e.source_id = d.id AND e.kind = 'PAYMENT_REVERSED'
    LEFT JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
    WHERE d.tenant_id = any($1::uuid[])
    GROUP BY d.tenant_id, d.id
)
SELECT id::text, format('it is %s, and its reversal posts %s to CASH_CLEARING and %s to the tenant''s accounts',
    CASE WHEN reversed_at IS NULL THEN 'not reversed' ELSE 'reversed' END, cash, taken_back)
FROM posted
WHERE cash <> CASE WHEN reversed_at IS NULL THEN 0 ELSE -amount_cents END OR cash <> -taken_back
ORDER BY id
"""
_REFUNDS = _compared(
    "SELECT * FROM refunds WHERE tenant_id = any($1::uuid[])",
    """
    SELECT d.tenant_id, d.id, 'CREDIT_REFUNDED', v.label, v.cents
    FROM documents d CROSS JOIN LATERAL (VALUES
        ('CUSTOMER_CREDIT', d.amount_cents), ('CASH_CLEARING', -d.amount_cents)) AS v (label, cents)
    """,
    "CREDIT_REFUNDED",
)

INTEGRITY_CHECKS = (
    IntegrityCheck(
        "an invoice is posted as it was issued, and voided as its mirror image",
        CheckedTable.INVOICES,
        by_statement("tenant_invoices", _INVOICES),
    ),
    IntegrityCheck(
        "a credit note is posted with its amounts", CheckedTable.INVOICES, by_statement("credit_notes", _CREDIT_NOTES)
    ),
    IntegrityCheck(
        "a write-off is posted with its amount", CheckedTable.INVOICES, by_statement("write_offs", _WRITE_OFFS)
    ),
    IntegrityCheck(
        "a recovery is posted with its amount", CheckedTable.INVOICES, by_statement("recoveries", _RECOVERIES)
    ),
    IntegrityCheck("a payment is posted with its amounts", CheckedTable.TENANTS, by_statement("payments", _PAYMENTS)),
    IntegrityCheck(
        "a reversed payment is posted as reversed", CheckedTable.TENANTS, by_statement("payments", _REVERSALS)
    ),
    IntegrityCheck("a refund is posted with its amount", CheckedTable.TENANTS, by_statement("refunds", _REFUNDS)),
)
