"""Rows that violate a check, and the checks that must find them."""

SUMS = "the lines of an invoice add up to its totals"
TAX = "an invoice's tax is the tax rate applied to its lines"
INPUTS = "an invoice can be calculated again from its inputs"
LIVE = "a tenant has at most one live invoice for a month"
NUMBERS = "invoice numbers have no gaps"
TOTALS = "a daily total is the aggregate of its events"
STATE = "a deployment's state is that of its last event"
FOLLOWS = "a subscription's state and active spans follow its deployment's events"
ROWS = "every ended month has a billing month"
MONTHS = "a billing month's state agrees with its invoices"
OF_INVOICES = "every invoice has a billing month"
CHANGES = "only rated months have changes"
TAX_LEFT = "what is left of a tax is due on what is left of its lines"
OF_INVOICE = "a credit note is of its invoice's lines"
CONSERVED = "every cent of a month is billed or listed as unbilled"
COUNTS = "a rollup's counts agree with its outcomes"
CHUNKS = "a rollup's chunks contain each of its tenants once"
ISSUE_OUTCOMES = "an outcome of an issue run has the invoice that was its draft"
OUTCOMES = "an outcome is for its rollup's month, and its invoice exists"

# Of the ledger: see broken_ledger.py for what only it can show.
POSTED = "an invoice is posted as it was issued, and voided as its mirror image"
BALANCES = "an invoice's balance is its total less what was applied to it"
PAID = "an invoice is paid when its balance is 0"
DOCUMENTS = "a journal entry has its document"
NOTE_POSTED = "a credit note is posted with its amounts"

EVENTS = "an aggregate's events are numbered without a gap"
QUEUED = "a pending delivery is in a queue"

BILL_SUMS = "the lines of a provider's bill add up to its totals"
BILL_ROWS = "the cents of a bill's line are its exact amount, rounded"
BILL_OWNERS = "a bill's line is allocated to the deployment that owned the resource"

LINE = "(SELECT id FROM tenant_invoice_lines WHERE kind = '{}' ORDER BY id DESC LIMIT 1)"
ISSUED = "(SELECT id FROM tenant_invoices WHERE status = 'PAID')"
PILOT = "(SELECT id FROM cloud_deployments WHERE slug = 'pilot')"
LAST_RUN = "(SELECT id FROM rollup_runs ORDER BY id DESC LIMIT 1)"
FIRST_RUN = "(SELECT id FROM rollup_runs ORDER BY id LIMIT 1)"

