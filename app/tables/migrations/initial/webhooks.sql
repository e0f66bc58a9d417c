-- Webhooks: what is pending is found by endpoint, in the order of each aggregate.

ALTER TABLE webhook_endpoints ADD CONSTRAINT webhook_endpoints_tenant_id_id_key UNIQUE (tenant_id, id);
-- A delivery of a tenant's endpoint is the tenant's own. Those of the platform's endpoints have no tenant.
ALTER TABLE webhook_deliveries ADD CONSTRAINT webhook_deliveries_tenant_id_endpoint_id_fkey
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints (tenant_id, id) ON DELETE RESTRICT ON UPDATE RESTRICT;

CREATE INDEX webhook_deliveries_pending_idx ON webhook_deliveries (endpoint_id, aggregate_id, position) WHERE status = 'PENDING';
CREATE INDEX webhook_deliveries_tenant_id_idx ON webhook_deliveries (tenant_id, id);
CREATE INDEX webhook_deliveries_endpoint_id_idx ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_event_id_idx ON webhook_deliveries (event_id);
CREATE INDEX delivery_queues_next_attempt_at_idx ON delivery_queues (endpoint_id, next_attempt_at);
CREATE INDEX delivery_queues_tenant_id_idx ON delivery_queues (tenant_id);
