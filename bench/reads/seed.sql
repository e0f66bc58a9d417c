-- Tenants × 5 deployments, each with 2 add-ons, and 3 invoices of 16 lines a tenant; the last tenant has 50 deployments.
-- `bench.tenants` says how many. Ids are UUIDv7 whose last digits are numbers, so that every run seeds the same rows.
BEGIN;

CREATE FUNCTION pg_temp.seed_id(kind integer, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT format('019d4500-%s-7000-8000-%s', lpad(to_hex(kind), 4, '0'), lpad(to_hex(number), 12, '0'))::uuid
$$;

-- The catalog.
INSERT INTO plans (id, code, name, description, created_at)
SELECT pg_temp.seed_id(1, n), code, initcap(code), 'The ' || code || ' plan', '2025-01-01Z'
FROM (VALUES (1, 'starter'), (2, 'team'), (3, 'business')) AS plan (n, code);

INSERT INTO plan_versions (id, plan_id, version, status, currency, base_price_cents, proration, created_at)
SELECT pg_temp.seed_id(2, n * 10 + version), pg_temp.seed_id(1, n), version, 'DRAFT', 'AUD', price + 500 * version, 'DAILY', '2025-01-01Z'
FROM (VALUES (1, 4900), (2, 19900), (3, 49900)) AS plan (n, price), generate_series(1, 2) AS version;

INSERT INTO plan_resources (id, plan_version_id, resource_kind, included_quantity, price_model)
SELECT pg_temp.seed_id(3, n * 100 + version * 10 + k), pg_temp.seed_id(2, n * 10 + version), kind, included * n, 'PER_UNIT'
FROM generate_series(1, 3) AS n, generate_series(1, 2) AS version,
    (VALUES (1, 'droplet_hours', 744), (2, 'storage_gb', 50), (3, 'egress_gb', 500)) AS resource (k, kind, included);

INSERT INTO plan_price_tiers (id, plan_resource_id, position, unit_price_cents, flat_price_cents)
SELECT pg_temp.seed_id(4, n), id, 1, 1.25, 0 FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM plan_resources) AS resource;

UPDATE plan_versions SET status = 'PUBLISHED', published_at = '2025-02-01Z';
UPDATE plan_versions SET status = 'RETIRED' WHERE version = 1;

INSERT INTO addons (id, code, name, currency, price_cents, resource_kind, quantity, active, created_at)
SELECT pg_temp.seed_id(5, n), code, initcap(code), 'AUD', price, kind, quantity, true, '2025-01-01Z'
FROM (VALUES (1, 'backups', 900, 'storage_gb', 25), (2, 'support', 2900, NULL, 1), (3, 'staging', 1900, 'droplet_hours', 744),
             (4, 'traffic', 1500, 'egress_gb', 250)) AS addon (n, code, price, kind, quantity);

-- Tenants, deployments, subscriptions.
CREATE TEMPORARY TABLE seeded_tenants ON COMMIT DROP AS
SELECT n, CASE WHEN n <= current_setting('bench.tenants')::integer THEN 5 ELSE 50 END AS deployments
FROM generate_series(1, current_setting('bench.tenants')::integer + 1) AS n;

CREATE TEMPORARY TABLE seeded ON COMMIT DROP AS
SELECT n, k, n * 100 + k AS number, pg_temp.seed_id(6, n) AS tenant_id, (n + k) % 3 + 1 AS plan
FROM seeded_tenants, generate_series(1, deployments) AS k;

INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)
SELECT pg_temp.seed_id(6, n), 'tenant-' || to_char(n, 'FM0000'), 'Tenant ' || to_char(n, 'FM0000') || ' Pty Ltd', 'AU', 'AUD', false, '2025-03-01Z'
FROM seeded_tenants;

INSERT INTO cloud_deployments (id, tenant_id, slug, display_name, region, state, llm_mode, billing_action_suspended, created_at, updated_at)
SELECT pg_temp.seed_id(7, number), tenant_id, 'app-' || to_char(k, 'FM00') || '-' || to_char(n, 'FM0000'), 'Application ' || k,
    (ARRAY['syd1', 'sgp1', 'fra1'])[k % 3 + 1], 'ACTIVE', (ARRAY['DISABLED', 'BYOK', 'MANAGED'])[n % 3 + 1], false, '2025-03-02Z', '2025-03-02Z'
FROM seeded;

INSERT INTO cloud_deployment_events (id, tenant_id, deployment_id, from_state, to_state, actor, reason, withheld, occurred_at, cause)
SELECT pg_temp.seed_id(8, number), tenant_id, pg_temp.seed_id(7, number), NULL, 'ACTIVE', 'seed', NULL, false, '2025-03-02Z', 'OPERATOR'
FROM seeded;

INSERT INTO subscriptions (id, tenant_id, deployment_id, plan_version_id, status, started_on, created_at)
SELECT pg_temp.seed_id(9, number), tenant_id, pg_temp.seed_id(7, number), pg_temp.seed_id(2, plan * 10 + 2), 'ACTIVE', '2025-03-02', '2025-03-02Z'
FROM seeded;

