-- Rollup runs.
CREATE INDEX rollup_chunks_unfinished_idx ON rollup_chunks (run_id) WHERE finished_at IS NULL;
CREATE INDEX rollup_warnings_run_id_idx ON rollup_warnings (run_id, id);
CREATE INDEX rollup_warnings_tenant_id_idx ON rollup_warnings (tenant_id);
CREATE INDEX rollup_outcomes_tenant_id_idx ON rollup_outcomes (tenant_id);
CREATE INDEX rollup_failures_tenant_id_idx ON rollup_failures (tenant_id);
CREATE INDEX rollup_unpriced_usage_tenant_id_idx ON rollup_unpriced_usage (tenant_id);
