-- Months that are due without a change, and changes: both in the order in which due months are listed.
CREATE INDEX billing_months_due_idx ON billing_months (period_start, tenant_id)
    WHERE state IN ('OPEN', 'FAILED') OR rated_cents <> billed_cents;
CREATE INDEX billing_months_difference_idx ON billing_months (tenant_id, period_start) WHERE rated_cents <> billed_cents;
CREATE INDEX billing_month_changes_tenant_id_idx ON billing_month_changes (tenant_id, period_start);
CREATE INDEX billing_month_changes_period_start_idx ON billing_month_changes (period_start, tenant_id);
