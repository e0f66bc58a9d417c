-- For tenant

-- nodes
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT coalesce(json_agg(coalesce((
        SELECT row_to_json(o$)
        FROM (
            SELECT t1$."id" AS "id"
            FROM "addons" t1$
            WHERE t1$."id" = i$.id$
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t2$."id" AS "id"
            FROM "audit_log" t2$
            WHERE t2$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t3$."id" AS "id"
            FROM "billing_months" t3$
            WHERE t3$."id" = i$.id$
                AND t3$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t4$."id" AS "id"
            FROM "charges" t4$
            WHERE t4$."id" = i$.id$
                AND t4$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t5$."id" AS "id"
            FROM "cloud_invoices" t5$
            WHERE t5$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t6$."id" AS "id"
            FROM "cloud_invoice_lines" t6$
            WHERE t6$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t7$."id" AS "id"
            FROM "cloud_resources" t7$
            WHERE t7$."id" = i$.id$
                AND t7$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t8$."id" AS "id"
            FROM "cloud_deployments" t8$
            WHERE t8$."id" = i$.id$
                AND t8$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t9$."id" AS "id"
            FROM "cloud_deployment_events" t9$
            WHERE t9$."id" = i$.id$
                AND t9$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t10$."id" AS "id"
            FROM "dunning_failures" t10$
            WHERE t10$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t11$."id" AS "id"
            FROM "dunning_holds" t11$
            WHERE t11$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t12$."id" AS "id"
            FROM "dunning_runs" t12$
            WHERE t12$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t13$."id" AS "id"
            FROM "dunning_steps" t13$
            WHERE t13$."id" = i$.id$
                AND t13$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t14$."id" AS "id"
            FROM "tenant_invoices" t14$
            WHERE t14$."id" = i$.id$
                AND t14$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t15$."id" AS "id"
            FROM "tenant_invoice_lines" t15$
            WHERE t15$."id" = i$.id$
                AND t15$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t16$."id" AS "id"
            FROM "plans" t16$
            WHERE t16$."id" = i$.id$
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t17$."id" AS "id"
            FROM "subscriptions" t17$
            WHERE t17$."id" = i$.id$
                AND t17$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t18$."id" AS "id"
            FROM "plan_versions" t18$
            WHERE t18$."id" = i$.id$
                AND NOT t18$."status" = $4::text
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t19$."id" AS "id"
            FROM "rollup_failures" t19$
            WHERE t19$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t20$."id" AS "id"
            FROM "rollup_outcomes" t20$
            WHERE t20$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t21$."id" AS "id"
            FROM "rollup_runs" t21$
            WHERE t21$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t22$."id" AS "id"
            FROM "rollup_warnings" t22$
            WHERE t22$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t23$."id" AS "id"
            FROM "subscription_addons" t23$
            WHERE t23$."id" = i$.id$
                AND t23$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t24$."id" AS "id"
            FROM "tenant_tax_exemptions" t24$
            WHERE t24$."id" = i$.id$
                AND t24$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t25$."id" AS "id"
            FROM "tax_rates" t25$
            WHERE t25$."id" = i$.id$
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t26$."id" AS "id",
                t26$."code" AS "code"
            FROM "tenants" t26$
            WHERE t26$."id" = i$.id$
                AND t26$."id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t27$."id" AS "id"
            FROM "rollup_unpriced_usage" t27$
            WHERE t27$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t28$."id" AS "id"
            FROM "usage_corrections" t28$
            WHERE t28$."id" = i$.id$
                AND t28$."tenant_id" = $3::uuid
        ) o$
    )) ORDER BY i$.n$), '[]')
    FROM unnest($2::uuid[])
    WITH ORDINALITY i$ (id$, n$)
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: [UUID('019d4500-0007-7000-8000-000000000065'), UUID('019d4500-0006-7000-8000-000000000001')]
-- $3: 019d4500-0006-7000-8000-000000000001
-- $4: DRAFT
