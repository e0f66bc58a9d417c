-- For platform

-- cloudInvoices
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."external_id" AS "externalId",
                    t1$."total_cents" AS "totalCents",
                    t1$."allocated_cents" AS "allocatedCents",
                    t1$."withdrawn_at" AS "withdrawnAt"
                FROM "cloud_invoices" t1$
                WHERE t1$."provider" = $1::text
                    AND t1$."period_start" >= $2::date
                ORDER BY t1$."period_start" DESC, t1$."id" DESC
                LIMIT $3::bigint
            ) o$
        ) AS "nodes",
            (
                SELECT count(*)
                FROM "cloud_invoices" t1$
                WHERE t1$."provider" = $1::text
                    AND t1$."period_start" >= $2::date
            ) AS "totalCount"
    ) o$
);
-- $1: digitalocean
-- $2: 2026-01-01
-- $3: 5
