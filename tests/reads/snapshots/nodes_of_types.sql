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
            FROM "absorbed_corrections" t1$
            WHERE t1$."id" = i$.id$
                AND t1$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t2$."id" AS "id"
            FROM "addons" t2$
            WHERE t2$."id" = i$.id$
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t3$."id" AS "id"
            FROM "audit_log" t3$
            WHERE t3$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t4$."id" AS "id"
            FROM "billing_months" t4$
            WHERE t4$."id" = i$.id$
                AND t4$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t5$."id" AS "id"
            FROM "charges" t5$
            WHERE t5$."id" = i$.id$
                AND t5$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t6$."id" AS "id"
            FROM "cloud_invoices" t6$
            WHERE t6$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t7$."id" AS "id"
            FROM "cloud_invoice_lines" t7$
            WHERE t7$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t8$."id" AS "id"
            FROM "cloud_resources" t8$
            WHERE t8$."id" = i$.id$
                AND t8$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t9$."id" AS "id"
            FROM "credit_notes" t9$
            WHERE t9$."id" = i$.id$
                AND t9$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t10$."id" AS "id"
            FROM "credit_note_lines" t10$
            WHERE t10$."id" = i$.id$
                AND t10$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t11$."id" AS "id"
            FROM "cloud_deployments" t11$
            WHERE t11$."id" = i$.id$
                AND t11$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t12$."id" AS "id"
            FROM "cloud_deployment_events" t12$
            WHERE t12$."id" = i$.id$
                AND t12$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t13$."id" AS "id"
            FROM "dunning_failures" t13$
            WHERE t13$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t14$."id" AS "id"
            FROM "dunning_holds" t14$
            WHERE t14$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t15$."id" AS "id"
            FROM "dunning_runs" t15$
            WHERE t15$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t16$."id" AS "id"
            FROM "dunning_steps" t16$
            WHERE t16$."id" = i$.id$
                AND t16$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t17$."id" AS "id"
            FROM "events" t17$
            WHERE t17$."id" = i$.id$
                AND t17$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t18$."id" AS "id"
            FROM "finance_pushes" t18$
            WHERE t18$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t19$."id" AS "id"
            FROM "finance_reconciliations" t19$
            WHERE t19$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t20$."id" AS "id"
            FROM "tenant_invoices" t20$
            WHERE t20$."id" = i$.id$
                AND t20$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t21$."id" AS "id"
            FROM "invoice_applications" t21$
            WHERE t21$."id" = i$.id$
                AND t21$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t22$."id" AS "id"
            FROM "tenant_invoice_lines" t22$
            WHERE t22$."id" = i$.id$
                AND t22$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t23$."id" AS "id"
            FROM "issue_outcomes" t23$
            WHERE t23$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t24$."id" AS "id"
            FROM "issue_runs" t24$
            WHERE t24$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t25$."id" AS "id"
            FROM "journal_entries" t25$
            WHERE t25$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t26$."id" AS "id"
            FROM "journal_postings" t26$
            WHERE t26$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t27$."id" AS "id"
            FROM "payments" t27$
            WHERE t27$."id" = i$.id$
                AND t27$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t28$."id" AS "id"
            FROM "plans" t28$
            WHERE t28$."id" = i$.id$
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t29$."id" AS "id"
            FROM "subscriptions" t29$
            WHERE t29$."id" = i$.id$
                AND t29$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t30$."id" AS "id"
            FROM "plan_versions" t30$
            WHERE t30$."id" = i$.id$
                AND NOT t30$."status" = $4::text
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t31$."id" AS "id"
            FROM "receivables_out_of_step" t31$
            WHERE t31$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t32$."id" AS "id"
            FROM "recoveries" t32$
            WHERE t32$."id" = i$.id$
                AND t32$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t33$."id" AS "id"
            FROM "refunds" t33$
            WHERE t33$."id" = i$.id$
                AND t33$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t34$."id" AS "id"
            FROM "rollup_failures" t34$
            WHERE t34$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t35$."id" AS "id"
            FROM "rollup_outcomes" t35$
            WHERE t35$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t36$."id" AS "id"
            FROM "rollup_runs" t36$
            WHERE t36$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t37$."id" AS "id"
            FROM "rollup_warnings" t37$
            WHERE t37$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t38$."id" AS "id"
            FROM "subscription_addons" t38$
            WHERE t38$."id" = i$.id$
                AND t38$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t39$."id" AS "id"
            FROM "tenant_tax_exemptions" t39$
            WHERE t39$."id" = i$.id$
                AND t39$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t40$."id" AS "id"
            FROM "tax_rates" t40$
            WHERE t40$."id" = i$.id$
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t41$."id" AS "id",
                t41$."code" AS "code"
            FROM "tenants" t41$
            WHERE t41$."id" = i$.id$
                AND t41$."id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t42$."id" AS "id"
            FROM "rollup_unpriced_usage" t42$
            WHERE t42$."id" = i$.id$
                AND false
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t43$."id" AS "id"
            FROM "usage_corrections" t43$
            WHERE t43$."id" = i$.id$
                AND t43$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t44$."id" AS "id"
            FROM "webhook_deliveries" t44$
            WHERE t44$."id" = i$.id$
                AND t44$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t45$."id" AS "id"
            FROM "webhook_endpoints" t45$
            WHERE t45$."id" = i$.id$
                AND t45$."tenant_id" = $3::uuid
        ) o$
    ), (
        SELECT row_to_json(o$)
        FROM (
            SELECT t46$."id" AS "id"
            FROM "write_offs" t46$
            WHERE t46$."id" = i$.id$
                AND t46$."tenant_id" = $3::uuid
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
