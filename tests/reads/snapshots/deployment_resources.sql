-- For tenant

-- deployment
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
                        SELECT t2$."provider" AS "provider",
                            t2$."external_id" AS "externalId",
                            t2$."name" AS "name",
                            t2$."destroyed_at" AS "destroyedAt"
                        FROM "cloud_resources" t2$
                        WHERE t1$."id" = t2$."deployment_id"
                            AND t2$."tenant_id" = $3::uuid
                        ORDER BY t2$."id"
                        LIMIT $4::bigint
                    ) o$
                ) AS "nodes"
            ) o$
        ) AS "resources"
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
        SELECT (
            SELECT row_to_json(o$)
            FROM (
                SELECT (
                    SELECT coalesce(json_agg(o$), '[]')
                    FROM (
                        SELECT t2$."provider" AS "provider",
                            t2$."external_id" AS "externalId",
                            t2$."name" AS "name",
                            t2$."destroyed_at" AS "destroyedAt"
                        FROM "cloud_resources" t2$
                        WHERE t1$."id" = t2$."deployment_id"
                            AND t2$."tenant_id" IS NOT DISTINCT FROM t1$."tenant_id"
                        ORDER BY t2$."id"
                        LIMIT $2::bigint
                    ) o$
                ) AS "nodes"
            ) o$
        ) AS "resources"
        FROM "cloud_deployments" t1$
        WHERE t1$."id" = $1::uuid
    ) o$
);
-- $1: 019d4500-0007-7000-8000-000000000065
-- $2: 3
