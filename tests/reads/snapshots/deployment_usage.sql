-- For tenant

-- deployment
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."slug" AS "slug",
            t1$."id" AS ":id"
        FROM "cloud_deployments" t1$
        WHERE t1$."id" = $2::uuid
            AND t1$."tenant_id" = $3::uuid
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0007-7000-8000-000000000065
-- $3: 019d4500-0006-7000-8000-000000000001
