-- A caller's keys are one per tenant and subject; the platform's have no tenant, and are unique all the same.
CREATE UNIQUE INDEX idempotency_keys_tenant_id_subject_key_key ON idempotency_keys (tenant_id, subject, key) NULLS NOT DISTINCT;
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
CREATE INDEX audit_log_tenant_id_idx ON audit_log (tenant_id, occurred_at, id);
CREATE INDEX audit_log_occurred_at_idx ON audit_log (occurred_at, id);

-- What was done stays done: the owner too would have to take the trigger off first.
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['audit_log', 'idempotency_keys'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format(
            'CREATE POLICY tenant ON %I USING (
                tenant_id = (SELECT nullif(nullif(current_setting(''app.tenant_id'', true), ''''), ''*'')::uuid)
                OR (SELECT current_setting(''app.tenant_id'', true)) = ''*'')',
            owned
        );
    END LOOP;
END $$;

GRANT SELECT, INSERT ON audit_log TO arcadia_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO arcadia_app;
