-- For tenant

-- usageCorrections
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."id" AS "id"
                FROM "usage_corrections" t1$
                WHERE t1$."tenant_id" = $2::uuid
                    AND t1$."deployment_id" = $3::uuid
                ORDER BY t1$."id" DESC
                LIMIT $4::bigint
            ) o$
        ) AS "nodes",
            (
                SELECT count(*)
                FROM "usage_corrections" t1$
                WHERE t1$."tenant_id" = $2::uuid
                    AND t1$."deployment_id" = $3::uuid
            ) AS "totalCount"
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0006-7000-8000-000000000001
-- $3: 019d4500-0007-7000-8000-000000000065
-- $4: 3

-- For platform

-- usageCorrections
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."id" AS "id"
                FROM "usage_corrections" t1$
                WHERE t1$."deployment_id" = $1::uuid
                ORDER BY t1$."id" DESC
                LIMIT $2::bigint
            ) o$
        ) AS "nodes",
            (
                SELECT count(*)
                FROM "usage_corrections" t1$
                WHERE t1$."deployment_id" = $1::uuid
            ) AS "totalCount"
    ) o$
);
-- $1: 019d4500-0007-7000-8000-000000000065
-- $2: 3
