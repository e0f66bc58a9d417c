"""Rows that break a law, and the laws that are to catch them."""

SUMS = "the lines of an invoice sum to its totals"
TAX = "tax is what its rule makes of the lines"
INPUTS = "an invoice follows from its inputs"
LIVE = "a tenant has one live invoice a month"
NUMBERS = "invoice numbers have no gap"
TOTALS = "a day's totals are its events folded"
STATE = "a deployment is where its last event led"
FOLLOWS = "a subscription follows its deployment"
BILLED = "every ended month is billed or listed as unbilled"
LATE = "an invoiced month is billed to the last event, once"
RATED = "an invoice was rated from what was there"
COUNTS = "a run counts its outcomes"
CHUNKS = "a run's chunks account for its tenants"
OUTCOMES = "an outcome is of its run's month and has what it says"

LINE = "(SELECT id FROM tenant_invoice_lines WHERE kind = '{}' ORDER BY id DESC LIMIT 1)"
ISSUED = "(SELECT id FROM tenant_invoices WHERE status = 'PAID')"
PILOT = "(SELECT id FROM cloud_deployments WHERE slug = 'pilot')"
LAST_RUN = "(SELECT id FROM rollup_runs ORDER BY id DESC LIMIT 1)"
FIRST_RUN = "(SELECT id FROM rollup_runs ORDER BY id LIMIT 1)"

