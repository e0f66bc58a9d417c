-- What invoices and tenants show of their balances, and the history that balances of an earlier day are counted back by.

CREATE INDEX invoice_application_reversals_application_id_idx
    ON invoice_application_reversals (tenant_id, application_id, id);
CREATE TRIGGER invoice_application_reversals_append_only BEFORE UPDATE OR DELETE ON invoice_application_reversals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- A bank statement's rows are looked for over all tenants.
CREATE INDEX payments_reference_idx ON payments (reference) WHERE method = 'BANK_TRANSFER';

-- Of an invoice that is not issued there is no balance: null.
CREATE FUNCTION invoice_balance_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT b.balance_cents FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;
CREATE FUNCTION invoice_paid_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT b.paid_cents FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;
CREATE FUNCTION invoice_applied_credit_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT b.credit_cents FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;
CREATE FUNCTION invoice_written_off_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT b.written_off_cents FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;
CREATE FUNCTION invoice_recovered_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT b.recovered_cents FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;
CREATE FUNCTION invoice_settled_by(invoice_tenant uuid, invoice uuid) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT b.settled_by FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;
-- The first day after the due date, once it has come and while the invoice has a balance.
CREATE FUNCTION invoice_overdue_since(invoice_tenant uuid, invoice uuid, today date) RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT b.due_on + 1 FROM invoice_balances b
    WHERE b.tenant_id = invoice_tenant AND b.id = invoice AND b.balance_cents > 0 AND b.due_on < today
$$;

CREATE FUNCTION tenant_credit_cents(tenant uuid, tenant_currency text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(max(t.credit_cents), 0) FROM tenant_balances t
    WHERE t.tenant_id = tenant AND t.currency = tenant_currency
$$;
CREATE FUNCTION tenant_open_cents(tenant uuid, tenant_currency text) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(b.balance_cents), 0) FROM invoice_balances b
    WHERE b.tenant_id = tenant AND b.currency = tenant_currency AND b.balance_cents > 0
$$;
CREATE FUNCTION tenant_overdue_cents(tenant uuid, tenant_currency text, today date) RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(b.balance_cents), 0) FROM invoice_balances b
    WHERE b.tenant_id = tenant AND b.currency = tenant_currency AND b.balance_cents > 0 AND b.due_on < today
$$;
