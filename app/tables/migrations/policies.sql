-- Row-level security and grants. Every `arcadia migrate` runs this after its migrations, so it changes only what differs.
-- A table that a later migration adds is covered without a statement of its own.

-- A tenant's rows are those of the setting app.tenant_id; unset or '' shows none. The comparison is neither in a sub-select nor beside an OR,
-- so that an index finds the rows. The platform has a policy and a role of its own.
DO $$
DECLARE
    protected record;
BEGIN
    FOR protected IN
        SELECT c.oid, c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
               max(CASE WHEN c.relname = 'tenants' THEN 'id' ELSE 'tenant_id' END)
                   FILTER (WHERE a.attname IS NOT NULL AND c.relname <> 'cloud_invoice_lines') AS tenant_column
        FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
            AND (a.attname = 'tenant_id' OR c.relname = 'tenants' AND a.attname = 'id')
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND (a.attname IS NOT NULL
               -- Only the platform sees the provider's bills, the rollup, issue and dunning runs, the finance reconciliations and the progress of data-integrity checks.
               OR c.relname IN ('cloud_invoices', 'cloud_invoice_lines', 'rollup_runs', 'rollup_chunks', 'data_integrity_progress',
                                'dunning_runs', 'issue_runs', 'issue_chunks', 'finance_reconciliations'))
        GROUP BY c.oid
    LOOP
        IF NOT protected.forced THEN
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', protected.relname);
        END IF;
        IF protected.tenant_column IS NOT NULL
            AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = protected.oid AND polname = 'tenant') THEN
            EXECUTE format(
                'CREATE POLICY tenant ON %I TO arcadia_tenant
                    USING (%I = nullif(current_setting(''app.tenant_id'', true), '''')::uuid)',
                protected.relname, protected.tenant_column
            );
        END IF;
        IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = protected.oid AND polname = 'platform') THEN
            EXECUTE format('CREATE POLICY platform ON %I TO arcadia_platform USING (true)', protected.relname);
        END IF;
    END LOOP;
END $$;

-- What each role may do: neither may change history or issued invoices.
GRANT USAGE ON SCHEMA public TO arcadia_tenant, arcadia_platform;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO arcadia_tenant, arcadia_platform;
GRANT INSERT ON ALL TABLES IN SCHEMA public TO arcadia_platform;
GRANT EXECUTE ON FUNCTION usage_records_create_partitions TO arcadia_platform;
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT c.relname, c.relispartition FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND (c.relispartition OR EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polname = 'tenant'))
    LOOP
        IF found.relispartition THEN
            -- Row-level security is the parent's: partitions are reached through it alone.
            EXECUTE format('REVOKE ALL ON %I FROM arcadia_tenant, arcadia_platform', found.relname);
        ELSIF found.relname NOT IN ( -- the platform inserts these
                'tenants', 'tenant_tax_exemptions', 'cloud_resources', 'charges', 'journal_entries', 'journal_postings',
                'invoice_balances', 'tenant_balances', 'invoice_applications', 'invoice_application_reversals', 'credit_notes', 'credit_note_lines', 'absorbed_corrections', 'issued_documents',
                'payments', 'refunds', 'write_offs', 'write_off_taxes', 'recoveries', 'issue_outcomes')
            AND found.relname NOT LIKE 'tenant\_invoice%' AND found.relname NOT LIKE 'rollup\_%'
            AND found.relname NOT LIKE 'dunning\_%' AND found.relname NOT LIKE 'finance\_%'
            AND found.relname <> 'receivables_out_of_step' THEN
            EXECUTE format('GRANT INSERT ON %I TO arcadia_tenant', found.relname);
        END IF;
    END LOOP;
END $$;
GRANT UPDATE (name) ON tenants TO arcadia_tenant; -- to lock its row takes a column
GRANT UPDATE ON cloud_deployments, cloud_resources, subscriptions, subscription_active_spans, subscription_plan_versions,
    subscription_addons, usage_daily_totals, billing_months, idempotency_keys, rate_limit_buckets,
    event_sequences, webhook_endpoints, webhook_deliveries, delivery_queues TO arcadia_tenant, arcadia_platform;
GRANT DELETE ON subscription_plan_versions, subscription_active_spans, usage_daily_totals, idempotency_keys, rate_limit_buckets,
    webhook_endpoints, webhook_deliveries, delivery_queues
    TO arcadia_tenant, arcadia_platform;
GRANT UPDATE ON tenants, tenant_tax_exemptions, tenant_invoices, tax_rates, plans, plan_versions, addons, invoice_number_sequences,
    credit_note_number_sequences, invoice_balances, tenant_balances, rollup_runs, rollup_chunks, issue_runs, issue_chunks, rollup_outcomes, rollup_failures, rollup_unpriced_usage, installation,
    data_integrity_progress TO arcadia_platform;
-- What was applied is taken back, a payment reversed, a write-off lowered. Amounts do not change.
GRANT UPDATE (undone_cents) ON invoice_applications TO arcadia_platform;
GRANT UPDATE (reversed_at, reversed_by, reversal_reason) ON payments TO arcadia_platform;
GRANT UPDATE (rest_cents) ON write_offs TO arcadia_platform;
-- A document's PDF is added once.
GRANT UPDATE (pdf, pdf_sha256) ON issued_documents TO arcadia_platform;
-- A policy is replaced or removed, and a hold ends. Steps do not change.
GRANT UPDATE ON dunning_policies, dunning_runs, dunning_failures TO arcadia_platform;
GRANT UPDATE (ended_at, ended_by) ON dunning_holds TO arcadia_platform;
GRANT DELETE ON dunning_policies TO arcadia_platform;
-- A finance push is attempted; the list of what is out of step is replaced.
GRANT UPDATE ON finance_queues, finance_pushes, finance_reconciliations TO arcadia_platform;
GRANT DELETE ON receivables_out_of_step TO arcadia_platform;
-- An event is published once. Nothing else of it changes.
GRANT UPDATE (position) ON events TO arcadia_platform;
-- A bill's rows may be matched again, and a bill withdrawn. Amounts, dates and texts do not change.
GRANT UPDATE (allocated_cents, matched_at, matched_by, withdrawn_at, withdrawn_by, withdrawal_reason)
    ON cloud_invoices TO arcadia_platform;
GRANT UPDATE (cloud_resource_id, tenant_id, deployment_id, resource_kind, matched_by, unallocated_reason)
    ON cloud_invoice_lines TO arcadia_platform;
GRANT DELETE ON tenant_invoice_lines, tenant_invoice_inputs, billing_month_changes, tenant_tax_exemptions, tax_rates,
    rollup_failures, rollup_unpriced_usage TO arcadia_platform;
REVOKE INSERT ON migration, row_security_probe FROM arcadia_tenant, arcadia_platform;

-- The queue is the platform's: its jobs name things of every tenant.
REVOKE ALL ON saq_jobs, saq_stats, saq_versions FROM arcadia_tenant, arcadia_platform;
GRANT SELECT, INSERT, UPDATE, DELETE ON saq_jobs, saq_stats TO arcadia_platform;
GRANT USAGE ON SEQUENCE saq_jobs_lock_key_seq TO arcadia_platform;
