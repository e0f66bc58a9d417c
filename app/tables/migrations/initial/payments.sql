-- Money that moved: rows are never deleted. A payment's reversal and the rest of a write-off are all that changes.

CREATE INDEX payments_recorded_at_idx ON payments (tenant_id, recorded_at, id);
CREATE INDEX write_offs_invoice_id_idx ON write_offs (tenant_id, invoice_id, id);
CREATE INDEX recoveries_invoice_id_idx ON recoveries (tenant_id, invoice_id, id);
CREATE INDEX refunds_recorded_at_idx ON refunds (tenant_id, recorded_at, id);

CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER write_offs_no_delete BEFORE DELETE ON write_offs
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER write_off_taxes_append_only BEFORE UPDATE OR DELETE ON write_off_taxes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refunds_append_only BEFORE UPDATE OR DELETE ON refunds
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER recoveries_append_only BEFORE UPDATE OR DELETE ON recoveries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Of a payment only the reversal is written, once; of a write-off only the rest falls.
CREATE FUNCTION payments_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['reversed_at', 'reversed_by', 'reversal_reason'];
BEGIN
    IF OLD.reversed_at IS NULL AND to_jsonb(OLD) - free = to_jsonb(NEW) - free THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'payment % does not change', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER payments_immutable BEFORE UPDATE ON payments
    FOR EACH ROW EXECUTE FUNCTION payments_refuse_change();

CREATE FUNCTION write_offs_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.rest_cents < OLD.rest_cents AND to_jsonb(OLD) - 'rest_cents' = to_jsonb(NEW) - 'rest_cents' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'write-off % does not change', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER write_offs_immutable BEFORE UPDATE ON write_offs
    FOR EACH ROW EXECUTE FUNCTION write_offs_refuse_change();
