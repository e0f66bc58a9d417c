-- Neither in the log nor in a backup, and short of I/O: its rows are changed often, in place, beside no index of what changes.
ALTER TABLE rate_limit_buckets SET UNLOGGED;
ALTER TABLE rate_limit_buckets SET (fillfactor = 50);
-- A caller has one bucket per tenant; the platform's users have no tenant, and one bucket all the same.
CREATE UNIQUE INDEX rate_limit_buckets_tenant_id_subject_key ON rate_limit_buckets (tenant_id, subject) NULLS NOT DISTINCT;

ALTER TABLE rate_limit_buckets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON rate_limit_buckets USING (
    tenant_id = (SELECT nullif(nullif(current_setting('app.tenant_id', true), ''), '*')::uuid)
    OR (SELECT current_setting('app.tenant_id', true)) = '*'
);

GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limit_buckets TO arcadia_app;