# What is done to the rows, and the checks that find it.
BROKEN: dict[str, tuple[str, set[str]]] = {
    "a line's amount": (
        f"UPDATE tenant_invoice_lines SET amount_cents = 1 WHERE id = {LINE.format('OVERAGE')}",
        {SUMS, TAX, TAX_LEFT, INPUTS, MONTHS, POSTED},
    ),
    "a line lost": (
        f"DELETE FROM tenant_invoice_lines WHERE id = {LINE.format('ADDON')}",
        {SUMS, TAX, TAX_LEFT, INPUTS, MONTHS, POSTED, NOTE_POSTED},
    ),
    "tax by another rule, and everything in agreement": (
        f"""
        UPDATE tenant_invoice_lines SET amount_cents = amount_cents + 1
            WHERE invoice_id = {ISSUED} AND kind = 'TAX';
        UPDATE tenant_invoices SET tax_cents = tax_cents + 1, total_cents = total_cents + 1
            WHERE id = {ISSUED}
        """,
        {TAX, TAX_LEFT, INPUTS, POSTED, BALANCES},
    ),
    "an invoice's currency": (
        f"UPDATE tenant_invoices SET currency = 'NZD' WHERE id = {ISSUED}",
        {INPUTS, OF_INVOICE, DOCUMENTS, BALANCES},
    ),
    "the hash": (
        f"UPDATE tenant_invoices SET input_hash = repeat('0', 64) WHERE id = {ISSUED}",
        {INPUTS},
    ),
    "inputs lost": (
        f"DELETE FROM tenant_invoice_inputs WHERE invoice_id = {ISSUED} AND position = 0",
        {TAX, TAX_LEFT, INPUTS},
    ),
    "a second live invoice": (
        """
        DROP INDEX tenant_invoices_not_void_key;
        UPDATE tenant_invoices SET status = 'ISSUED', voided_at = NULL
            WHERE status = 'VOID' AND period_start = '2026-05-01'
        """,
        {LIVE, MONTHS, POSTED, BALANCES, PAID},
    ),
    "a number taken back": (
        """
        UPDATE tenant_invoices SET number = NULL, issued_at = NULL, issued_on = NULL, due_on = NULL
            WHERE number = 'INV-2026-000002'
        """,
        {NUMBERS, POSTED, ISSUE_OUTCOMES},
    ),
    "a number never given": (
        "UPDATE tenant_invoices SET number = 'INV-2026-000009' WHERE number = 'INV-2026-000002'",
        {NUMBERS},
    ),
    "a number of another year": (
        "UPDATE tenant_invoices SET issued_on = '2027-01-05' WHERE number = 'INV-2026-000001'",
        {NUMBERS},
    ),
    "an event lost": (
        "DELETE FROM usage_records WHERE id = (SELECT max(id::text)::uuid FROM usage_records WHERE quantity = 3)",
        {TOTALS},
    ),
    "a total lost": (
        "DELETE FROM usage_daily_totals WHERE resource_kind = 'droplet_hours'",
        {TOTALS, CONSERVED},
    ),
    "a total too high": (
        "UPDATE usage_daily_totals SET total = total + 1 WHERE resource_kind = 'storage_gb_hours'",
        {TOTALS},
    ),
    "a peak too high": (
        "UPDATE usage_daily_totals SET peak = peak + 1 WHERE resource_kind = 'storage_gb'",
        {TOTALS},
    ),
    "a level too high": (
        "UPDATE usage_daily_totals SET last_level = last_level + 1 WHERE resource_kind = 'storage_gb_hours'",
        {TOTALS, CONSERVED},
    ),
    "a change forgotten": (
        "DELETE FROM billing_month_changes",
        {CONSERVED},
    ),
    "a change of a month that is not rated": (
        """
        INSERT INTO billing_months (id, tenant_id, period_start, state, billed_cents, open_credit_deployments)
            SELECT gen_random_uuid(), id, '2026-06-01', 'OPEN', 0, '{}' FROM tenants;
        INSERT INTO billing_month_changes (id, tenant_id, period_start, reason, changed_at)
            SELECT gen_random_uuid(), id, '2026-06-01', 'USAGE', now() FROM tenants
        """,
        {CHANGES},
    ),
    "a month's row lost": (
        "DELETE FROM billing_months WHERE period_start = '2026-04-01'",
        {ROWS, OF_INVOICES},
    ),
    "a month's rated amount": (
        "UPDATE billing_months SET rated_cents = rated_cents - 1 WHERE period_start = '2026-04-01'",
        {CONSERVED},
    ),
    "a month's billed amount": (
        "UPDATE billing_months SET billed_cents = billed_cents - 1 WHERE period_start = '2026-04-01'",
        {MONTHS},
    ),
    "a difference taken as rated": (
        """
        UPDATE billing_months SET rated_cents = billed_cents WHERE period_start = '2026-05-01';
        DELETE FROM billing_month_changes
        """,
        {CONSERVED},
    ),
    "a month that says its draft is issued": (
        "UPDATE billing_months SET state = 'ISSUED' WHERE state = 'DRAFT'",
        {MONTHS},
    ),
    "a month that says another invoice is its own": (
        """
        UPDATE billing_months SET invoice_id = (SELECT id FROM tenant_invoices WHERE status = 'VOID' LIMIT 1)
            WHERE period_start = '2026-04-01'
        """,
        {MONTHS},
    ),
    "a level's weight": (
        """
        UPDATE usage_daily_totals SET level_microseconds = level_microseconds + 3600000000000
            WHERE resource_kind = 'storage_gb_hours'
        """,
        {TOTALS, CONSERVED},
    ),
    "usage moved to a month that was not to have it": (
        """
        UPDATE usage_records SET quantity = 400 WHERE resource_kind = 'storage_gb';
        UPDATE usage_daily_totals SET total = 3600, peak = 400 WHERE resource_kind = 'storage_gb'
        """,
        {CONSERVED},
    ),
    "a state without an event": (
        f"UPDATE cloud_deployments SET state = 'PAUSED' WHERE id = {PILOT}",
        {STATE},
    ),
    "a deployment that dunning did not move": (
        f"UPDATE cloud_deployments SET dunned_at = now() WHERE id = {PILOT}",
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
        {FOLLOWS, CONSERVED},
    ),
    "a span lost": (
        "DELETE FROM subscription_active_spans WHERE last_on IS NOT NULL",
        {FOLLOWS, CONSERVED},
    ),
    "an end": (
        "UPDATE subscriptions SET ended_on = '2026-04-11' WHERE status = 'CANCELLED'",
        {FOLLOWS},
    ),
    "a plan history lost": (
        "DELETE FROM subscription_plan_versions WHERE effective_on > '2026-04-01'",
        {FOLLOWS, CONSERVED},
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
        {FOLLOWS, CONSERVED},
    ),
    "an add-on that was not there": (
        "UPDATE subscription_addons SET price_cents = 751",
        {CONSERVED},
    ),
    "a subscription that was left out": (
        f"DELETE FROM tenant_invoice_inputs WHERE position = 3 AND invoice_id = {ISSUED}",
        {INPUTS},
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
    "the total of a provider's bill": (
        "UPDATE cloud_invoices SET total_cents = total_cents + 1",
        {BILL_SUMS},
    ),
    "what is allocated of a provider's bill": (
        "UPDATE cloud_invoices SET allocated_cents = 0",
        {BILL_SUMS},
    ),
    "a row lost of a provider's bill": (
        "DELETE FROM cloud_invoice_lines WHERE description = 'GST'",
        {BILL_SUMS},
    ),
    "an amount of a provider's bill": (
        "UPDATE cloud_invoice_lines SET exact_cents = exact_cents + 100 WHERE description = 'GST'",
        {BILL_SUMS, BILL_ROWS},
    ),
    "a cost without its resource": (
        "UPDATE cloud_invoice_lines SET cloud_resource_id = NULL, matched_by = NULL WHERE description = 'web-1'",
        {BILL_OWNERS},
    ),
    "a cost of another deployment": (
        """
        UPDATE cloud_invoice_lines SET deployment_id = (SELECT id FROM cloud_deployments WHERE slug = 'second')
            WHERE description = 'web-1'
        """,
        {BILL_OWNERS},
    ),
    "a failed run that says otherwise": (
        f"UPDATE rollup_runs SET status = 'SUCCEEDED' WHERE id = {LAST_RUN}",
        {CHUNKS},
    ),
    "an event that is gone": ("DELETE FROM events WHERE sequence = 1 AND aggregate_type = 'TENANT'", {EVENTS}),
    "a delivery without a queue": (
        """
        INSERT INTO webhook_deliveries (id, endpoint_id, event_id, aggregate_id, position, status, attempts, created_at)
        SELECT id, id, id, aggregate_id, 1, 'PENDING', 0, now() FROM events WHERE sequence = 2
        """,
        {QUEUED},
    ),
}
