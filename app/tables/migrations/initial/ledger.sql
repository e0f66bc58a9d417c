-- The ledger: append-only, every entry balanced; and the balances beside it.

ALTER TABLE invoice_balances ADD CONSTRAINT invoice_balances_id_fkey FOREIGN KEY (tenant_id, id)
    REFERENCES tenant_invoices (tenant_id, id) ON DELETE RESTRICT ON UPDATE RESTRICT;
-- The tenant is implied by the reference to the entry; these tables take many rows, and each check costs.
ALTER TABLE journal_postings DROP CONSTRAINT journal_postings_tenant_id_fkey;
ALTER TABLE invoice_balances DROP CONSTRAINT invoice_balances_tenant_id_fkey;

-- All balances of a tenant, for data-integrity checks; those that are open, by due date; those that are overdue, for
-- dunning, without reading what is paid or disputed.
CREATE INDEX invoice_balances_tenant_id_idx ON invoice_balances (tenant_id);
CREATE INDEX invoice_balances_open_idx ON invoice_balances (tenant_id, due_on, id) WHERE balance_cents > 0;
CREATE INDEX invoice_balances_overdue_idx ON invoice_balances (due_on, tenant_id)
    WHERE balance_cents > 0 AND disputed_at IS NULL;
CREATE INDEX journal_entries_tenant_id_idx ON journal_entries (tenant_id, recorded_on, id);
CREATE INDEX journal_entries_recorded_on_idx ON journal_entries (recorded_on, id);
CREATE INDEX journal_entries_source_id_idx ON journal_entries (tenant_id, source_id);
CREATE INDEX invoice_applications_invoice_id_idx ON invoice_applications (tenant_id, invoice_id, id);
CREATE INDEX invoice_applications_payment_id_idx ON invoice_applications (tenant_id, payment_id, id);

CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE ON journal_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_postings_append_only BEFORE UPDATE OR DELETE ON journal_postings
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_balances_no_delete BEFORE DELETE ON invoice_balances
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_applications_no_delete BEFORE DELETE ON invoice_applications
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The postings of one statement add up to 0 entry by entry, so nothing can be added to an entry later that unbalances it.
CREATE FUNCTION journal_postings_check_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unbalanced uuid;
BEGIN
    SELECT entry_id INTO unbalanced FROM written GROUP BY entry_id HAVING sum(amount_cents) <> 0 LIMIT 1;
    IF unbalanced IS NOT NULL THEN
        RAISE EXCEPTION 'the postings of journal entry % do not add up to 0', unbalanced
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_postings_balance_check';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER journal_postings_balance AFTER INSERT ON journal_postings
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION journal_postings_check_balance();

-- At commit an entry has postings, and they add up to 0.
CREATE FUNCTION journal_entries_check_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount_cents) FROM journal_postings WHERE tenant_id = NEW.tenant_id AND entry_id = NEW.id)
        IS DISTINCT FROM 0 THEN
        RAISE EXCEPTION 'journal entry % has no postings, or they do not add up to 0', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entries_balance_check';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON journal_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_entries_check_balance();
