-- Invoices: one that is not void for each tenant and month, immutable once issued, with lines that sum to its totals.

CREATE UNIQUE INDEX tenant_invoices_not_void_key ON tenant_invoices (tenant_id, period_start) WHERE status <> 'VOID';

CREATE INDEX tenant_invoices_tenant_id_period_start_idx ON tenant_invoices (tenant_id, period_start, id);
CREATE INDEX tenant_invoices_period_start_idx ON tenant_invoices (period_start, id);
CREATE INDEX tenant_invoice_lines_deployment_id_idx
    ON tenant_invoice_lines (deployment_id, period_start DESC, id) WHERE deployment_id IS NOT NULL;
CREATE INDEX tenant_invoice_lines_subscription_id_idx
    ON tenant_invoice_lines (subscription_id, period_start DESC, id) WHERE subscription_id IS NOT NULL;
CREATE INDEX tenant_invoice_lines_subscription_addon_id_idx
    ON tenant_invoice_lines (subscription_addon_id, period_start DESC, id) WHERE subscription_addon_id IS NOT NULL;
CREATE INDEX tenant_invoice_lines_tenant_id_idx ON tenant_invoice_lines (tenant_id, period_start);
CREATE INDEX tenant_invoice_lines_charge_id_idx ON tenant_invoice_lines (charge_id) WHERE charge_id IS NOT NULL;
CREATE INDEX tenant_invoice_inputs_tenant_id_idx ON tenant_invoice_inputs (tenant_id, invoice_id, subscription_id);
CREATE INDEX tenant_invoice_inputs_corrections_idx
    ON tenant_invoice_inputs (tenant_id, late_month, invoice_id) WHERE late_month IS NOT NULL;
CREATE INDEX charges_tenant_id_idx ON charges (tenant_id, charged_on, id);

-- Charges are append-only. Lines and inputs are replaced, never updated; an invoice is voided, never deleted.
CREATE TRIGGER charges_append_only BEFORE UPDATE OR DELETE ON charges
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_invoice_lines_no_update BEFORE UPDATE ON tenant_invoice_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_invoice_inputs_no_update BEFORE UPDATE ON tenant_invoice_inputs
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_invoices_no_delete BEFORE DELETE ON tenant_invoices
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A draft may change; after that only whether it is paid, and its voiding.
CREATE FUNCTION tenant_invoices_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['status', 'paid_at', 'payment_reference', 'voided_at', 'void_reason'];
BEGIN
    IF OLD.status = 'DRAFT' AND NEW.status IN ('DRAFT', 'ISSUED', 'VOID') THEN
        RETURN NEW;
    END IF;
    IF (OLD.status, NEW.status) IN (('ISSUED', 'PAID'), ('PAID', 'ISSUED'), ('ISSUED', 'VOID'), ('PAID', 'VOID'))
        AND to_jsonb(OLD) - free = to_jsonb(NEW) - free THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'invoice % is % and does not change', OLD.id, lower(OLD.status)
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER tenant_invoices_immutable BEFORE UPDATE ON tenant_invoices
    FOR EACH ROW EXECUTE FUNCTION tenant_invoices_refuse_change();

CREATE FUNCTION tenant_invoice_contents_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM tenant_invoices WHERE id IN (SELECT invoice_id FROM changed) AND status <> 'DRAFT') THEN
        RAISE EXCEPTION 'the lines and inputs of an invoice that is no longer a draft do not change'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tenant_invoice_lines_insert_only_in_draft AFTER INSERT ON tenant_invoice_lines
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_contents_refuse_change();
CREATE TRIGGER tenant_invoice_lines_delete_only_in_draft AFTER DELETE ON tenant_invoice_lines
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_contents_refuse_change();
CREATE TRIGGER tenant_invoice_inputs_insert_only_in_draft AFTER INSERT ON tenant_invoice_inputs
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_contents_refuse_change();
CREATE TRIGGER tenant_invoice_inputs_delete_only_in_draft AFTER DELETE ON tenant_invoice_inputs
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_contents_refuse_change();