# What is done to the rows, and the laws that catch it.
BROKEN: dict[str, tuple[str, set[str]]] = {
    "a line's amount": (
        f"UPDATE tenant_invoice_lines SET amount_cents = 1 WHERE id = {LINE.format('OVERAGE')}",
        {SUMS, TAX, INPUTS, LATE},
    ),
    "a line lost": (
        f"DELETE FROM tenant_invoice_lines WHERE id = {LINE.format('ADDON')}",
        {SUMS, TAX, INPUTS},
    ),
    "tax by another rule, and everything in agreement": (
        f"""
        UPDATE tenant_invoice_lines SET amount_cents = amount_cents + 1
            WHERE invoice_id = {ISSUED} AND kind = 'TAX';
        UPDATE tenant_invoices SET tax_cents = tax_cents + 1, total_cents = total_cents + 1
            WHERE id = {ISSUED}
        """,
        {TAX, INPUTS},
    ),
    "an invoice's currency": (
        f"UPDATE tenant_invoices SET currency = 'NZD' WHERE id = {ISSUED}",
        {INPUTS},
    ),
    "the hash": (
        f"UPDATE tenant_invoices SET input_hash = repeat('0', 64) WHERE id = {ISSUED}",
        {INPUTS},
    ),
    "inputs lost": (
        f"DELETE FROM tenant_invoice_inputs WHERE invoice_id = {ISSUED} AND position = 0",
        {TAX, INPUTS},
    ),
    "a second live invoice": (
        """
        DROP INDEX tenant_invoices_live_key;
        UPDATE tenant_invoices SET status = 'ISSUED', voided_at = NULL
            WHERE status = 'VOID' AND period_start = '2026-05-01'
        """,
        {LIVE, LATE},
    ),
    "a number taken back": (
        """
        UPDATE tenant_invoices SET number = NULL, issued_at = NULL, due_on = NULL
            WHERE number = 'INV-2026-000002'
        """,
        {NUMBERS},
    ),
    "a number never given": (
        "UPDATE tenant_invoices SET number = 'INV-2026-000009' WHERE number = 'INV-2026-000002'",
        {NUMBERS},
    ),
    "a number of another year": (
        "UPDATE tenant_invoices SET issued_at = '2027-01-05' WHERE number = 'INV-2026-000001'",
        {NUMBERS},
    ),
    "an event lost": (
        "DELETE FROM usage_records WHERE id = (SELECT max(id::text)::uuid FROM usage_records WHERE quantity = 3)",
        {TOTALS},
    ),
    "a total lost": (
        "DELETE FROM usage_daily_totals WHERE resource_kind = 'storage_gb'",
        {TOTALS, RATED},
    ),
    "a total too high": (
        "UPDATE usage_daily_totals SET total = total + 1 WHERE resource_kind = 'storage_gb_hours'",
        {TOTALS},
    ),
    "a peak too high": (
        "UPDATE usage_daily_totals SET peak = peak + 1 WHERE resource_kind = 'storage_gb'",
        {TOTALS, RATED},
    ),
    "a level too high": (
        "UPDATE usage_daily_totals SET last_level = last_level + 1 WHERE resource_kind = 'storage_gb_hours'",
        {TOTALS, RATED, LATE},
    ),
    "late usage forgotten": (
        "DELETE FROM late_usage WHERE state = 'OPEN'",
        {LATE},
    ),
    "late usage of an issued month that no rollup takes": (
        "UPDATE late_usage SET flagged = false, opened_on = NULL WHERE state = 'OPEN'",
        {LATE},
    ),
    "a level's weight": (
        """
        UPDATE usage_daily_totals SET level_microseconds = level_microseconds + 1
            WHERE resource_kind = 'storage_gb_hours'
        """,
        {TOTALS, RATED},
    ),
    "usage moved to a month that was not to have it": (
        """
        UPDATE usage_records SET quantity = 4 WHERE resource_kind = 'storage_gb';
        UPDATE usage_daily_totals SET total = 36, peak = 4 WHERE resource_kind = 'storage_gb'
        """,
        {RATED},
    ),
    "a state without an event": (
        f"UPDATE cloud_deployments SET state = 'PAUSED' WHERE id = {PILOT}",
        {STATE},
    ),
    "an event without its transition": (
        "DELETE FROM cloud_deployment_events WHERE to_state = 'PAUSED'",
        {STATE, FOLLOWS},
    ),
    "a status": (
        f"UPDATE subscriptions SET status = 'PAUSED' WHERE deployment_id = {PILOT}",
        {FOLLOWS},
    ),
    "a span": (
        """
        UPDATE subscription_active_spans SET first_on = '2026-04-03'
            WHERE last_on IS NULL AND first_on = '2026-04-01'
        """,
        {FOLLOWS, RATED},
    ),
    "a span lost": (
        "DELETE FROM subscription_active_spans WHERE last_on IS NOT NULL",
        {FOLLOWS, RATED},
    ),
    "an end": (
        "UPDATE subscriptions SET ended_on = '2026-04-11' WHERE status = 'CANCELLED'",
        {FOLLOWS},
    ),
    "a plan history lost": (
        "DELETE FROM subscription_plan_versions WHERE effective_on > '2026-04-01'",
        {FOLLOWS},
    ),
    "a pending plan change that the history does not have": (
        f"""
        UPDATE subscriptions SET pending_plan_version_id = plan_version_id, pending_from = '2027-01-01'
            WHERE deployment_id = {PILOT}
        """,
        {FOLLOWS},
    ),
    "a plan change to come that the subscription does not have": (
        f"""
        INSERT INTO subscription_plan_versions
            (id, tenant_id, subscription_id, plan_version_id, effective_on, created_at)
            SELECT gen_random_uuid(), tenant_id, id, plan_version_id, '2027-01-01', created_at FROM subscriptions
            WHERE deployment_id = {PILOT}
        """,
        {FOLLOWS},
    ),
    "a plan from too late on": (
        "UPDATE subscription_plan_versions SET effective_on = '2026-04-11' WHERE effective_on = '2026-04-01'",
        {FOLLOWS},
    ),
    "an add-on that was not there": (
        "UPDATE subscription_addons SET price_cents = 751",
        {RATED},
    ),
    "a subscription that was left out": (
        f"DELETE FROM tenant_invoice_inputs WHERE position = 3 AND invoice_id = {ISSUED}",
        {INPUTS, RATED},
    ),
    "a month that nobody bills": (
        f"UPDATE rollup_chunks SET finished_at = NULL WHERE run_id = {FIRST_RUN}",
        {CHUNKS},
    ),
    "a counter": (
        f"UPDATE rollup_runs SET invoices_created = 2 WHERE id = {FIRST_RUN}",
        {COUNTS},
    ),
    "an outcome lost": (
        f"DELETE FROM rollup_outcomes WHERE run_id = {FIRST_RUN}",
        {COUNTS, CHUNKS},
    ),
    "an outcome without its invoice": (
        f"UPDATE rollup_outcomes SET invoice_id = NULL WHERE run_id = {FIRST_RUN}",
        {OUTCOMES},
    ),
    "a failure swallowed": (
        "DELETE FROM rollup_failures",
        {OUTCOMES},
    ),
    "a failed run that says otherwise": (
        f"UPDATE rollup_runs SET status = 'SUCCEEDED' WHERE id = {LAST_RUN}",
        {CHUNKS},
    ),
}
