-- One statement that issues every draft of the month: the limit that a run is compared with.
-- $1: the first day of the month. $2: now. $3: today. $4: the due date. It writes the same rows as a run.
WITH drafts AS MATERIALIZED (
    SELECT tenant_id, id, currency, total_cents, gen_random_uuid() AS entry_id,
           format('INV-%s-%s', extract(year FROM $3::date),
                  lpad((row_number() OVER (ORDER BY tenant_id))::text, 6, '0')) AS number
    FROM tenant_invoices WHERE period_start = $1 AND status = 'DRAFT'
), sequence AS (
    INSERT INTO invoice_number_sequences (year, last_number)
    SELECT extract(year FROM $3::date)::int, count(*) FROM drafts
), issued AS (
    UPDATE tenant_invoices i SET status = 'ISSUED', number = d.number, issued_at = $2, issued_on = $3, due_on = $4
    FROM drafts d WHERE i.tenant_id = d.tenant_id AND i.id = d.id
), balances AS (
    INSERT INTO invoice_balances (id, tenant_id, currency, due_on, total_cents, paid_cents, credit_cents, noted_cents,
        written_off_cents, voided_cents, recovered_cents, credited_net_cents, credited_tax_cents, balance_cents)
    SELECT id, tenant_id, currency, $4, total_cents, 0, 0, 0, 0, 0, 0, 0, 0, total_cents FROM drafts
), months AS (
    UPDATE billing_months b SET state = 'ISSUED' FROM drafts d WHERE b.tenant_id = d.tenant_id AND b.period_start = $1
), entries AS (
    INSERT INTO journal_entries (id, tenant_id, kind, currency, source_id, description, recorded_on, recorded_at)
    SELECT entry_id, tenant_id, 'INVOICE_ISSUED', currency, id, 'Invoice ' || number, $3, $2 FROM drafts
), postings AS (
    INSERT INTO journal_postings
        (id, tenant_id, entry_id, position, account, amount_cents, line_kind, resource_kind, tax)
    SELECT gen_random_uuid(), tenant_id, entry_id,
           row_number() OVER (PARTITION BY entry_id ORDER BY account, line_kind, resource_kind, tax),
           account, cents, line_kind, resource_kind, tax
    FROM (
        SELECT tenant_id, entry_id, 'ACCOUNTS_RECEIVABLE' AS account, total_cents AS cents, NULL AS line_kind,
               NULL AS resource_kind, NULL AS tax
        FROM drafts
        UNION ALL
        SELECT d.tenant_id, d.entry_id, CASE l.kind WHEN 'TAX' THEN 'TAX_PAYABLE' ELSE 'REVENUE' END,
               -sum(l.amount_cents)::bigint, CASE WHEN l.kind <> 'TAX' THEN l.kind END, l.resource_kind,
               CASE l.kind WHEN 'TAX' THEN l.key END
        FROM drafts d JOIN tenant_invoice_lines l ON l.tenant_id = d.tenant_id AND l.invoice_id = d.id
        GROUP BY d.tenant_id, d.entry_id, l.kind, l.resource_kind, CASE l.kind WHEN 'TAX' THEN l.key END
    ) AS amounts
    WHERE cents <> 0
), run AS (
    INSERT INTO issue_runs (id, period_start, period_end, except_stale, status, requested_by, drafts_total, drafts_done,
        invoices_issued, invoices_stale, invoices_skipped, invoices_failed, created_at, started_at, finished_at)
    SELECT gen_random_uuid(), $1, ($1::date + interval '1 month')::date, true, 'SUCCEEDED', 'bench', count(*), count(*),
           count(*), 0, 0, 0, $2::timestamptz, $2::timestamptz, $2::timestamptz
    FROM drafts
    RETURNING id
), outcomes AS (
    INSERT INTO issue_outcomes (id, run_id, tenant_id, outcome, invoice_id, total_cents)
    SELECT gen_random_uuid(), run.id, d.tenant_id, 'ISSUED', d.id, d.total_cents FROM drafts d CROSS JOIN run
)
SELECT count(*) FROM drafts
