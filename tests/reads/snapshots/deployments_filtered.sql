-- For tenant

-- deployments
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."slug" AS "slug",
                    t1$."state" AS "state",
                    (
                        SELECT row_to_json(o$)
                        FROM (
                            SELECT t2$."code" AS "code"
                            FROM "tenants" t2$
                            WHERE t2$."id" = t1$."tenant_id"
                                AND t2$."id" = $2::uuid
                        ) o$
                    ) AS "tenant"
                FROM "cloud_deployments" t1$
                WHERE t1$."tenant_id" = $2::uuid
                    AND t1$."tenant_id" = $3::uuid
                    AND t1$."state" = ANY($4::text[])
                    AND t1$."region" = $5::text
                    AND (t1$."slug" ILIKE $6::text OR t1$."display_name" ILIKE $6::text)
                ORDER BY t1$."slug", t1$."id"
                LIMIT $7::bigint
            ) o$
        ) AS "nodes",
            (
                SELECT count(*)
                FROM "cloud_deployments" t1$
                WHERE t1$."tenant_id" = $2::uuid
                    AND t1$."tenant_id" = $3::uuid
                    AND t1$."state" = ANY($4::text[])
                    AND t1$."region" = $5::text
                    AND (t1$."slug" ILIKE $6::text OR t1$."display_name" ILIKE $6::text)
            ) AS "totalCount"
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0006-7000-8000-000000000001
-- $3: 019d4500-0006-7000-8000-000000000001
-- $4: ['ACTIVE', 'PAUSED']
-- $5: syd1
-- $6: %app%
-- $7: 10

-- For platform

-- deployments
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."slug" AS "slug",
                    t1$."state" AS "state",
                    (
                        SELECT row_to_json(o$)
                        FROM (
                            SELECT t2$."code" AS "code"
                            FROM "tenants" t2$
                            WHERE t2$."id" = t1$."tenant_id"
                        ) o$
                    ) AS "tenant"
                FROM "cloud_deployments" t1$
                WHERE t1$."tenant_id" = $1::uuid
                    AND t1$."state" = ANY($2::text[])
                    AND t1$."region" = $3::text
                    AND (t1$."slug" ILIKE $4::text OR t1$."display_name" ILIKE $4::text)
                ORDER BY t1$."slug", t1$."id"
                LIMIT $5::bigint
            ) o$
        ) AS "nodes",
            (
                SELECT count(*)
                FROM "cloud_deployments" t1$
                WHERE t1$."tenant_id" = $1::uuid
                    AND t1$."state" = ANY($2::text[])
                    AND t1$."region" = $3::text
                    AND (t1$."slug" ILIKE $4::text OR t1$."display_name" ILIKE $4::text)
            ) AS "totalCount"
    ) o$
);
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: ['ACTIVE', 'PAUSED']
-- $3: syd1
-- $4: %app%
-- $5: 10
