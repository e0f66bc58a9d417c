-- `bench.deployments` deployments, `bench.per_tenant` of them a tenant, subscribed in the month from
-- `bench.month` on, each with two add-ons and three kinds of usage on every day. Ids are UUIDv7 whose last digits are numbers.
BEGIN;
SET LOCAL session_replication_role = replica; -- no triggers: what is seeded keeps their rules

CREATE FUNCTION pg_temp.seed_id(kind integer, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT format('019d4500-%s-7000-8000-%s', lpad(to_hex(kind), 4, '0'), lpad(to_hex(number), 12, '0'))::uuid
$$;

INSERT INTO plans (id, code, name, description, created_at)
SELECT pg_temp.seed_id(1, n), code, initcap(code), 'The ' || code || ' plan', '2025-01-01Z'
FROM (VALUES (1, 'starter'), (2, 'team'), (3, 'business')) AS plan (n, code);

INSERT INTO plan_versions (id, plan_id, version, status, currency, base_price_cents, proration, created_at, published_at)
SELECT pg_temp.seed_id(2, n), pg_temp.seed_id(1, n), 1, 'PUBLISHED', 'AUD', price, 'DAILY', '2025-01-01Z', '2025-01-01Z'
FROM (VALUES (1, 4900), (2, 19900), (3, 49900)) AS plan (n, price);

INSERT INTO plan_resources (id, plan_version_id, resource_kind, included_quantity, price_model)
SELECT pg_temp.seed_id(3, n * 10 + k), pg_temp.seed_id(2, n), kind, included * n, model
FROM generate_series(1, 3) AS n, (VALUES (1, 'droplet_hours', 300, 'GRADUATED'), (2, 'egress_gb', 50, 'PER_UNIT'),
    (3, 'storage_gb', 400, 'PER_UNIT')) AS resource (k, kind, included, model);

INSERT INTO plan_price_tiers (id, plan_resource_id, position, up_to, unit_price_cents, flat_price_cents)
SELECT pg_temp.seed_id(4, n * 10 + tier), pg_temp.seed_id(3, n * 10 + k), position, up_to, price, 0
FROM generate_series(1, 3) AS n, (VALUES (1, 1, 1, 500, 1.0), (2, 1, 2, NULL, 0.8), (3, 2, 1, NULL, 1.25),
    (4, 3, 1, NULL, 10)) AS resource (tier, k, position, up_to, price);

INSERT INTO addons (id, code, name, currency, price_cents, resource_kind, quantity, active, created_at)
SELECT pg_temp.seed_id(5, n), code, initcap(code), 'AUD', price, kind, quantity, true, '2025-01-01Z'
FROM (VALUES (1, 'backups', 900, 'storage_gb', 25), (2, 'support', 2900, NULL, 1), (3, 'staging', 1900, 'droplet_hours', 120),
             (4, 'traffic', 1500, 'egress_gb', 25)) AS addon (n, code, price, kind, quantity);

CREATE TEMPORARY TABLE seeded ON COMMIT DROP AS
SELECT n, k, number, pg_temp.seed_id(6, n) AS tenant_id, pg_temp.seed_id(7, number) AS deployment_id,
    pg_temp.seed_id(9, number) AS subscription_id, pg_temp.seed_id(2, number % 3 + 1) AS plan_version_id,
    -- One in ten begins within the month.
    current_setting('bench.month')::date + CASE WHEN number % 10 = 0 THEN 3 + number % 20 ELSE 0 END::integer AS started_on
FROM (SELECT number, (number - 1) / current_setting('bench.per_tenant')::bigint + 1 AS n,
             (number - 1) % current_setting('bench.per_tenant')::bigint + 1 AS k
      FROM generate_series(1, current_setting('bench.deployments')::bigint) AS number) AS numbered;

INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)
SELECT DISTINCT tenant_id, 'tenant-' || n, 'Tenant ' || n || ' Pty Ltd', 'AU', 'AUD', false, current_setting('bench.month')::date
FROM seeded ORDER BY 1;

INSERT INTO cloud_deployments (id, tenant_id, slug, display_name, region, state, llm_mode, billing_action_suspended, created_at, updated_at)
SELECT deployment_id, tenant_id, 'app-' || to_char(k, 'FM00000') || '-' || n, 'Application ' || k, 'syd1', 'ACTIVE', 'DISABLED', false,
    started_on, started_on
FROM seeded ORDER BY number;

INSERT INTO subscriptions (id, tenant_id, deployment_id, plan_version_id, status, started_on, created_at)
SELECT subscription_id, tenant_id, deployment_id, plan_version_id, 'ACTIVE', started_on, started_on FROM seeded ORDER BY number;

INSERT INTO subscription_plan_versions (id, tenant_id, subscription_id, plan_version_id, effective_on, created_at)
SELECT pg_temp.seed_id(10, number), tenant_id, subscription_id, plan_version_id, started_on, started_on FROM seeded ORDER BY number;

INSERT INTO subscription_active_spans (id, tenant_id, subscription_id, first_on)
SELECT pg_temp.seed_id(11, number), tenant_id, subscription_id, started_on FROM seeded ORDER BY number;

INSERT INTO subscription_addons (id, tenant_id, subscription_id, addon_id, code, price_cents, resource_kind, quantity, attached_at, attached_on)
SELECT pg_temp.seed_id(12, number * 10 + a), tenant_id, subscription_id, addon.id, addon.code, addon.price_cents, addon.resource_kind,
    addon.quantity, started_on::timestamp AT TIME ZONE 'UTC' + a * interval '1 minute', started_on
FROM seeded, generate_series(1, 2) AS a JOIN addons AS addon ON true
WHERE addon.id = pg_temp.seed_id(5, (number + a) % 4 + 1)
ORDER BY number, a;

INSERT INTO usage_daily_totals (id, tenant_id, deployment_id, resource_kind, resource_id, day, total, peak, first_at, last_level, level_microseconds)
SELECT pg_temp.seed_id(13, number * 100 + usage.k * 32 + extract(day FROM day)::integer), tenant_id, deployment_id, kind,
    '00000000-0000-0000-0000-000000000000', day::date,
    quantity, quantity, day AT TIME ZONE 'UTC', quantity, quantity * 86400000000
FROM seeded,
    generate_series(started_on::timestamp, started_on + interval '1 month' - interval '1 day', interval '1 day') AS day,
    LATERAL (VALUES (0, 'droplet_hours', 48 + (number % 3) * 24 + extract(day FROM day)::numeric % 5),
                    (1, 'egress_gb', 10 + (number % 7) + extract(day FROM day)::numeric / 4),
                    (2, 'storage_gb', 100 + (number % 50) + extract(day FROM day)::numeric)) AS usage (k, kind, quantity)
WHERE day < current_setting('bench.month')::date + interval '1 month'
ORDER BY number, usage.k, day;

COMMIT;
