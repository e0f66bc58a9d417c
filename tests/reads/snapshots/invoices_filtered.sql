-- For tenant

-- invoices
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."number" AS "number",
                    t1$."status" AS "status",
                    t1$."period_start" AS "periodStart",
                    t1$."total_cents" AS "totalCents"
                FROM "tenant_invoices" t1$
                WHERE t1$."tenant_id" = $2::uuid
                    AND EXISTS (
                        SELECT
                        FROM "tenants" t2$
                        WHERE t2$."id" = t1$."tenant_id"
                            AND t2$."id" = $2::uuid
                            AND (t2$."code" ILIKE $3::text OR t2$."name" ILIKE $3::text)
                    )
                    AND t1$."status" = ANY($4::text[])
                    AND t1$."period_start" >= $5::date
                    AND t1$."period_start" < $6::date
                ORDER BY t1$."period_start" DESC, t1$."id" DESC
                LIMIT $7::bigint
            ) o$
        ) AS "nodes",
            (
                SELECT count(*)
                FROM "tenant_invoices" t1$
                WHERE t1$."tenant_id" = $2::uuid
                    AND EXISTS (
                        SELECT
                        FROM "tenants" t2$
                        WHERE t2$."id" = t1$."tenant_id"
                            AND t2$."id" = $2::uuid
                            AND (t2$."code" ILIKE $3::text OR t2$."name" ILIKE $3::text)
                    )
                    AND t1$."status" = ANY($4::text[])
                    AND t1$."period_start" >= $5::date
                    AND t1$."period_start" < $6::date
            ) AS "totalCount"
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0006-7000-8000-000000000001
-- $3: %INV%
-- $4: ['ISSUED', 'PAID']
-- $5: 2026-01-01
-- $6: 2026-04-01
-- $7: 20

-- For platform

-- invoices
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."number" AS "number",
                    t1$."status" AS "status",
                    t1$."period_start" AS "periodStart",
                    t1$."total_cents" AS "totalCents"
                FROM "tenant_invoices" t1$
                WHERE EXISTS (
                    SELECT
                    FROM "tenants" t2$
                    WHERE t2$."id" = t1$."tenant_id"
                        AND (t2$."code" ILIKE $1::text OR t2$."name" ILIKE $1::text)
                )
                    AND t1$."status" = ANY($2::text[])
                    AND t1$."period_start" >= $3::date
                    AND t1$."period_start" < $4::date
                ORDER BY t1$."period_start" DESC, t1$."id" DESC
                LIMIT $5::bigint
            ) o$
        ) AS "nodes",
            (
                SELECT count(*)
                FROM "tenant_invoices" t1$
                WHERE EXISTS (
                    SELECT
                    FROM "tenants" t2$
                    WHERE t2$."id" = t1$."tenant_id"
                        AND (t2$."code" ILIKE $1::text OR t2$."name" ILIKE $1::text)
                )
                    AND t1$."status" = ANY($2::text[])
                    AND t1$."period_start" >= $3::date
                    AND t1$."period_start" < $4::date
            ) AS "totalCount"
    ) o$
);
-- $1: %INV%
-- $2: ['ISSUED', 'PAID']
-- $3: 2026-01-01
-- $4: 2026-04-01
-- $5: 20
