-- Dunning: steps are append-only; an event that dunning caused refers to its step.

-- One policy for each tenant, and one for the platform.
CREATE UNIQUE INDEX dunning_policies_tenant_id_key ON dunning_policies (tenant_id) NULLS NOT DISTINCT;
-- A hold that has not ended: one per tenant; and those whose last day is over, for the daily run.
CREATE UNIQUE INDEX dunning_holds_open_key ON dunning_holds (tenant_id) WHERE ended_at IS NULL;
CREATE INDEX dunning_holds_until_idx ON dunning_holds (until, tenant_id) WHERE ended_at IS NULL;
CREATE INDEX dunning_holds_tenant_id_idx ON dunning_holds (tenant_id, held_at, id);
CREATE INDEX dunning_steps_taken_at_idx ON dunning_steps (taken_at, id);
CREATE INDEX dunning_steps_tenant_id_idx ON dunning_steps (tenant_id, taken_at, id);
CREATE INDEX dunning_failures_tenant_id_idx ON dunning_failures (tenant_id);
-- Deployments in a state that dunning moved them to, for the daily run.
CREATE INDEX cloud_deployments_dunned_idx ON cloud_deployments (tenant_id) WHERE dunned_at IS NOT NULL;

CREATE TRIGGER dunning_steps_append_only BEFORE UPDATE OR DELETE ON dunning_steps
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE cloud_deployment_events ADD CONSTRAINT cloud_deployment_events_dunning_step_fkey
    FOREIGN KEY (tenant_id, dunning_invoice_id, dunning_step) REFERENCES dunning_steps (tenant_id, invoice_id, kind)
    ON DELETE RESTRICT ON UPDATE RESTRICT;
-- A transition that a step asks for is recorded as withheld once.
CREATE UNIQUE INDEX cloud_deployment_events_withheld_key
    ON cloud_deployment_events (tenant_id, deployment_id, dunning_invoice_id, dunning_step)
    WHERE withheld AND dunning_step IS NOT NULL;

-- An invoice's dispute, which is kept beside it.
CREATE FUNCTION invoice_disputed_at(invoice_tenant uuid, invoice uuid) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT b.disputed_at FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;
CREATE FUNCTION invoice_dispute_reason(invoice_tenant uuid, invoice uuid) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT b.dispute_reason FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;
