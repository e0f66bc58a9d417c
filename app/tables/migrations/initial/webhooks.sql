-- Webhooks: what is pending is found by endpoint, in the order of each aggregate.

CREATE INDEX webhook_deliveries_pending_idx ON webhook_deliveries (endpoint_id, aggregate_id, position) WHERE status = 'PENDING';
CREATE INDEX webhook_deliveries_failed_idx ON webhook_deliveries (endpoint_id) WHERE status = 'FAILED';
CREATE INDEX webhook_deliveries_tenant_id_idx ON webhook_deliveries (tenant_id, id);
CREATE INDEX webhook_deliveries_endpoint_id_idx ON webhook_deliveries (tenant_id, endpoint_id, id);
CREATE INDEX webhook_deliveries_event_id_idx ON webhook_deliveries (event_id);
CREATE INDEX delivery_queues_next_attempt_at_idx ON delivery_queues (endpoint_id, next_attempt_at);
CREATE INDEX delivery_queues_tenant_id_idx ON delivery_queues (tenant_id, endpoint_id);
