-- Deployments, their history and their resources.

-- A provider's id names one resource that is not destroyed: one moved to another deployment ends and begins anew there.
CREATE UNIQUE INDEX cloud_resources_not_destroyed_key ON cloud_resources (provider, external_id) WHERE destroyed_at IS NULL;

CREATE TRIGGER cloud_deployment_events_append_only BEFORE UPDATE OR DELETE ON cloud_deployment_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE INDEX cloud_deployments_slug_id_idx ON cloud_deployments (slug, id);
CREATE INDEX cloud_deployment_events_deployment_id_idx ON cloud_deployment_events (deployment_id, occurred_at, id);
CREATE INDEX cloud_deployment_events_tenant_id_idx ON cloud_deployment_events (tenant_id);
CREATE INDEX cloud_resources_deployment_id_idx ON cloud_resources (deployment_id, id);
CREATE INDEX cloud_resources_tenant_id_idx ON cloud_resources (tenant_id);
CREATE INDEX cloud_resources_provider_name_idx ON cloud_resources (provider, name);
CREATE INDEX cloud_resources_external_id_idx ON cloud_resources (provider, external_id);
