-- For tenant

-- invoice
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT row_to_json(o$)
            FROM (
                SELECT (
                    SELECT coalesce(json_agg(o$), '[]')
                    FROM (
                        SELECT t2$."kind" AS "kind",
                            t2$."description" AS "description",
                            trim_scale(t2$."quantity")::text AS "quantity",
                            trim_scale(t2$."unit_price_cents")::text AS "unitPriceCents",
                            t2$."amount_cents" AS "amountCents",
                            (
                                SELECT row_to_json(o$)
                                FROM (
                                    SELECT t3$."unit" AS "unit"
                                    FROM "resource_kinds" t3$
                                    WHERE t3$."code" = t2$."resource_kind"
                                ) o$
                            ) AS "resourceKindDetails"
                        FROM "tenant_invoice_lines" t2$
                        WHERE t1$."id" = t2$."invoice_id"
                            AND t2$."tenant_id" = $3::uuid
                            AND t2$."kind" = ANY($4::text[])
                            AND t2$."resource_kind" = $5::text
                            AND t2$."deployment_id" = $6::uuid
                        ORDER BY t2$."position", t2$."id"
                        LIMIT $7::bigint
                    ) o$
                ) AS "nodes",
                    (
                        SELECT count(*)
                        FROM "tenant_invoice_lines" t2$
                        WHERE t1$."id" = t2$."invoice_id"
                            AND t2$."tenant_id" = $3::uuid
                            AND t2$."kind" = ANY($4::text[])
                            AND t2$."resource_kind" = $5::text
                            AND t2$."deployment_id" = $6::uuid
                    ) AS "totalCount"
            ) o$
        ) AS "lines"
        FROM "tenant_invoices" t1$
        WHERE t1$."id" = $2::uuid
            AND t1$."tenant_id" = $3::uuid
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0007-7000-8000-000000000065
-- $3: 019d4500-0006-7000-8000-000000000001
-- $4: ['ADDON', 'TAX']
-- $5: storage_gb
-- $6: 019d4500-0007-7000-8000-000000000065
-- $7: 16

-- For platform

-- invoice
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT row_to_json(o$)
            FROM (
                SELECT (
                    SELECT coalesce(json_agg(o$), '[]')
                    FROM (
                        SELECT t2$."kind" AS "kind",
                            t2$."description" AS "description",
                            trim_scale(t2$."quantity")::text AS "quantity",
                            trim_scale(t2$."unit_price_cents")::text AS "unitPriceCents",
                            t2$."amount_cents" AS "amountCents",
                            (
                                SELECT row_to_json(o$)
                                FROM (
                                    SELECT t3$."unit" AS "unit"
                                    FROM "resource_kinds" t3$
                                    WHERE t3$."code" = t2$."resource_kind"
                                ) o$
                            ) AS "resourceKindDetails"
                        FROM "tenant_invoice_lines" t2$
                        WHERE t1$."id" = t2$."invoice_id"
                            AND t2$."tenant_id" IS NOT DISTINCT FROM t1$."tenant_id"
                            AND t2$."kind" = ANY($2::text[])
                            AND t2$."resource_kind" = $3::text
                            AND t2$."deployment_id" = $4::uuid
                        ORDER BY t2$."position", t2$."id"
                        LIMIT $5::bigint
                    ) o$
                ) AS "nodes",
                    (
                        SELECT count(*)
                        FROM "tenant_invoice_lines" t2$
                        WHERE t1$."id" = t2$."invoice_id"
                            AND t2$."tenant_id" IS NOT DISTINCT FROM t1$."tenant_id"
                            AND t2$."kind" = ANY($2::text[])
                            AND t2$."resource_kind" = $3::text
                            AND t2$."deployment_id" = $4::uuid
                    ) AS "totalCount"
            ) o$
        ) AS "lines"
        FROM "tenant_invoices" t1$
        WHERE t1$."id" = $1::uuid
    ) o$
);
-- $1: 019d4500-0007-7000-8000-000000000065
-- $2: ['ADDON', 'TAX']
-- $3: storage_gb
-- $4: 019d4500-0007-7000-8000-000000000065
-- $5: 16
