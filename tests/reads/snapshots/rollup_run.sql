-- For platform

-- rollupRun
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."status" AS "status",
            t1$."tenants_done" AS "tenantsDone",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (
                        SELECT coalesce(json_agg(o$), '[]')
                        FROM (
                            SELECT 'RollupFailure'::text AS "__typename"
                            FROM "rollup_failures" t2$
                            WHERE t1$."id" = t2$."run_id"
                            ORDER BY t2$."id"
                            LIMIT $2::bigint
                        ) o$
                    ) AS "nodes",
                        (
                            SELECT count(*)
                            FROM "rollup_failures" t2$
                            WHERE t1$."id" = t2$."run_id"
                        ) AS "totalCount"
                ) o$
            ) AS "failures",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (
                        SELECT count(*)
                        FROM "rollup_outcomes" t3$
                        WHERE t1$."id" = t3$."run_id"
                    ) AS "totalCount"
                ) o$
            ) AS "outcomes",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT (
                        SELECT count(*)
                        FROM "rollup_warnings" t4$
                        WHERE t1$."id" = t4$."run_id"
                    ) AS "totalCount"
                ) o$
            ) AS "warnings"
        FROM "rollup_runs" t1$
        WHERE t1$."id" = $1::uuid
    ) o$
);
-- $1: 019d4500-0007-7000-8000-000000000065
-- $2: 5
