-- For tenant

-- billingMonths
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."period_start" AS "periodStart",
                    t1$."state" AS "state"
                FROM "billing_months" t1$
                WHERE t1$."tenant_id" = $2::uuid
                    AND t1$."tenant_id" = $3::uuid
                    AND t1$."state" = ANY($4::text[])
                    AND t1$."period_start" >= $5::date
                ORDER BY t1$."period_start" DESC, t1$."tenant_id", t1$."id"
                LIMIT $6::bigint
            ) o$
        ) AS "nodes",
            (
                SELECT count(*)
                FROM "billing_months" t1$
                WHERE t1$."tenant_id" = $2::uuid
                    AND t1$."tenant_id" = $3::uuid
                    AND t1$."state" = ANY($4::text[])
                    AND t1$."period_start" >= $5::date
            ) AS "totalCount"
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0006-7000-8000-000000000001
-- $3: 019d4500-0006-7000-8000-000000000001
-- $4: ['OPEN', 'DRAFT']
-- $5: 2026-01-01
-- $6: 12

-- For platform

-- billingMonths
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."period_start" AS "periodStart",
                    t1$."state" AS "state"
                FROM "billing_months" t1$
                WHERE t1$."tenant_id" = $1::uuid
                    AND t1$."state" = ANY($2::text[])
                    AND t1$."period_start" >= $3::date
                ORDER BY t1$."period_start" DESC, t1$."tenant_id", t1$."id"
                LIMIT $4::bigint
            ) o$
        ) AS "nodes",
            (
                SELECT count(*)
                FROM "billing_months" t1$
                WHERE t1$."tenant_id" = $1::uuid
                    AND t1$."state" = ANY($2::text[])
                    AND t1$."period_start" >= $3::date
            ) AS "totalCount"
    ) o$
);
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: ['OPEN', 'DRAFT']
-- $3: 2026-01-01
-- $4: 12
