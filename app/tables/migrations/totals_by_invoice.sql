-- The same promise as in walls.sql, for a fraction of the work: written lines whose invoice does not (yet) agree touch the
-- invoice, which queues the check of its totals for the commit. Each invoice's lines are summed once, by its index.
CREATE OR REPLACE FUNCTION tenant_invoice_lines_queue_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tenant_invoices i SET revision = i.revision
    FROM (SELECT DISTINCT invoice_id FROM changed) AS written
    WHERE i.id = written.invoice_id AND i.total_cents <> (
        SELECT coalesce(sum(l.amount_cents), 0) FROM tenant_invoice_lines l WHERE l.invoice_id = written.invoice_id);
    RETURN NULL;
END $$;
