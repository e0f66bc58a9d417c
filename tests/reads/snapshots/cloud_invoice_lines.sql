-- For platform

-- cloudInvoice
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."external_id" AS "externalId",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (
                        SELECT coalesce(json_agg(o$), '[]')
                        FROM (
                            SELECT 'CloudInvoiceLine'::text AS "__typename",
                                t2$."id" AS "id",
                                (
                                    SELECT row_to_json(o$)
                                    FROM (
                                        SELECT t3$."slug" AS "slug",
                                            (
                                                SELECT row_to_json(o$)
                                                FROM (
                                                    SELECT t4$."code" AS "code"
                                                    FROM "tenants" t4$
                                                    WHERE t4$."id" = t3$."tenant_id"
                                                ) o$
                                            ) AS "tenant"
                                        FROM "cloud_deployments" t3$
                                        WHERE t3$."id" = t2$."deployment_id"
                                            AND t2$."tenant_id" IS NOT DISTINCT FROM t3$."tenant_id"
                                    ) o$
                                ) AS "deployment"
                            FROM "cloud_invoice_lines" t2$
                            WHERE t1$."id" = t2$."cloud_invoice_id"
                                AND t2$."deployment_id" = $2::uuid
                            ORDER BY t2$."position", t2$."id"
                            LIMIT $3::bigint
                        ) o$
                    ) AS "nodes",
                        (
                            SELECT count(*)
                            FROM "cloud_invoice_lines" t2$
                            WHERE t1$."id" = t2$."cloud_invoice_id"
                                AND t2$."deployment_id" = $2::uuid
                        ) AS "totalCount"
                ) o$
            ) AS "lines"
        FROM "cloud_invoices" t1$
        WHERE t1$."id" = $1::uuid
    ) o$
);
-- $1: 019d4500-0007-7000-8000-000000000065
-- $2: 019d4500-0007-7000-8000-000000000065
-- $3: 10
