-- For tenant

-- invoices
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    WITH t1$page$ AS MATERIALIZED (
        SELECT t1$.*,
            row_number() OVER ( ORDER BY t1$."period_start", t1$."id") AS ":rank"
        FROM (
            SELECT t1$.*
            FROM "tenant_invoices" t1$
            WHERE t1$."tenant_id" = $2::uuid
                AND (t1$."period_start", t1$."id") > ($4::date, $5::uuid)
            ORDER BY t1$."period_start", t1$."id"
            LIMIT $3::bigint + 1
        ) t1$
    )
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT translate(encode(convert_to(json_build_array(t1$."period_start", t1$."id")::text, 'UTF8'), 'base64'), E'\n', '') AS "cursor",
                    (
                        SELECT row_to_json(o$)
                        FROM (
                            SELECT t1$."number" AS "number"
                        ) o$
                    ) AS "node"
                FROM t1$page$ t1$
                WHERE t1$.":rank" <= $3::bigint
                ORDER BY t1$.":rank" DESC
            ) o$
        ) AS "edges",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (EXISTS (
                        SELECT
                        FROM "tenant_invoices" t1$
                        WHERE t1$."tenant_id" = $2::uuid
                            AND (t1$."period_start", t1$."id") <= ($4::date, $5::uuid)
                    )) AS "hasNextPage"
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
