-- A child's reference carries its tenant: see walls.sql. The tenant is implied by them.
ALTER TABLE late_usage
    DROP CONSTRAINT late_usage_tenant_id_fkey,
    DROP CONSTRAINT late_usage_deployment_id_fkey,
    DROP CONSTRAINT late_usage_invoice_id_fkey,
    DROP CONSTRAINT late_usage_billed_invoice_id_fkey,
    ADD CONSTRAINT late_usage_deployment_id_fkey FOREIGN KEY (tenant_id, deployment_id)
        REFERENCES cloud_deployments (tenant_id, id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    ADD CONSTRAINT late_usage_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id)
        REFERENCES tenant_invoices (tenant_id, id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    ADD CONSTRAINT late_usage_billed_invoice_id_fkey FOREIGN KEY (tenant_id, billed_invoice_id)
        REFERENCES tenant_invoices (tenant_id, id) ON DELETE RESTRICT ON UPDATE RESTRICT;

-- The order of the connection, for the platform and for a tenant; what is open; what goes with an invoice.
CREATE INDEX late_usage_recorded_at_idx ON late_usage (recorded_at, id);
CREATE INDEX late_usage_tenant_id_idx ON late_usage (tenant_id, recorded_at, id);
CREATE INDEX late_usage_open_idx ON late_usage (tenant_id, period_start) WHERE state = 'OPEN';
CREATE INDEX late_usage_invoice_id_idx ON late_usage (invoice_id) WHERE NOT flagged;
CREATE INDEX late_usage_billed_invoice_id_idx ON late_usage (billed_invoice_id) WHERE billed_invoice_id IS NOT NULL;

ALTER TABLE late_usage ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON late_usage USING (
    tenant_id = (SELECT nullif(nullif(current_setting('app.tenant_id', true), ''), '*')::uuid)
    OR (SELECT current_setting('app.tenant_id', true)) = '*');
GRANT SELECT, INSERT, UPDATE, DELETE ON late_usage TO arcadia_app;

-- A draft says so when something came to its month after it was rated.
CREATE FUNCTION invoice_is_stale(stale_since timestamptz, status text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT stale_since IS NOT NULL AND status = 'DRAFT' $$;
