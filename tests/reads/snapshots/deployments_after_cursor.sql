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
                SELECT t1$."slug" AS "slug"
                FROM "cloud_deployments" t1$
                WHERE t1$."tenant_id" = $2::uuid
                    AND (t1$."slug", t1$."id") > ($4::text, $5::uuid)
                ORDER BY t1$."slug", t1$."id"
                LIMIT $3::bigint
            ) o$
        ) AS "nodes"
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0006-7000-8000-000000000001
-- $3: 2
-- $4: app-02
-- $5: 019d4500-0007-7000-8000-000000000065

-- For platform

-- deployments
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."slug" AS "slug"
                FROM "cloud_deployments" t1$
                WHERE (t1$."slug", t1$."id") > ($2::text, $3::uuid)
                ORDER BY t1$."slug", t1$."id"
                LIMIT $1::bigint
            ) o$
        ) AS "nodes"
    ) o$
);
-- $1: 2
-- $2: app-02
-- $3: 019d4500-0007-7000-8000-000000000065
