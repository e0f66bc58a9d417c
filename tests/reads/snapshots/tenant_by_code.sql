-- For tenant

-- tenant
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."id" AS "id",
            t1$."code" AS "code",
            t1$."name" AS "name",
            t1$."country" AS "country",
            t1$."currency" AS "currency",
            t1$."tax_exempt" AS "taxExempt",
            t1$."created_at" AS "createdAt",
            t1$."closed_at" AS "closedAt"
        FROM "tenants" t1$
        WHERE t1$."code" = $2::text
            AND t1$."id" = $3::uuid
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: acme
-- $3: 019d4500-0006-7000-8000-000000000001

-- For platform

-- tenant
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."id" AS "id",
            t1$."code" AS "code",
            t1$."name" AS "name",
            t1$."country" AS "country",
            t1$."currency" AS "currency",
            t1$."tax_exempt" AS "taxExempt",
            t1$."created_at" AS "createdAt",
            t1$."closed_at" AS "closedAt"
        FROM "tenants" t1$
        WHERE t1$."code" = $1::text
    ) o$
);
-- $1: acme
