-- A provider's id names one bill that counts; a withdrawn one leaves room for the next.
CREATE UNIQUE INDEX cloud_invoices_live_key ON cloud_invoices (provider, external_id) WHERE withdrawn_at IS NULL;

-- The application may match a bill's rows again and withdraw a bill. Amounts, dates and texts are not its to change.
REVOKE UPDATE ON cloud_invoices FROM arcadia_app;
GRANT UPDATE (allocated_cents, matched_at, matched_by, withdrawn_at, withdrawn_by, withdrawal_reason)
    ON cloud_invoices TO arcadia_app;
GRANT UPDATE (cloud_resource_id, tenant_id, deployment_id, resource_kind, matched_by, unallocated_reason)
    ON cloud_invoice_lines TO arcadia_app;
