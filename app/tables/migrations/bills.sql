-- A provider's id names one bill that counts; a withdrawn one leaves room for the next.
CREATE UNIQUE INDEX cloud_invoices_live_key ON cloud_invoices (provider, external_id) WHERE withdrawn_at IS NULL;
