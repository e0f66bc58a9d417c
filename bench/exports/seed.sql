-- A tenant for each issued invoice of 1,000 lines: {few} lines issued in January 2026, {many} in February.
SET session_replication_role = replica;
INSERT INTO tenants (id, code, name, country, currency, tax_exempt, created_at)
SELECT gen_random_uuid(), 't' || n, 'Tenant', 'AU', 'AUD', false, '2025-01-01Z' FROM generate_series(1, ({few} + {many}) / 1000) AS n;
INSERT INTO tenant_invoices (id, tenant_id, number, period_start, period_end, revision, status, currency, subtotal_cents, tax_cents, total_cents,
    input_hash, created_at, issued_at, issued_on, due_on)
SELECT gen_random_uuid(), id, format('INV-2026-%s', lpad(n::text, 6, '0')), '2025-12-01', '2026-01-01', 1, 'ISSUED', 'AUD', 1000, 0, 1000, repeat('0', 64), day, day, day, day + 14
FROM (SELECT id, n, CASE WHEN n <= {few} / 1000 THEN date '2026-01-02' ELSE date '2026-02-02' END AS day FROM (SELECT id, substr(code, 2)::integer AS n FROM tenants) AS t) AS t;
INSERT INTO invoice_balances (id, tenant_id, currency, due_on, total_cents, paid_cents, credit_cents, noted_cents, written_off_cents, voided_cents, recovered_cents,
    credited_net_cents, credited_tax_cents, balance_cents)
SELECT id, tenant_id, 'AUD', due_on, 1000, 0, 0, 0, 0, 0, 0, 0, 0, 1000 FROM tenant_invoices;
INSERT INTO tenant_invoice_lines (id, tenant_id, invoice_id, position, key, kind, description, resource_kind, quantity, unit_price_cents, amount_cents, deployment_id,
    subscription_id, period_start)
SELECT gen_random_uuid(), i.tenant_id, i.id, n, 'line-' || n, 'OVERAGE', 'droplet_hours: 672 h over 1488 h included', 'droplet_hours', 672.0, 1.25, 1,
    gen_random_uuid(), gen_random_uuid(), '2025-12-01'
FROM tenant_invoices i, generate_series(1, 1000) AS n;
