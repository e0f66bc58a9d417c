-- The push to the finance system: claimed by state, in the order of each invoice; what a push says never changes.

ALTER TABLE finance_queues ADD CONSTRAINT finance_queues_id_fkey FOREIGN KEY (tenant_id, id)
    REFERENCES tenant_invoices (tenant_id, id) ON DELETE RESTRICT ON UPDATE RESTRICT;
-- The tenant is implied by the reference to the invoice.
ALTER TABLE finance_queues DROP CONSTRAINT finance_queues_tenant_id_fkey;
ALTER TABLE finance_pushes DROP CONSTRAINT finance_pushes_tenant_id_fkey;

CREATE INDEX finance_queues_tenant_id_idx ON finance_queues (tenant_id, id);
CREATE INDEX finance_queues_next_attempt_at_idx ON finance_queues (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX finance_pushes_tenant_id_idx ON finance_pushes (tenant_id, id);
CREATE INDEX finance_pushes_invoice_id_idx ON finance_pushes (tenant_id, invoice_id, id);
CREATE INDEX finance_pushes_unsent_idx ON finance_pushes (status, recorded_at) WHERE status <> 'SENT';
CREATE INDEX receivables_out_of_step_tenant_id_idx ON receivables_out_of_step (tenant_id, invoice_id);

CREATE FUNCTION finance_pushes_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.body IS NULL OR NEW.body = OLD.body) AND OLD.status <> 'SENT'
        AND (NEW.id, NEW.tenant_id, NEW.invoice_id, NEW.sequence, NEW.kind, NEW.source_id, NEW.amount_cents, NEW.recorded_at)
            IS NOT DISTINCT FROM
            (OLD.id, OLD.tenant_id, OLD.invoice_id, OLD.sequence, OLD.kind, OLD.source_id, OLD.amount_cents, OLD.recorded_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what a finance push says does not change' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER finance_pushes_guard BEFORE UPDATE OR DELETE ON finance_pushes
    FOR EACH ROW EXECUTE FUNCTION finance_pushes_guard();
