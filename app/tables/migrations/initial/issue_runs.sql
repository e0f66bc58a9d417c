-- Issue runs.
CREATE INDEX issue_chunks_unfinished_idx ON issue_chunks (run_id) WHERE finished_at IS NULL;
CREATE INDEX issue_outcomes_tenant_id_idx ON issue_outcomes (tenant_id);
