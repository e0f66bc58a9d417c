-- For tenant

-- plans
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT coalesce(json_agg(o$), '[]')
    FROM (
        SELECT t1$."code" AS "code",
            t1$."archived_at" AS "archivedAt"
        FROM "plans" t1$
        ORDER BY t1$."code", t1$."id"
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001

-- addons
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT coalesce(json_agg(o$), '[]')
    FROM (
        SELECT t1$."code" AS "code",
            t1$."price_cents" AS "priceCents",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT t2$."code" AS "code",
                        t2$."unit" AS "unit"
                    FROM "resource_kinds" t2$
                    WHERE t2$."code" = t1$."resource_kind"
                ) o$
            ) AS "resourceKind"
        FROM "addons" t1$
        ORDER BY t1$."code", t1$."id"
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001

-- resourceKinds
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT coalesce(json_agg(o$), '[]')
    FROM (
        SELECT t1$."code" AS "code"
        FROM "resource_kinds" t1$
        ORDER BY t1$."code"
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001

-- For platform

-- plans
SELECT (
    SELECT coalesce(json_agg(o$), '[]')
    FROM (
        SELECT t1$."code" AS "code",
            t1$."archived_at" AS "archivedAt"
        FROM "plans" t1$
        ORDER BY t1$."code", t1$."id"
    ) o$
);

-- addons
SELECT (
    SELECT coalesce(json_agg(o$), '[]')
    FROM (
        SELECT t1$."code" AS "code",
            t1$."price_cents" AS "priceCents",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT t2$."code" AS "code",
                        t2$."unit" AS "unit"
                    FROM "resource_kinds" t2$
                    WHERE t2$."code" = t1$."resource_kind"
                ) o$
            ) AS "resourceKind"
        FROM "addons" t1$
        ORDER BY t1$."code", t1$."id"
    ) o$
);

-- resourceKinds
SELECT (
    SELECT coalesce(json_agg(o$), '[]')
    FROM (
        SELECT t1$."code" AS "code"
        FROM "resource_kinds" t1$
        ORDER BY t1$."code"
    ) o$
);
