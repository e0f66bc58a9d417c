-- For platform

-- tenant
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."code" AS "code",
            t1$."abn" AS "abn",
            (
                SELECT coalesce(json_agg(o$), '[]')
                FROM (
                    SELECT 'TaxExemption'::text AS "__typename"
                    FROM "tenant_tax_exemptions" t2$
                    WHERE t1$."id" = t2$."tenant_id"
                    ORDER BY t2$."first_day", t2$."id"
                ) o$
            ) AS "taxExemptions"
        FROM "tenants" t1$
        WHERE t1$."id" = $1::uuid
    ) o$
);
-- $1: 019d4500-0006-7000-8000-000000000001
