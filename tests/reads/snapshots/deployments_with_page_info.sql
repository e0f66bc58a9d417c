-- For tenant

-- deployments
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    WITH t1$page$ AS MATERIALIZED (
        SELECT t1$.*,
            row_number() OVER ( ORDER BY t1$."slug", t1$."id") AS ":rank"
        FROM (
            SELECT t1$.*
            FROM "cloud_deployments" t1$
            WHERE t1$."tenant_id" = $2::uuid
            ORDER BY t1$."slug", t1$."id"
            LIMIT $3::bigint + 1
        ) t1$
    )
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT translate(encode(convert_to(json_build_array(t1$."slug", t1$."id")::text, 'UTF8'), 'base64'), E'\n', '') AS "cursor",
                    (
                        SELECT row_to_json(o$)
                        FROM (
                            SELECT t1$."slug" AS "slug"
                        ) o$
                    ) AS "node"
                FROM t1$page$ t1$
                WHERE t1$.":rank" <= $3::bigint
                ORDER BY t1$.":rank"
            ) o$
        ) AS "edges",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (EXISTS (
                        SELECT
                        FROM t1$page$ t1$
                        WHERE t1$.":rank" > $3::bigint
                        ORDER BY t1$.":rank"
                    )) AS "hasNextPage",
                        (false) AS "hasPreviousPage",
                        (
                            SELECT translate(encode(convert_to(json_build_array(t1$."slug", t1$."id")::text, 'UTF8'), 'base64'), E'\n', '')
                            FROM t1$page$ t1$
                            WHERE t1$.":rank" <= $3::bigint
                            ORDER BY t1$.":rank"
                            LIMIT 1
                        ) AS "startCursor",
                        (
                            SELECT translate(encode(convert_to(json_build_array(t1$."slug", t1$."id")::text, 'UTF8'), 'base64'), E'\n', '')
                            FROM t1$page$ t1$
                            WHERE t1$.":rank" <= $3::bigint
                            ORDER BY t1$.":rank" DESC
                            LIMIT 1
                        ) AS "endCursor"
                ) o$
            ) AS "pageInfo"
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0006-7000-8000-000000000001
-- $3: 2

-- For platform

-- deployments
SELECT (
    WITH t1$page$ AS MATERIALIZED (
        SELECT t1$.*,
            row_number() OVER ( ORDER BY t1$."slug", t1$."id") AS ":rank"
        FROM (
            SELECT t1$.*
            FROM "cloud_deployments" t1$
            ORDER BY t1$."slug", t1$."id"
            LIMIT $1::bigint + 1
        ) t1$
    )
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT translate(encode(convert_to(json_build_array(t1$."slug", t1$."id")::text, 'UTF8'), 'base64'), E'\n', '') AS "cursor",
                    (
                        SELECT row_to_json(o$)
                        FROM (
                            SELECT t1$."slug" AS "slug"
                        ) o$
                    ) AS "node"
                FROM t1$page$ t1$
                WHERE t1$.":rank" <= $1::bigint
                ORDER BY t1$.":rank"
            ) o$
        ) AS "edges",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (EXISTS (
                        SELECT
                        FROM t1$page$ t1$
                        WHERE t1$.":rank" > $1::bigint
                        ORDER BY t1$.":rank"
                    )) AS "hasNextPage",
                        (false) AS "hasPreviousPage",
                        (
                            SELECT translate(encode(convert_to(json_build_array(t1$."slug", t1$."id")::text, 'UTF8'), 'base64'), E'\n', '')
                            FROM t1$page$ t1$
                            WHERE t1$.":rank" <= $1::bigint
                            ORDER BY t1$.":rank"
                            LIMIT 1
                        ) AS "startCursor",
                        (
                            SELECT translate(encode(convert_to(json_build_array(t1$."slug", t1$."id")::text, 'UTF8'), 'base64'), E'\n', '')
                            FROM t1$page$ t1$
                            WHERE t1$.":rank" <= $1::bigint
                            ORDER BY t1$.":rank" DESC
                            LIMIT 1
                        ) AS "endCursor"
                ) o$
            ) AS "pageInfo"
    ) o$
);
-- $1: 2
