-- Credit notes: append-only, with lines that sum to their totals.

CREATE INDEX credit_notes_invoice_id_idx ON credit_notes (tenant_id, invoice_id, id);
CREATE INDEX credit_notes_issued_on_idx ON credit_notes (issued_on, id);
-- By the line alone: PostgreSQL looks for references to each line of a draft that is deleted, without the tenant.
CREATE INDEX credit_note_lines_invoice_line_id_idx ON credit_note_lines (invoice_line_id);
CREATE INDEX absorbed_corrections_invoice_line_id_idx ON absorbed_corrections (invoice_line_id);
CREATE INDEX absorbed_corrections_tenant_id_idx ON absorbed_corrections (tenant_id);

CREATE TRIGGER absorbed_corrections_append_only BEFORE UPDATE OR DELETE ON absorbed_corrections
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_notes_append_only BEFORE UPDATE OR DELETE ON credit_notes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_note_lines_append_only BEFORE UPDATE OR DELETE ON credit_note_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- One statement writes all lines of a note, so that none can be added to a note that is issued.
CREATE FUNCTION credit_note_lines_refuse_addition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT tenant_id, credit_note_id FROM written) AS n
        JOIN credit_note_lines l ON l.tenant_id = n.tenant_id AND l.credit_note_id = n.credit_note_id
        WHERE l.id NOT IN (SELECT id FROM written)) THEN
        RAISE EXCEPTION 'the credit note has its lines already, and none is added'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER credit_note_lines_no_addition AFTER INSERT ON credit_note_lines
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION credit_note_lines_refuse_addition();

CREATE FUNCTION credit_notes_check_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT (coalesce(sum(amount_cents) FILTER (WHERE taxed_net_cents IS NULL), 0),
                coalesce(sum(amount_cents) FILTER (WHERE taxed_net_cents IS NOT NULL), 0))
        FROM credit_note_lines WHERE tenant_id = NEW.tenant_id AND credit_note_id = NEW.id)
        IS DISTINCT FROM (NEW.net_cents::numeric, NEW.tax_cents::numeric) THEN
        RAISE EXCEPTION 'the lines of credit note % do not sum to its totals', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_notes_lines_sum_check';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER credit_notes_totals AFTER INSERT ON credit_notes
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION credit_notes_check_totals();

-- What credit notes took off an invoice, and what is left of it. An invoice that is not issued has no balance.
CREATE FUNCTION invoice_credited_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT b.credited_net_cents + b.credited_tax_cents FROM invoice_balances b
    WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;
CREATE FUNCTION invoice_remaining_net_cents(invoice_tenant uuid, invoice uuid, status text, subtotal_cents bigint)
    RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT subtotal_cents - b.credited_net_cents FROM invoice_balances b
    WHERE status <> 'VOID' AND b.tenant_id = invoice_tenant AND b.id = invoice
$$;
CREATE FUNCTION invoice_remaining_tax_cents(invoice_tenant uuid, invoice uuid, status text, tax_cents bigint)
    RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT tax_cents - b.credited_tax_cents FROM invoice_balances b
    WHERE status <> 'VOID' AND b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- What corrections took off an invoice line, by LATE_CORRECTION notes or absorbed: it does not count as billed any more.
CREATE FUNCTION invoice_line_corrected_cents(line_tenant uuid, line uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (coalesce((
        SELECT sum(c.amount_cents) FROM credit_note_lines c
        JOIN credit_notes n
            ON n.tenant_id = c.tenant_id AND n.id = c.credit_note_id AND n.reason = 'LATE_CORRECTION'
        WHERE c.tenant_id = line_tenant AND c.invoice_line_id = line), 0)
    + coalesce((
        SELECT sum(a.absorbed_cents) FROM absorbed_corrections a
        WHERE a.tenant_id = line_tenant AND a.invoice_line_id = line), 0))::bigint
$$;