INSERT INTO subscription_plan_versions (id, tenant_id, subscription_id, plan_version_id, effective_on, created_at)
SELECT pg_temp.seed_id(10, number), tenant_id, pg_temp.seed_id(9, number), pg_temp.seed_id(2, plan * 10 + 2), '2025-03-02', '2025-03-02Z'
FROM seeded;

INSERT INTO subscription_active_spans (id, tenant_id, subscription_id, first_on)
SELECT pg_temp.seed_id(11, number), tenant_id, pg_temp.seed_id(9, number), '2025-03-02'
FROM seeded;

INSERT INTO subscription_addons (id, tenant_id, subscription_id, addon_id, code, price_cents, resource_kind, quantity, attached_at, attached_on)
SELECT pg_temp.seed_id(12, number * 10 + a), tenant_id, pg_temp.seed_id(9, number), addon.id, addon.code, addon.price_cents, addon.resource_kind,
    addon.quantity, '2025-03-02Z'::timestamptz + a * interval '1 minute', '2025-03-02'
FROM seeded, generate_series(1, 2) AS a JOIN addons AS addon ON true
WHERE addon.id = pg_temp.seed_id(5, (n + k + a) % 4 + 1);

-- Invoices: for each deployment its plan and its two add-ons, then the tax.
CREATE TEMPORARY TABLE seeded_lines ON COMMIT DROP AS
SELECT n, n * 10 + month AS invoice, month, (k - 1) * 3 + 1 AS position, 'PLAN_BASE' AS kind, initcap(plan.code) || ' plan' AS description,
    number, NULL::uuid AS subscription_addon_id, version.base_price_cents AS amount_cents
FROM seeded JOIN plans AS plan ON plan.id = pg_temp.seed_id(1, plan)
    JOIN plan_versions AS version ON version.id = pg_temp.seed_id(2, seeded.plan * 10 + 2), generate_series(1, 3) AS month
UNION ALL
SELECT n, n * 10 + month, month, (k - 1) * 3 + 1 + a, 'ADDON', initcap(addon.code) || ' add-on', number, addon.id, addon.price_cents
FROM seeded, generate_series(1, 2) AS a JOIN subscription_addons AS addon ON true, generate_series(1, 3) AS month
WHERE addon.id = pg_temp.seed_id(12, number * 10 + a);

INSERT INTO tenant_invoices (id, tenant_id, period_start, period_end, revision, status, currency, subtotal_cents, tax_cents, total_cents, input_hash, created_at)
SELECT pg_temp.seed_id(13, invoice), pg_temp.seed_id(6, n), make_date(2026, month, 1), make_date(2026, month + 1, 1), 1, 'DRAFT', 'AUD',
    sum(amount_cents), round(sum(amount_cents) / 10), sum(amount_cents) + round(sum(amount_cents) / 10),
    encode(sha256(invoice::text::bytea), 'hex'), make_date(2026, month + 1, 1)::timestamp AT TIME ZONE 'UTC'
FROM seeded_lines GROUP BY n, invoice, month;

INSERT INTO tenant_invoice_lines (id, tenant_id, invoice_id, position, key, kind, description, quantity, unit_price_cents, amount_cents,
    deployment_id, subscription_id, subscription_addon_id, period_start)
SELECT pg_temp.seed_id(14, invoice * 1000 + position), pg_temp.seed_id(6, n), pg_temp.seed_id(13, invoice), position, lower(kind) || ':' || position,
    kind, description, 1, amount_cents, amount_cents, pg_temp.seed_id(7, number), pg_temp.seed_id(9, number), subscription_addon_id,
    make_date(2026, month, 1)
FROM seeded_lines
UNION ALL
SELECT pg_temp.seed_id(14, n * 10000 + month * 1000 + deployments * 3 + 1), invoice.tenant_id, invoice.id, deployments * 3 + 1, 'tax', 'TAX', 'GST 10%',
    1, invoice.tax_cents, invoice.tax_cents, NULL, NULL, NULL, invoice.period_start
FROM seeded_tenants, generate_series(1, 3) AS month JOIN tenant_invoices AS invoice ON true
WHERE invoice.id = pg_temp.seed_id(13, n * 10 + month)
ORDER BY 1;

UPDATE tenant_invoices SET status = 'ISSUED', issued_at = created_at, issued_on = period_end, due_on = period_end + 14, number = numbered.number
FROM (SELECT id, 'INV-2026-' || to_char(row_number() OVER (ORDER BY period_start, id), 'FM000000') AS number FROM tenant_invoices) AS numbered
WHERE numbered.id = tenant_invoices.id;
UPDATE tenant_invoices SET status = 'PAID', paid_at = issued_at + interval '7 days', payment_reference = 'transfer ' || number
WHERE period_start < '2026-03-01';
INSERT INTO invoice_number_sequences (year, last_number) SELECT 2026, count(*) FROM tenant_invoices;

COMMIT;
