-- The provider's bills.

-- A provider's id names one bill that is not withdrawn; a withdrawn one leaves room for the next.
CREATE UNIQUE INDEX cloud_invoices_not_withdrawn_key ON cloud_invoices (provider, external_id) WHERE withdrawn_at IS NULL;

CREATE INDEX cloud_invoices_period_start_idx ON cloud_invoices (period_start, id);
CREATE INDEX cloud_invoice_lines_month_idx ON cloud_invoice_lines (month, tenant_id);
CREATE INDEX cloud_invoice_lines_tenant_id_idx ON cloud_invoice_lines (tenant_id);
