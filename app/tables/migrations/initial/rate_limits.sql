-- Updated often, so neither in the write-ahead log nor in a backup; room on each page, and no index on what changes.
ALTER TABLE rate_limit_buckets SET UNLOGGED;
ALTER TABLE rate_limit_buckets SET (fillfactor = 50);
-- A caller has one bucket per tenant; platform users have no tenant, and one bucket too.
CREATE UNIQUE INDEX rate_limit_buckets_tenant_id_subject_key ON rate_limit_buckets (tenant_id, subject) NULLS NOT DISTINCT;
