-- From a level to those before and after it of the same day and resource, however many the day has; of levels set at the
-- same instant the highest counts. Only levels are in it: other events are recorded as fast as before.
CREATE INDEX usage_records_levels_idx
    ON usage_records (tenant_id, deployment_id, resource_kind, level_stream, day, occurred_at, quantity)
    WHERE level_stream IS NOT NULL;
-- The corrections of the events of one instant.
CREATE INDEX usage_corrections_occurred_at_idx
    ON usage_corrections (tenant_id, deployment_id, resource_kind, day, occurred_at, record_id);
