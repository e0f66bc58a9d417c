-- Subscriptions: at most one open span of active days, and the current month.

CREATE UNIQUE INDEX subscription_active_spans_open_key ON subscription_active_spans (subscription_id) WHERE last_on IS NULL;

CREATE INDEX subscription_active_spans_subscription_id_idx ON subscription_active_spans (subscription_id, first_on);
CREATE INDEX subscription_active_spans_tenant_id_idx ON subscription_active_spans (tenant_id);
CREATE INDEX subscription_plan_versions_tenant_id_idx ON subscription_plan_versions (tenant_id);
CREATE INDEX subscription_addons_subscription_id_idx ON subscription_addons (subscription_id, attached_at, id);
CREATE INDEX subscriptions_pending_idx ON subscriptions (pending_from) WHERE pending_from IS NOT NULL;

-- A subscription's current month: the calendar month of today, but not before its start nor after its end.
CREATE FUNCTION subscription_period_start(started_on date, ended_on date, today date) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT least(greatest(started_on, today), ended_on)
         - (extract(day FROM least(greatest(started_on, today), ended_on))::int - 1)
$$;
CREATE FUNCTION subscription_period_end(started_on date, ended_on date, today date) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (subscription_period_start(started_on, ended_on, today) + interval '1 month')::date
$$;
