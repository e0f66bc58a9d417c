-- For tenant

-- mine
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."code" AS "code",
            t1$."name" AS "label",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (
                        SELECT coalesce(json_agg(o$), '[]')
                        FROM (
                            SELECT t2$."number" AS "number"
                            FROM "tenant_invoices" t2$
                            WHERE t1$."id" = t2$."tenant_id"
                                AND t2$."tenant_id" = $3::uuid
                                AND t2$."status" = ANY($4::text[])
                            ORDER BY t2$."period_start" DESC, t2$."id" DESC
                            LIMIT $5::bigint
                        ) o$
                    ) AS "nodes"
                ) o$
            ) AS "paid",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (
                        SELECT coalesce(json_agg(o$), '[]')
                        FROM (
                            SELECT t3$."number" AS "number"
                            FROM "tenant_invoices" t3$
                            WHERE t1$."id" = t3$."tenant_id"
                                AND t3$."tenant_id" = $3::uuid
                                AND t3$."status" = ANY($6::text[])
                            ORDER BY t3$."period_start" DESC, t3$."id" DESC
                            LIMIT $7::bigint
                        ) o$
                    ) AS "nodes"
                ) o$
            ) AS "open"
        FROM "tenants" t1$
        WHERE t1$."id" = $2::uuid
            AND t1$."id" = $3::uuid
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0006-7000-8000-000000000001
-- $3: 019d4500-0006-7000-8000-000000000001
-- $4: ['PAID']
-- $5: 1
-- $6: ['ISSUED']
-- $7: 1