-- At commit an invoice's lines sum to its totals: a deferred trigger of the invoice checks it. Where written lines do not
-- (yet) agree with their invoice, the invoice is updated unchanged, which schedules that check. Each sum uses an index.
CREATE FUNCTION tenant_invoices_check_totals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    agrees boolean;
BEGIN
    SELECT i.subtotal_cents = coalesce(sum(l.amount_cents) FILTER (WHERE l.kind <> 'TAX'), 0)
       AND i.tax_cents = coalesce(sum(l.amount_cents) FILTER (WHERE l.kind = 'TAX'), 0)
    INTO agrees
    FROM tenant_invoices i LEFT JOIN tenant_invoice_lines l ON l.invoice_id = i.id
    WHERE i.id = NEW.id
    GROUP BY i.id;
    IF agrees IS NOT TRUE THEN
        RAISE EXCEPTION 'the lines of invoice % do not sum to its totals', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'tenant_invoices_lines_sum_check';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER tenant_invoices_totals_check AFTER INSERT OR UPDATE ON tenant_invoices
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenant_invoices_check_totals();

CREATE FUNCTION tenant_invoice_lines_schedule_totals_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tenant_invoices i SET revision = i.revision
    FROM (SELECT DISTINCT invoice_id FROM changed) AS written
    WHERE i.id = written.invoice_id AND i.total_cents <> (
        SELECT coalesce(sum(l.amount_cents), 0) FROM tenant_invoice_lines l WHERE l.invoice_id = written.invoice_id);
    RETURN NULL;
END $$;
CREATE TRIGGER tenant_invoice_lines_insert_totals_check AFTER INSERT ON tenant_invoice_lines
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_lines_schedule_totals_check();
CREATE TRIGGER tenant_invoice_lines_delete_totals_check AFTER DELETE ON tenant_invoice_lines
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_lines_schedule_totals_check();

-- A draft is stale while its month has changes that are not rated; it is stale since the first of them.
CREATE FUNCTION invoice_stale_since(invoice_tenant uuid, invoice_month date, status text) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT min(c.changed_at) FROM billing_month_changes c
    WHERE status = 'DRAFT' AND c.tenant_id = invoice_tenant AND c.period_start = invoice_month
$$;
CREATE FUNCTION invoice_is_stale(invoice_tenant uuid, invoice_month date, status text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT status = 'DRAFT' AND EXISTS (
        SELECT FROM billing_month_changes c WHERE c.tenant_id = invoice_tenant AND c.period_start = invoice_month)
$$;

-- The inputs that a line was rated from: the header of its invoice, then the documents of its subscription (or of the
-- charges without one), for a correction those of its month. Called in the statement that reads the line: one snapshot.
CREATE FUNCTION invoice_line_inputs(
    line_tenant uuid, line_invoice uuid, line_subscription uuid, line_month date, line_key text
) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT json_agg(document ORDER BY position) FROM (
        SELECT n.position, n.document FROM tenant_invoice_inputs n
        WHERE n.tenant_id = line_tenant AND n.invoice_id = line_invoice AND n.position = 0
        UNION ALL
        SELECT n.position, n.document FROM tenant_invoice_inputs n
        WHERE n.tenant_id = line_tenant AND n.invoice_id = line_invoice AND n.subscription_id = line_subscription
          AND CASE WHEN line_key LIKE 'late:%' THEN n.late_month = line_month ELSE n.late_month IS NULL END
        UNION ALL
        SELECT n.position, n.document FROM tenant_invoice_inputs n
        WHERE n.tenant_id = line_tenant AND n.invoice_id = line_invoice AND n.subscription_id IS NULL
          AND line_subscription IS NULL AND n.position > 0
          AND CASE WHEN line_key LIKE 'late:%' THEN n.late_month = line_month ELSE n.late_month IS NULL END
    ) AS documents
$$;
