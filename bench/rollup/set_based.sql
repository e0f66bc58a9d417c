-- What a statement of PostgreSQL's own can do: the same invoices and lines of the seeded month, of the tenants from $2 up to $3.
-- It knows that the seeded plans prorate by the day, are in force since a subscription's start, and price by PER_UNIT or GRADUATED;
-- it keeps no inputs and records no outcome.
WITH month AS MATERIALIZED (
    SELECT $1::date AS first, ($1::date + interval '1 month')::date AS next, ($1::date + interval '1 month')::date - $1::date AS days
), taxes AS MATERIALIZED (
    SELECT DISTINCT ON (x.country, x.name) x.country, x.name, x.rate FROM month, tax_rates x WHERE x.valid_from < month.next
    ORDER BY x.country, x.name, x.valid_from DESC
), subscribed AS MATERIALIZED (
    SELECT s.tenant_id, s.id, s.deployment_id, d.slug, p.code AS plan, v.id AS plan_version_id, v.version, v.base_price_cents,
        month.next - greatest(span.first_on, month.first) AS days,
        CASE WHEN span.first_on > month.first
            THEN ', ' || month.next - span.first_on || ' of ' || month.days || ' days' ELSE '' END AS prorated
    FROM month, subscriptions s
        JOIN cloud_deployments d ON d.id = s.deployment_id
        JOIN subscription_active_spans span ON span.subscription_id = s.id
        JOIN plan_versions v ON v.id = s.plan_version_id
        JOIN plans p ON p.id = v.plan_id
    WHERE s.tenant_id >= $2 AND s.tenant_id < $3 AND s.started_on < month.next AND (s.ended_on IS NULL OR s.ended_on >= month.first)
), used AS MATERIALIZED (
    SELECT u.deployment_id, u.resource_kind, k.unit, CASE k.aggregation WHEN 'MAX' THEN max(u.peak) ELSE sum(u.total) END AS quantity
    FROM month, usage_daily_totals u JOIN resource_kinds k ON k.code = u.resource_kind
    WHERE u.tenant_id >= $2 AND u.tenant_id < $3 AND u.month = month.first
    GROUP BY u.deployment_id, u.resource_kind, k.unit, k.aggregation
), granted AS MATERIALIZED (
    SELECT a.subscription_id, a.resource_kind, sum(a.quantity * CASE k.aggregation WHEN 'MAX' THEN month.days ELSE s.days END) AS quantity
    FROM month, subscribed s JOIN subscription_addons a ON a.subscription_id = s.id JOIN resource_kinds k ON k.code = a.resource_kind
    GROUP BY a.subscription_id, a.resource_kind
), over AS MATERIALIZED (
    SELECT s.*, r.id AS plan_resource_id, r.resource_kind, u.unit, r.price_model, included / month.days AS included,
        (u.quantity * month.days - included) / month.days AS quantity,
        CASE WHEN k.aggregation = 'MAX' THEN s.days::numeric / month.days ELSE 1 END AS share
    FROM month, subscribed s
        JOIN used u ON u.deployment_id = s.deployment_id
        JOIN plan_resources r ON r.plan_version_id = s.plan_version_id AND r.resource_kind = u.resource_kind
        JOIN resource_kinds k ON k.code = r.resource_kind
        LEFT JOIN granted g ON g.subscription_id = s.id AND g.resource_kind = r.resource_kind
        CROSS JOIN LATERAL (SELECT r.included_quantity * CASE k.aggregation WHEN 'MAX' THEN month.days ELSE s.days END
            + coalesce(g.quantity, 0) AS included) AS allowance
    WHERE u.quantity * month.days > included
), lines AS MATERIALIZED (
    SELECT tenant_id, slug, 1 AS part, '' AS sub_order, slug || '/base/' || plan || '@' || version AS key, 'PLAN_BASE' AS kind,
        'Plan: ' || plan || ' v' || version || prorated AS description, NULL AS resource_kind, 1::numeric AS quantity,
        base_price_cents::numeric AS unit_price_cents, round(base_price_cents::numeric * s.days / month.days)::bigint AS amount_cents,
        deployment_id, s.id AS subscription_id, NULL::uuid AS subscription_addon_id
    FROM month, subscribed s
    UNION ALL
    SELECT s.tenant_id, slug, 2, to_char(a.attached_at, 'YYYYMMDDHH24MISSUS') || a.id, slug || '/addon/' || a.id, 'ADDON', 'Addon: ' || a.code || prorated,
        a.resource_kind, 1, a.price_cents, round(a.price_cents::numeric * s.days / month.days)::bigint, deployment_id, s.id, a.id
    FROM month, subscribed s JOIN subscription_addons a ON a.subscription_id = s.id
    UNION ALL
    SELECT tenant_id, slug, 3, resource_kind, slug || '/overage/' || resource_kind || '/' || plan || '@' || version, 'OVERAGE',
        resource_kind || ': ' || trim_scale(round(o.quantity, 12)) || ' ' || unit || ' over '
            || trim_scale(round(included, 12)) || ' ' || unit || ' included', resource_kind,
        trim_scale(round(o.quantity, 12)), priced.last_price, round(priced.cents * share)::bigint, deployment_id, id, NULL
    FROM over o CROSS JOIN LATERAL (
        SELECT sum(t.unit_price_cents * (least(o.quantity, t.up_to) - t.above)) AS cents,
            (array_agg(t.unit_price_cents ORDER BY t.position DESC))[1] AS last_price
        FROM (SELECT *, coalesce(lag(up_to) OVER (ORDER BY position), 0) AS above FROM plan_price_tiers
              WHERE plan_resource_id = o.plan_resource_id) AS t
        WHERE t.above < o.quantity
    ) AS priced
), invoices AS (
    INSERT INTO tenant_invoices (id, tenant_id, period_start, period_end, revision, status, currency, subtotal_cents, tax_cents,
        total_cents, input_hash, created_at)
    SELECT uuidv7(), tenant_id, month.first, month.next, 1, 'DRAFT', t.currency, subtotal, tax, subtotal + tax, repeat('0', 64), now()
    FROM month, (SELECT tenant_id, sum(amount_cents) AS subtotal FROM lines GROUP BY tenant_id) AS totals
        JOIN tenants t ON t.id = totals.tenant_id
        CROSS JOIN LATERAL (SELECT coalesce(sum(round(x.rate * subtotal)), 0)::bigint AS tax FROM taxes x
                            WHERE x.country = t.country AND NOT t.tax_exempt) AS tax
    ORDER BY tenant_id
    RETURNING id, tenant_id, period_start, subtotal_cents
), numbered AS (
    SELECT i.id AS invoice_id, i.period_start, i.tenant_id, row_number() OVER (PARTITION BY i.id ORDER BY slug, part, sub_order) AS position,
        key, kind, description, resource_kind, quantity, unit_price_cents, amount_cents, deployment_id, subscription_id, subscription_addon_id
    FROM (
        SELECT * FROM lines
        UNION ALL
        SELECT i.tenant_id, '~', 4, x.name, 'tax:' || x.name || ':' || trim_scale(x.rate), 'TAX', x.name || ' ' || trim_scale(x.rate * 100) || '%',
            NULL, 1, x.rate * i.subtotal_cents, round(x.rate * i.subtotal_cents)::bigint, NULL, NULL, NULL
        FROM invoices i JOIN tenants t ON t.id = i.tenant_id JOIN taxes x ON x.country = t.country AND NOT t.tax_exempt
    ) AS every JOIN invoices i USING (tenant_id)
)
INSERT INTO tenant_invoice_lines (id, tenant_id, invoice_id, position, key, kind, description, resource_kind, quantity, unit_price_cents,
    amount_cents, deployment_id, subscription_id, subscription_addon_id, period_start)
SELECT uuidv7(), tenant_id, invoice_id, position, key, kind, description, resource_kind, quantity, unit_price_cents, amount_cents,
    deployment_id, subscription_id, subscription_addon_id, period_start
FROM numbered ORDER BY invoice_id, position
