-- For tenant

-- cloudInvoices
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."external_id" AS "externalId"
                FROM "cloud_invoices" t1$
                WHERE false
                ORDER BY t1$."period_start" DESC, t1$."id" DESC
                LIMIT $2::bigint
            ) o$
        ) AS "nodes"
    ) o$
)
FROM scope$;
-- refused: Your role may not read this field.

-- rollupRuns
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."id" AS "id"
                FROM "rollup_runs" t1$
                WHERE false
                ORDER BY t1$."id" DESC
                LIMIT $2::bigint
            ) o$
        ) AS "nodes"
    ) o$
)
FROM scope$;
-- refused: Your role may not read this field.
