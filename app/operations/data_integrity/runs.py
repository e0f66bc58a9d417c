"""Checks rollups and issue runs: counters must be the sums of their outcomes, and chunks must cover every tenant."""

from app.operations.data_integrity.integrity_check import CheckedTable, IntegrityCheck, by_statement

_COUNTERS = """
SELECT r.id::text, format('it counts %s, its outcomes come to %s', counted, summed)
FROM rollup_runs r CROSS JOIN LATERAL (
    SELECT count(*) AS done, count(*) FILTER (WHERE outcome = 'CREATED') AS created,
           count(*) FILTER (WHERE outcome = 'REPLACED') AS replaced,
           count(*) FILTER (WHERE outcome = 'SKIPPED') AS skipped,
           count(*) FILTER (WHERE outcome = 'FAILED') AS failed, coalesce(sum(total_cents), 0) AS total
    FROM rollup_outcomes WHERE run_id = r.id
) AS o CROSS JOIN LATERAL (
    SELECT jsonb_build_object('done', r.tenants_done, 'created', r.invoices_created, 'replaced', r.invoices_replaced,
                              'skipped', r.invoices_skipped, 'failed', r.invoices_failed, 'total', r.total_cents),
           to_jsonb(o)
) AS counters (counted, summed)
WHERE r.id = any($1::uuid[]) AND counted <> summed
ORDER BY r.id
"""
_ISSUE_COUNTERS = """
SELECT r.id::text, format('it counts %s, its outcomes come to %s', counted, summed)
FROM issue_runs r CROSS JOIN LATERAL (
    SELECT count(*) AS done, count(*) FILTER (WHERE outcome = 'ISSUED') AS issued,
           count(*) FILTER (WHERE outcome = 'STALE') AS stale, count(*) FILTER (WHERE outcome = 'SKIPPED') AS skipped,
           count(*) FILTER (WHERE outcome = 'FAILED') AS failed
    FROM issue_outcomes WHERE run_id = r.id
) AS o CROSS JOIN LATERAL (
    SELECT jsonb_build_object('done', r.drafts_done, 'issued', r.invoices_issued, 'stale', r.invoices_stale,
                              'skipped', r.invoices_skipped, 'failed', r.invoices_failed),
           to_jsonb(o)
) AS counters (counted, summed)
WHERE r.id = any($1::uuid[]) AND counted <> summed
ORDER BY r.id
"""
# Of rollups and of issue runs, which have tables of the same shape.
_CHUNKS = """
WITH listed AS (
    SELECT c.run_id, c.id AS chunk_id, c.finished_at, tenant_id
    FROM {kind}_chunks c CROSS JOIN unnest(c.tenant_ids) AS tenant_id
    WHERE c.run_id = any($1::uuid[])
)
SELECT '{kind}_chunks ' || l.chunk_id, format('it is done, and tenant %s has no outcome', l.tenant_id)
FROM listed l
WHERE l.finished_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM {kind}_outcomes o WHERE o.run_id = l.run_id AND o.tenant_id = l.tenant_id)
UNION ALL
SELECT '{kind}_outcomes ' || o.id, format('tenant %s is in no chunk of the run', o.tenant_id)
FROM {kind}_outcomes o
WHERE o.run_id = any($1::uuid[])
  AND NOT EXISTS (SELECT FROM listed l WHERE l.run_id = o.run_id AND l.tenant_id = o.tenant_id)
UNION ALL
SELECT '{kind}_runs ' || r.id, format('it has %s tenants, its chunks list %s', r.{total}, l.tenants)
FROM {kind}_runs r CROSS JOIN LATERAL (
    SELECT count(*) AS tenants FROM listed WHERE listed.run_id = r.id
) AS l
WHERE r.id = any($1::uuid[]) AND r.{total} <> l.tenants
UNION ALL
SELECT '{kind}_runs ' || r.id, format('it is %s with %s open chunks', lower(r.status), c.unfinished)
FROM {kind}_runs r CROSS JOIN LATERAL (
    SELECT count(*) AS unfinished FROM {kind}_chunks WHERE run_id = r.id AND finished_at IS NULL
) AS c
WHERE r.id = any($1::uuid[]) AND (r.finished_at IS NULL) <> (c.unfinished > 0)
UNION ALL
SELECT '{kind}_runs ' || r.id,
       format('it is %s with %s of %s failed', lower(r.status), r.invoices_failed, r.{total})
FROM {kind}_runs r
WHERE r.id = any($1::uuid[]) AND r.finished_at IS NOT NULL AND r.status <> CASE
    WHEN r.invoices_failed = 0 THEN 'SUCCEEDED'
    WHEN r.invoices_failed < r.{total} THEN 'PARTIAL'
    ELSE 'FAILED' END
ORDER BY 1, 2
"""
_OUTCOMES = """
SELECT o.id::text, CASE
    WHEN i.id IS NOT NULL AND i.period_start <> o.period_start THEN 'its invoice is of another month'
    WHEN (o.outcome = 'FAILED') <> (f.id IS NOT NULL) THEN 'failures and failed outcomes do not match'
    WHEN o.period_start <> r.period_start THEN 'it is of another month than its run'
    ELSE format('it is %s %s an invoice', lower(o.outcome), CASE WHEN i.id IS NULL THEN 'without' ELSE 'with' END) END
FROM rollup_outcomes o JOIN rollup_runs r ON r.id = o.run_id
LEFT JOIN tenant_invoices i ON i.tenant_id = o.tenant_id AND i.id = o.invoice_id
LEFT JOIN rollup_failures f ON f.run_id = o.run_id AND f.tenant_id = o.tenant_id
WHERE o.run_id = any($1::uuid[])
  AND ((o.outcome IN ('CREATED', 'REPLACED') AND i.id IS NULL)
       OR (o.outcome IN ('SETTLED', 'PREVIEWED') AND i.id IS NOT NULL)
       OR i.period_start <> o.period_start OR o.period_start <> r.period_start
       OR (o.outcome = 'FAILED') <> (f.id IS NOT NULL))
ORDER BY o.id
"""
_ISSUE_OUTCOMES = """
SELECT o.id::text, CASE
    WHEN i.period_start <> r.period_start THEN 'its invoice is of another month than its run'
    WHEN o.outcome = 'ISSUED' AND i.number IS NULL THEN 'its invoice was never issued'
    WHEN o.total_cents <> CASE o.outcome WHEN 'ISSUED' THEN i.total_cents ELSE 0 END
        THEN format('its total is %s cents, its invoice has %s', o.total_cents, i.total_cents)
    ELSE format('it is %s %s an invoice', lower(o.outcome), CASE WHEN i.id IS NULL THEN 'without' ELSE 'with' END) END
FROM issue_outcomes o JOIN issue_runs r ON r.id = o.run_id
LEFT JOIN tenant_invoices i ON i.tenant_id = o.tenant_id AND i.id = o.invoice_id
WHERE o.run_id = any($1::uuid[])
  AND ((o.outcome IN ('ISSUED', 'STALE')) <> (i.id IS NOT NULL) OR i.period_start <> r.period_start
       OR (o.outcome = 'ISSUED' AND i.number IS NULL)
       OR o.total_cents <> CASE o.outcome WHEN 'ISSUED' THEN i.total_cents ELSE 0 END)
ORDER BY o.id
"""


INTEGRITY_CHECKS = (
    IntegrityCheck(
        "a rollup's counts agree with its outcomes", CheckedTable.RUNS, by_statement("rollup_runs", _COUNTERS)
    ),
    IntegrityCheck(
        "a rollup's chunks contain each of its tenants once",
        CheckedTable.RUNS,
        by_statement("", _CHUNKS.format(kind="rollup", total="tenants_total")),
    ),
    IntegrityCheck(
        "an outcome is for its rollup's month, and its invoice exists",
        CheckedTable.RUNS,
        by_statement("rollup_outcomes", _OUTCOMES),
    ),
    IntegrityCheck(
        "an issue run's counts agree with its outcomes",
        CheckedTable.ISSUE_RUNS,
        by_statement("issue_runs", _ISSUE_COUNTERS),
    ),
    IntegrityCheck(
        "an issue run's chunks contain each of its tenants once",
        CheckedTable.ISSUE_RUNS,
        by_statement("", _CHUNKS.format(kind="issue", total="drafts_total")),
    ),
    IntegrityCheck(
        "an outcome of an issue run has the invoice that was its draft",
        CheckedTable.ISSUE_RUNS,
        by_statement("issue_outcomes", _ISSUE_OUTCOMES),
    ),
)
