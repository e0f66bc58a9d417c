-- Keys and references that include the tenant.

-- A reference includes the tenant, so that no row can refer to another tenant's (and Citus can shard the tables).
ALTER TABLE cloud_deployments ADD CONSTRAINT cloud_deployments_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE subscriptions ADD CONSTRAINT subscriptions_tenant_id_id_deployment_id_key UNIQUE (tenant_id, id, deployment_id);
ALTER TABLE subscriptions ADD CONSTRAINT subscriptions_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE subscription_addons ADD CONSTRAINT subscription_addons_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE tenant_invoices ADD CONSTRAINT tenant_invoices_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE charges ADD CONSTRAINT charges_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE journal_entries ADD CONSTRAINT journal_entries_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE credit_notes ADD CONSTRAINT credit_notes_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE payments ADD CONSTRAINT payments_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE write_offs ADD CONSTRAINT write_offs_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE invoice_applications ADD CONSTRAINT invoice_applications_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE events ADD CONSTRAINT events_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE webhook_endpoints ADD CONSTRAINT webhook_endpoints_tenant_id_id_key UNIQUE (tenant_id, id);

DO $$
DECLARE
    link record;
BEGIN
    FOR link IN
        SELECT * FROM (VALUES
            ('cloud_deployment_events', 'deployment_id', 'cloud_deployments'),
            ('cloud_resources', 'deployment_id', 'cloud_deployments'),
            ('subscriptions', 'deployment_id', 'cloud_deployments'),
            ('subscription_plan_versions', 'subscription_id', 'subscriptions'),
            ('subscription_active_spans', 'subscription_id', 'subscriptions'),
            ('subscription_addons', 'subscription_id', 'subscriptions'),
            ('usage_daily_totals', 'deployment_id', 'cloud_deployments'),
            ('tenant_invoice_lines', 'invoice_id', 'tenant_invoices'),
            ('tenant_invoice_lines', 'subscription_addon_id', 'subscription_addons'),
            ('tenant_invoice_lines', 'charge_id', 'charges'),
            ('charges', 'deployment_id', 'cloud_deployments'),
            ('usage_corrections', 'deployment_id', 'cloud_deployments'),
            ('billing_months', 'invoice_id', 'tenant_invoices'),
            ('billing_month_changes', 'deployment_id', 'cloud_deployments'),
            ('tenant_invoice_inputs', 'invoice_id', 'tenant_invoices'),
            ('tenant_invoice_inputs', 'subscription_id', 'subscriptions'),
            ('rollup_outcomes', 'invoice_id', 'tenant_invoices'),
            ('issue_outcomes', 'invoice_id', 'tenant_invoices'),
            ('rollup_unpriced_usage', 'deployment_id', 'cloud_deployments'),
            ('cloud_invoice_lines', 'deployment_id', 'cloud_deployments'),
            ('journal_postings', 'entry_id', 'journal_entries'),
            ('invoice_applications', 'invoice_id', 'tenant_invoices'),
            ('invoice_applications', 'payment_id', 'payments'),
            ('invoice_application_reversals', 'application_id', 'invoice_applications'),
            ('credit_notes', 'invoice_id', 'tenant_invoices'),
            ('credit_note_lines', 'credit_note_id', 'credit_notes'),
            ('issued_documents', 'invoice_id', 'tenant_invoices'),
            ('issued_documents', 'credit_note_id', 'credit_notes'),
            ('write_offs', 'invoice_id', 'tenant_invoices'),
            ('write_off_taxes', 'write_off_id', 'write_offs'),
            ('recoveries', 'invoice_id', 'tenant_invoices'),
            ('dunning_steps', 'invoice_id', 'tenant_invoices'),
            ('webhook_deliveries', 'endpoint_id', 'webhook_endpoints'), -- those of the platform's endpoints have no tenant
            ('webhook_deliveries', 'event_id', 'events'),
            ('delivery_queues', 'endpoint_id', 'webhook_endpoints'),
            ('finance_pushes', 'invoice_id', 'tenant_invoices'),
            ('receivables_out_of_step', 'invoice_id', 'tenant_invoices')
        ) AS links (child, reference, parent)
    LOOP
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', link.child, link.child || '_' || link.reference || '_fkey');
        EXECUTE format(
            'ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (tenant_id, %I) REFERENCES %I (tenant_id, id) ON DELETE RESTRICT ON UPDATE RESTRICT',
            link.child, link.child || '_' || link.reference || '_fkey', link.reference, link.parent
        );
    END LOOP;
END $$;

-- A line's subscription is one of its deployment: one reference for both.
ALTER TABLE tenant_invoice_lines
    DROP CONSTRAINT tenant_invoice_lines_deployment_id_fkey,
    DROP CONSTRAINT tenant_invoice_lines_subscription_id_fkey,
    ADD CONSTRAINT tenant_invoice_lines_subscription_id_fkey
        FOREIGN KEY (tenant_id, subscription_id, deployment_id) REFERENCES subscriptions (tenant_id, id, deployment_id)
        ON DELETE RESTRICT ON UPDATE RESTRICT;

-- The references above imply the tenant; these tables get the most rows, and each check costs.
ALTER TABLE tenant_invoice_lines DROP CONSTRAINT tenant_invoice_lines_tenant_id_fkey;
ALTER TABLE tenant_invoice_inputs DROP CONSTRAINT tenant_invoice_inputs_tenant_id_fkey;
ALTER TABLE usage_daily_totals DROP CONSTRAINT usage_daily_totals_tenant_id_fkey;

-- A change refers to the row of its month, which is locked to rate the month.
ALTER TABLE billing_month_changes
    DROP CONSTRAINT billing_month_changes_tenant_id_fkey,
    ADD CONSTRAINT billing_month_changes_tenant_id_fkey FOREIGN KEY (tenant_id, period_start)
        REFERENCES billing_months (tenant_id, period_start) ON DELETE RESTRICT ON UPDATE RESTRICT;
