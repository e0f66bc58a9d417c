-- For tenant

-- invoices
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    WITH t1$page$ AS MATERIALIZED (
        SELECT t1$.*,
            row_number() OVER ( ORDER BY t1$."period_start" DESC, t1$."id" DESC) AS ":rank"
        FROM (
            SELECT t1$.*
            FROM "tenant_invoices" t1$
            WHERE t1$."tenant_id" = $2::uuid
                AND (t1$."period_start", t1$."id") < ($4::date, $5::uuid)
            ORDER BY t1$."period_start" DESC, t1$."id" DESC
            LIMIT $3::bigint + 1
        ) t1$
    )
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."number" AS "number"
                FROM t1$page$ t1$
                WHERE t1$.":rank" <= $3::bigint
                ORDER BY t1$.":rank"
            ) o$
        ) AS "nodes",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (EXISTS (
                        SELECT
                        FROM "tenant_invoices" t1$
                        WHERE t1$."tenant_id" = $2::uuid
                            AND (t1$."period_start", t1$."id") >= ($4::date, $5::uuid)
                    )) AS "hasPreviousPage"
                ) o$
            ) AS "pageInfo"
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0006-7000-8000-000000000001
-- $3: 2
-- $4: 2026-03-01
-- $5: 019d4500-0007-7000-8000-000000000065

-- For platform

-- invoices
SELECT (
    WITH t1$page$ AS MATERIALIZED (
        SELECT t1$.*,
            row_number() OVER ( ORDER BY t1$."period_start" DESC, t1$."id" DESC) AS ":rank"
        FROM (
            SELECT t1$.*
            FROM "tenant_invoices" t1$
            WHERE (t1$."period_start", t1$."id") < ($2::date, $3::uuid)
            ORDER BY t1$."period_start" DESC, t1$."id" DESC
            LIMIT $1::bigint + 1
        ) t1$
    )
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."number" AS "number"
                FROM t1$page$ t1$
                WHERE t1$.":rank" <= $1::bigint
                ORDER BY t1$.":rank"
            ) o$
        ) AS "nodes",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (EXISTS (
                        SELECT
                        FROM "tenant_invoices" t1$
                        WHERE (t1$."period_start", t1$."id") >= ($2::date, $3::uuid)
                    )) AS "hasPreviousPage"
                ) o$
            ) AS "pageInfo"
    ) o$
);
-- $1: 2
-- $2: 2026-03-01
-- $3: 019d4500-0007-7000-8000-000000000065
