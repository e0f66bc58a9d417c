-- A key is unique for its tenant and subject; platform users have no tenant, and their keys are unique too.
CREATE UNIQUE INDEX idempotency_keys_tenant_id_subject_key_key ON idempotency_keys (tenant_id, subject, key) NULLS NOT DISTINCT;
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
CREATE INDEX audit_log_tenant_id_idx ON audit_log (tenant_id, occurred_at, id);
CREATE INDEX audit_log_occurred_at_idx ON audit_log (occurred_at, id);

-- Append-only for the owner of the table too, who would have to drop the trigger first.
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
