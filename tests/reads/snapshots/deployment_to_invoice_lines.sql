-- For tenant

-- deployment
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."slug" AS "slug",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT t2$."status" AS "status",
                        (
                            SELECT coalesce(json_agg(o$), '[]')
                            FROM (
                                SELECT t3$."price_cents" AS "priceCents",
                                    (
                                        SELECT row_to_json(o$)
                                        FROM (
                                            SELECT (
                                                SELECT coalesce(json_agg(o$), '[]')
                                                FROM (
                                                    SELECT t4$."amount_cents" AS "amountCents",
                                                        (
                                                            SELECT row_to_json(o$)
                                                            FROM (
                                                                SELECT t5$."number" AS "number"
                                                                FROM "tenant_invoices" t5$
                                                                WHERE t5$."id" = t4$."invoice_id"
                                                                    AND t5$."tenant_id" = $3::uuid
                                                            ) o$
                                                        ) AS "invoice"
                                                    FROM "tenant_invoice_lines" t4$
                                                    WHERE t3$."id" = t4$."subscription_addon_id"
                                                        AND t4$."tenant_id" = $3::uuid
                                                    ORDER BY t4$."period_start" DESC, t4$."id"
                                                    LIMIT $4::bigint
                                                ) o$
                                            ) AS "nodes"
                                        ) o$
                                    ) AS "invoiceLines"
                                FROM "subscription_addons" t3$
                                WHERE t2$."id" = t3$."subscription_id"
                                    AND t3$."tenant_id" = $3::uuid
                                ORDER BY t3$."attached_at", t3$."id"
                            ) o$
                        ) AS "addons"
                    FROM "subscriptions" t2$
                    WHERE t1$."id" = t2$."deployment_id"
                        AND t2$."tenant_id" = $3::uuid
                ) o$
            ) AS "subscription"
        FROM "cloud_deployments" t1$
        WHERE t1$."id" = $2::uuid
            AND t1$."tenant_id" = $3::uuid
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0007-7000-8000-000000000065
-- $3: 019d4500-0006-7000-8000-000000000001
-- $4: 3

-- For platform

-- deployment
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."slug" AS "slug",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT t2$."status" AS "status",
                        (
                            SELECT coalesce(json_agg(o$), '[]')
                            FROM (
                                SELECT t3$."price_cents" AS "priceCents",
                                    (
                                        SELECT row_to_json(o$)
                                        FROM (
                                            SELECT (
                                                SELECT coalesce(json_agg(o$), '[]')
                                                FROM (
                                                    SELECT t4$."amount_cents" AS "amountCents",
                                                        (
                                                            SELECT row_to_json(o$)
                                                            FROM (
                                                                SELECT t5$."number" AS "number"
                                                                FROM "tenant_invoices" t5$
                                                                WHERE t5$."id" = t4$."invoice_id"
                                                                    AND t4$."tenant_id" IS NOT DISTINCT FROM t5$."tenant_id"
                                                            ) o$
                                                        ) AS "invoice"
                                                    FROM "tenant_invoice_lines" t4$
                                                    WHERE t3$."id" = t4$."subscription_addon_id"
                                                        AND t4$."tenant_id" IS NOT DISTINCT FROM t3$."tenant_id"
                                                    ORDER BY t4$."period_start" DESC, t4$."id"
                                                    LIMIT $2::bigint
                                                ) o$
                                            ) AS "nodes"
                                        ) o$
                                    ) AS "invoiceLines"
                                FROM "subscription_addons" t3$
                                WHERE t2$."id" = t3$."subscription_id"
                                    AND t3$."tenant_id" IS NOT DISTINCT FROM t2$."tenant_id"
                                ORDER BY t3$."attached_at", t3$."id"
                            ) o$
                        ) AS "addons"
                    FROM "subscriptions" t2$
                    WHERE t1$."id" = t2$."deployment_id"
                        AND t2$."tenant_id" IS NOT DISTINCT FROM t1$."tenant_id"
                ) o$
            ) AS "subscription"
        FROM "cloud_deployments" t1$
        WHERE t1$."id" = $1::uuid
    ) o$
);
-- $1: 019d4500-0007-7000-8000-000000000065
-- $2: 3
