-- For tenant

-- tenant
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."code" AS "code"
        FROM "tenants" t1$
        WHERE t1$."id" = $2::uuid
            AND t1$."id" = $3::uuid
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0006-7000-8000-000000000001
-- $3: 019d4500-0006-7000-8000-000000000001
