-- For tenant

-- auditLog
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."action" AS "action",
                    t1$."outcome" AS "outcome",
                    t1$."outcome" AS ":outcome"
                FROM "audit_log" t1$
                WHERE false
                    AND t1$."action" = $2::text
                    AND t1$."occurred_at" >= $3::timestamptz
                ORDER BY t1$."occurred_at" DESC, t1$."id" DESC
                LIMIT $4::bigint
            ) o$
        ) AS "nodes"
    ) o$
)
FROM scope$;
-- refused: Your role may not read this field.

-- For platform

-- auditLog
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."action" AS "action",
                    t1$."outcome" AS "outcome",
                    t1$."outcome" AS ":outcome"
                FROM "audit_log" t1$
                WHERE t1$."action" = $1::text
                    AND t1$."occurred_at" >= $2::timestamptz
                ORDER BY t1$."occurred_at" DESC, t1$."id" DESC
                LIMIT $3::bigint
            ) o$
        ) AS "nodes"
    ) o$
);
-- $1: createTenant
-- $2: 2026-04-01 00:00:00+00:00
-- $3: 3
