-- The documents of issued invoices and credit notes: only a missing PDF may be added.

CREATE INDEX issued_documents_invoice_id_idx ON issued_documents (tenant_id, invoice_id);
CREATE INDEX issued_documents_credit_note_id_idx ON issued_documents (tenant_id, credit_note_id);
CREATE INDEX issued_documents_without_pdf_idx ON issued_documents (id) WHERE pdf_sha256 IS NULL;
ALTER TABLE issued_documents ALTER COLUMN pdf SET STORAGE EXTERNAL; -- PDFs are compressed already

CREATE FUNCTION issued_documents_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.pdf IS NULL
        AND (NEW.id, NEW.tenant_id, NEW.invoice_id, NEW.credit_note_id, NEW.parties, NEW.applied_credit_cents, NEW.created_at)
            IS NOT DISTINCT FROM
            (OLD.id, OLD.tenant_id, OLD.invoice_id, OLD.credit_note_id, OLD.parties, OLD.applied_credit_cents, OLD.created_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an issued document does not change' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER issued_documents_guard BEFORE UPDATE OR DELETE ON issued_documents
    FOR EACH ROW EXECUTE FUNCTION issued_documents_guard();

CREATE FUNCTION document_pdf_sha256(document_tenant uuid, document uuid) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT d.pdf_sha256 FROM issued_documents d WHERE d.tenant_id = document_tenant AND d.id = document
$$;
