"""Issue runs that violate a check, and the checks that must find them."""

COUNTS = "an issue run's counts agree with its outcomes"
CHUNKS = "an issue run's chunks contain each of its tenants once"
OUTCOMES = "an outcome of an issue run has the invoice that was its draft"

# Of May's two runs: the first issued its draft, the second found it stale.
FIRST_RUN = "(SELECT id FROM issue_runs ORDER BY id LIMIT 1)"
LAST_RUN = "(SELECT id FROM issue_runs ORDER BY id DESC LIMIT 1)"
OTHER_MONTH = "(SELECT id FROM tenant_invoices WHERE period_start = '2026-04-01' AND number IS NOT NULL LIMIT 1)"

# What is done to the rows, and the checks that find it.
BROKEN_ISSUE_RUNS: dict[str, tuple[str, set[str]]] = {
    "a counter of an issue run": (
        f"UPDATE issue_runs SET invoices_issued = 0, invoices_skipped = 1 WHERE id = {FIRST_RUN}",
        {COUNTS},
    ),
    "an outcome of an issue run lost": (
        f"DELETE FROM issue_outcomes WHERE run_id = {FIRST_RUN}",
        {COUNTS, CHUNKS},
    ),
    "a finished issue run with an open chunk": (
        f"UPDATE issue_chunks SET finished_at = NULL WHERE run_id = {FIRST_RUN}",
        {CHUNKS},
    ),
    "a tenant left out of an issue run's chunks": (
        f"UPDATE issue_chunks SET tenant_ids = '{{}}' WHERE run_id = {FIRST_RUN}",
        {CHUNKS},
    ),
    "an issue run that failed without a failure": (
        f"UPDATE issue_runs SET status = 'FAILED' WHERE id = {FIRST_RUN}",
        {CHUNKS},
    ),
    "an issued draft without its invoice": (
        f"UPDATE issue_outcomes SET invoice_id = NULL, total_cents = 0 WHERE run_id = {FIRST_RUN}",
        {OUTCOMES},
    ),
    "an issued draft of another month": (
        f"UPDATE issue_outcomes SET invoice_id = {OTHER_MONTH} WHERE run_id = {FIRST_RUN}",
        {OUTCOMES},
    ),
    "an issued draft with another total": (
        f"UPDATE issue_outcomes SET total_cents = total_cents + 1 WHERE run_id = {FIRST_RUN}",
        {OUTCOMES},
    ),
    "a stale draft that was issued by the run": (
        f"UPDATE issue_outcomes SET outcome = 'ISSUED' WHERE run_id = {LAST_RUN}",
        {COUNTS, OUTCOMES},
    ),
}
