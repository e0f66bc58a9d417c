-- For tenant

-- invoice
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."id" AS "id",
            t1$."number" AS "number",
            t1$."status" AS "status",
            invoice_is_stale(t1$."tenant_id", t1$."period_start", t1$."status") AS "stale",
            invoice_stale_since(t1$."tenant_id", t1$."period_start", t1$."status") AS "staleSince",
            t1$."total_cents" AS "totalCents",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT t2$."code" AS "code"
                    FROM "tenants" t2$
                    WHERE t2$."id" = t1$."tenant_id"
                        AND t2$."id" = $3::uuid
                ) o$
            ) AS "tenant"
        FROM "tenant_invoices" t1$
        WHERE t1$."number" = $2::text
            AND t1$."tenant_id" = $3::uuid
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: INV-2026-000001
-- $3: 019d4500-0006-7000-8000-000000000001

-- For platform

-- invoice
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."id" AS "id",
            t1$."number" AS "number",
            t1$."status" AS "status",
            invoice_is_stale(t1$."tenant_id", t1$."period_start", t1$."status") AS "stale",
            invoice_stale_since(t1$."tenant_id", t1$."period_start", t1$."status") AS "staleSince",
            t1$."total_cents" AS "totalCents",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT t2$."code" AS "code"
                    FROM "tenants" t2$
                    WHERE t2$."id" = t1$."tenant_id"
                ) o$
            ) AS "tenant"
        FROM "tenant_invoices" t1$
        WHERE t1$."number" = $1::text
    ) o$
);
-- $1: INV-2026-000001
