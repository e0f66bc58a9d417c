-- Tenants with a subscription and three years of billed months, of which some are due: months that no rollup has rated, open credits, and changes that wait.
INSERT INTO plans (id, code, name, created_at) VALUES ('019d4500-0000-7000-8000-000000000010', 'studio', 'Studio', now());
INSERT INTO plan_versions (id, plan_id, version, status, currency, base_price_cents, proration, created_at, published_at)
VALUES ('019d4500-0000-7000-8000-000000000011', '019d4500-0000-7000-8000-000000000010', 1, 'PUBLISHED', 'AUD', 5000, 'NONE', now(), now());
INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)
SELECT format('019d4500-0001-7000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid, 't' || n, 'Tenant', 'AU', 'AUD', false, now()
FROM generate_series(1, {tenants}) AS n;
INSERT INTO cloud_deployments (id, tenant_id, slug, display_name, region, state, llm_mode, billing_action_suspended, created_at, updated_at)
SELECT format('019d4500-0002-7000-8000-%s', right(id::text, 12))::uuid, id, 'pilot', 'Pilot', 'syd1', 'ACTIVE', 'DISABLED', false, now(), now()
FROM tenants;
INSERT INTO subscriptions (id, tenant_id, deployment_id, plan_version_id, status, started_on, created_at)
SELECT format('019d4500-0003-7000-8000-%s', right(id::text, 12))::uuid, tenant_id, id, '019d4500-0000-7000-8000-000000000011', 'ACTIVE', '{first}', now()
FROM cloud_deployments;
INSERT INTO billing_months (id, tenant_id, period_start, state, run_id, rules_version, rated_cents, billed_cents, open_credit_deployments, rated_at)
SELECT gen_random_uuid(), t.id, m.month::date, 'ZERO', gen_random_uuid(), 1, 0, 0, '{{}}', now()
FROM tenants t CROSS JOIN generate_series('{first}'::timestamp, '{last}'::timestamp, interval '1 month') AS m (month)
WHERE m.month < '{last}' OR right(t.id::text, 2) <> '00';
UPDATE billing_months SET rated_cents = -500 WHERE right(tenant_id::text, 3) = 'aaa' AND period_start < '{last}';
INSERT INTO billing_month_changes (id, tenant_id, period_start, deployment_id, reason, changed_at)
SELECT gen_random_uuid(), tenant_id, period_start, NULL, 'USAGE', now() FROM billing_months
WHERE right(tenant_id::text, 3) = 'bbb' AND period_start >= '{first}'::date + interval '30 months';
UPDATE installation SET billing_months_through = ('{last}'::date - interval '1 month')::date;
