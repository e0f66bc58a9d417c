-- For tenant

-- invoice
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT row_to_json(o$)
            FROM (
                SELECT (
                    SELECT coalesce(json_agg(o$), '[]')
                    FROM (
                        SELECT t2$."description" AS "description",
                            t2$."key" AS ":key",
                            t2$."kind" AS ":kind",
                            trim_scale(t2$."unit_price_cents")::text AS ":unit_price_cents",
                            invoice_line_inputs(t2$."tenant_id", t2$."invoice_id", t2$."subscription_id", t2$."period_start", t2$."key") AS ":documents"
                        FROM "tenant_invoice_lines" t2$
                        WHERE t1$."id" = t2$."invoice_id"
                            AND t2$."tenant_id" = $3::uuid
                        ORDER BY t2$."position", t2$."id"
                        LIMIT $4::bigint
                    ) o$
                ) AS "nodes"
            ) o$
        ) AS "lines"
        FROM "tenant_invoices" t1$
        WHERE t1$."id" = $2::uuid
            AND t1$."tenant_id" = $3::uuid
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0007-7000-8000-000000000065
-- $3: 019d4500-0006-7000-8000-000000000001
-- $4: 1

-- For platform

-- invoice
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT row_to_json(o$)
            FROM (
                SELECT (
                    SELECT coalesce(json_agg(o$), '[]')
                    FROM (
                        SELECT t2$."description" AS "description",
                            t2$."key" AS ":key",
                            t2$."kind" AS ":kind",
                            trim_scale(t2$."unit_price_cents")::text AS ":unit_price_cents",
                            invoice_line_inputs(t2$."tenant_id", t2$."invoice_id", t2$."subscription_id", t2$."period_start", t2$."key") AS ":documents"
                        FROM "tenant_invoice_lines" t2$
                        WHERE t1$."id" = t2$."invoice_id"
                            AND t2$."tenant_id" IS NOT DISTINCT FROM t1$."tenant_id"
                        ORDER BY t2$."position", t2$."id"
                        LIMIT $2::bigint
                    ) o$
                ) AS "nodes"
            ) o$
        ) AS "lines"
        FROM "tenant_invoices" t1$
        WHERE t1$."id" = $1::uuid
    ) o$
);
-- $1: 019d4500-0007-7000-8000-000000000065
-- $2: 1
