-- For platform

-- tenants
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT coalesce(json_agg(o$), '[]')
            FROM (
                SELECT t1$."code" AS "code",
                    t1$."name" AS "name"
                FROM "tenants" t1$
                WHERE (t1$."code" ILIKE $1::text OR t1$."name" ILIKE $1::text)
                ORDER BY t1$."code", t1$."id"
                LIMIT $2::bigint
            ) o$
        ) AS "nodes",
            (
                SELECT count(*)
                FROM "tenants" t1$
                WHERE (t1$."code" ILIKE $1::text OR t1$."name" ILIKE $1::text)
            ) AS "totalCount"
    ) o$
);
-- $1: %ac\%me%
-- $2: 10
