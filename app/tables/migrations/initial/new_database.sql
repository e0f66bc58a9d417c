-- The rows of a new database.
INSERT INTO resource_kinds (code, unit, aggregation, description, created_at) VALUES
    ('droplet_hours', 'hour', 'SUM', 'Hours that droplets ran', now()),
    ('storage_gb', 'GB', 'MAX', 'The highest storage held', now()),
    ('storage_gb_hours', 'GB h', 'TIME_WEIGHTED', 'Storage held, over time', now()),
    ('egress_gb', 'GB', 'SUM', 'Traffic sent out', now()),
    ('llm_input_tokens', 'token', 'SUM', 'Tokens sent to language models', now()),
    ('llm_output_tokens', 'token', 'SUM', 'Tokens that language models wrote', now());

INSERT INTO tax_rates (id, country, name, rate, valid_from) VALUES
    ('019d4500-0000-7000-8000-000000000001', 'AU', 'GST', 0.10, '2000-07-01');

INSERT INTO installation (id, billing_time_zone, billing_months_through, cron_ran_at) VALUES (1, NULL, NULL, NULL);

-- The row by which processes see that row-level security is in force. Inserted before the policies, which bind the owner.
INSERT INTO row_security_probe (id, tenant_id) VALUES
    ('019d4500-0000-7000-8000-000000000002', '019d4500-0000-7000-8000-000000000003');
