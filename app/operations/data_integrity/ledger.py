"""Checks the ledger: every entry balances and is of a document, and the accounts are what the balances say."""

from app.operations.data_integrity.integrity_check import CheckedTable, IntegrityCheck, by_statement

_ENTRIES_BALANCE = """
SELECT e.id::text, format('its %s postings add up to %s', count(p.id), coalesce(sum(p.amount_cents), 0))
FROM journal_entries e LEFT JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
WHERE e.id = any($1::uuid[])
GROUP BY e.id HAVING sum(p.amount_cents) IS DISTINCT FROM 0
ORDER BY e.id
"""
_ENTRIES_HAVE_DOCUMENTS = """
SELECT e.id::text, format('there is no document %s of the tenant in %s for the event %s',
                          e.source_id, e.currency, e.kind)
FROM journal_entries e
WHERE e.id = any($1::uuid[]) AND NOT CASE
    WHEN e.kind IN ('INVOICE_ISSUED', 'INVOICE_VOIDED', 'CREDIT_APPLIED') THEN EXISTS (
        SELECT FROM tenant_invoices d
        WHERE d.tenant_id = e.tenant_id AND d.id = e.source_id AND d.currency = e.currency)
    WHEN e.kind = 'CREDIT_NOTE_ISSUED' THEN EXISTS (
        SELECT FROM credit_notes d
        WHERE d.tenant_id = e.tenant_id AND d.id = e.source_id AND d.currency = e.currency)
    WHEN e.kind IN ('PAYMENT_RECORDED', 'PAYMENT_REVERSED') THEN EXISTS (
        SELECT FROM payments d
        WHERE d.tenant_id = e.tenant_id AND d.id = e.source_id AND d.currency = e.currency)
    WHEN e.kind = 'CREDIT_REFUNDED' THEN EXISTS (
        SELECT FROM refunds d
        WHERE d.tenant_id = e.tenant_id AND d.id = e.source_id AND d.currency = e.currency)
    WHEN e.kind = 'BALANCE_WRITTEN_OFF' THEN EXISTS (
        SELECT FROM write_offs d WHERE d.tenant_id = e.tenant_id AND d.id = e.source_id)
    WHEN e.kind = 'RECOVERY_RECORDED' THEN EXISTS (
        SELECT FROM recoveries d WHERE d.tenant_id = e.tenant_id AND d.id = e.source_id)
    END
ORDER BY e.id
"""
# Both sides by tenant and currency; the ledger's credit balances are below 0.
_RECEIVABLE = """
SELECT coalesce(l.tenant_id, b.tenant_id)::text,
       format('accounts receivable in %s are %s, the balances of its invoices add up to %s',
              coalesce(l.currency, b.currency), coalesce(l.cents, 0), coalesce(b.cents, 0))
FROM (SELECT e.tenant_id, e.currency, sum(p.amount_cents) AS cents
      FROM journal_entries e JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
      WHERE e.tenant_id = any($1::uuid[]) AND p.account = 'ACCOUNTS_RECEIVABLE' GROUP BY 1, 2) AS l
FULL JOIN (SELECT tenant_id, currency, sum(balance_cents) AS cents FROM invoice_balances
           WHERE tenant_id = any($1::uuid[]) GROUP BY 1, 2) AS b
    ON b.tenant_id = l.tenant_id AND b.currency = l.currency
WHERE coalesce(l.cents, 0) <> coalesce(b.cents, 0)
ORDER BY 1, 2
"""
_CREDIT = """
SELECT coalesce(l.tenant_id, b.tenant_id)::text,
       format('customer credit in %s is %s, the credit balance is %s',
              coalesce(l.currency, b.currency), coalesce(l.cents, 0), coalesce(b.credit_cents, 0))
FROM (SELECT e.tenant_id, e.currency, -sum(p.amount_cents) AS cents
      FROM journal_entries e JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
      WHERE e.tenant_id = any($1::uuid[]) AND p.account = 'CUSTOMER_CREDIT' GROUP BY 1, 2) AS l
FULL JOIN (SELECT tenant_id, currency, credit_cents FROM tenant_balances WHERE tenant_id = any($1::uuid[])) AS b
    ON b.tenant_id = l.tenant_id AND b.currency = l.currency
WHERE coalesce(l.cents, 0) <> coalesce(b.credit_cents, 0)
ORDER BY 1, 2
"""
_NEGATIVE = """
SELECT 'invoice_balances ' || id, format('its balance is %s', balance_cents)
FROM invoice_balances WHERE tenant_id = any($1::uuid[]) AND balance_cents < 0
UNION ALL
SELECT 'tenant_balances ' || id, format('the credit balance is %s', credit_cents)
FROM tenant_balances WHERE tenant_id = any($1::uuid[]) AND credit_cents < 0
ORDER BY 1, 2
"""
# What was applied, noted and given up, added up again. A void invoice asks for nothing.
_BALANCES = """
SELECT i.id::text, CASE WHEN b.id IS NULL THEN 'it is issued and has no balance' ELSE
       format('its balance row has %s; its documents give %s', b.kept, b.expected) END
FROM tenant_invoices i LEFT JOIN LATERAL (
    SELECT b.id,
           jsonb_build_object('currency', b.currency, 'due', b.due_on, 'total', b.total_cents, 'paid', b.paid_cents,
               'credit', b.credit_cents, 'noted', b.noted_cents, 'writtenOff', b.written_off_cents,
               'voided', b.voided_cents, 'recovered', b.recovered_cents, 'creditedNet', b.credited_net_cents,
               'creditedTax', b.credited_tax_cents, 'balance', b.balance_cents,
               'rest', b.written_off_cents - b.recovered_cents) AS kept,
           jsonb_build_object('currency', i.currency, 'due', i.due_on, 'total', i.total_cents, 'paid', a.paid,
               'credit', a.credit, 'noted', n.noted, 'writtenOff', w.cents - n.written_off,
               'voided', v.cents, 'recovered', r.cents, 'creditedNet', n.net, 'creditedTax', n.tax,
               'balance', i.total_cents - a.paid - a.credit - n.noted - (w.cents - n.written_off) - v.cents,
               'rest', w.rest) AS expected
    FROM (SELECT * FROM invoice_balances WHERE tenant_id = i.tenant_id AND id = i.id) AS b
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount_cents - undone_cents) FILTER (WHERE payment_id IS NOT NULL), 0) AS paid,
               coalesce(sum(amount_cents - undone_cents) FILTER (WHERE payment_id IS NULL), 0) AS credit
        FROM invoice_applications WHERE tenant_id = i.tenant_id AND invoice_id = i.id) AS a
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(written_off_cents + receivable_cents), 0) AS noted,
               coalesce(sum(written_off_cents), 0) AS written_off, coalesce(sum(net_cents), 0) AS net,
               coalesce(sum(tax_cents), 0) AS tax
        FROM credit_notes WHERE tenant_id = i.tenant_id AND invoice_id = i.id) AS n
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount_cents), 0) AS cents, coalesce(sum(rest_cents), 0) AS rest
        FROM write_offs WHERE tenant_id = i.tenant_id AND invoice_id = i.id) AS w
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount_cents), 0) AS cents
        FROM recoveries WHERE tenant_id = i.tenant_id AND invoice_id = i.id) AS r
    CROSS JOIN LATERAL (SELECT CASE i.status WHEN 'VOID' THEN i.total_cents ELSE 0 END AS cents) AS v
) AS b ON true
WHERE i.id = any($1::uuid[]) AND i.number IS NOT NULL AND (b.id IS NULL OR b.kept <> b.expected)
ORDER BY i.id
"""
_PAID = """
SELECT i.id::text, format('it is %s, and its balance is %s', i.status, b.balance_cents)
FROM tenant_invoices i JOIN invoice_balances b ON b.tenant_id = i.tenant_id AND b.id = i.id
WHERE i.id = any($1::uuid[])
  AND i.status IS DISTINCT FROM CASE WHEN b.voided_cents <> 0 OR i.status = 'VOID' THEN 'VOID'
                                     WHEN b.balance_cents = 0 THEN 'PAID' ELSE 'ISSUED' END
ORDER BY i.id
"""

INTEGRITY_CHECKS = (
    IntegrityCheck(
        "the postings of a journal entry add up to 0",
        CheckedTable.ENTRIES,
        by_statement("journal_entries", _ENTRIES_BALANCE),
    ),
    IntegrityCheck(
        "a journal entry has its document",
        CheckedTable.ENTRIES,
        by_statement("journal_entries", _ENTRIES_HAVE_DOCUMENTS),
    ),
    IntegrityCheck(
        "accounts receivable are the balances of the invoices",
        CheckedTable.TENANTS,
        by_statement("tenants", _RECEIVABLE),
    ),
    IntegrityCheck(
        "customer credit is the tenant's credit balance", CheckedTable.TENANTS, by_statement("tenants", _CREDIT)
    ),
    IntegrityCheck("no balance is below 0", CheckedTable.TENANTS, by_statement("", _NEGATIVE)),
    IntegrityCheck(
        "an invoice's balance is its total less what was applied to it",
        CheckedTable.INVOICES,
        by_statement("tenant_invoices", _BALANCES),
    ),
    IntegrityCheck(
        "an invoice is paid when its balance is 0", CheckedTable.INVOICES, by_statement("tenant_invoices", _PAID)
    ),
)
