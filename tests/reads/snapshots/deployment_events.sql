-- For tenant

-- deployment
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            WITH t2$page$ AS MATERIALIZED (
                SELECT t2$.*,
                    row_number() OVER ( ORDER BY t2$."occurred_at", t2$."id") AS ":rank"
                FROM (
                    SELECT t2$.*
                    FROM "cloud_deployment_events" t2$
                    WHERE t1$."id" = t2$."deployment_id"
                        AND t2$."tenant_id" = $3::uuid
                    ORDER BY t2$."occurred_at", t2$."id"
                    LIMIT $4::bigint + 1
                ) t2$
            )
            SELECT row_to_json(o$)
            FROM (
                SELECT (
                    SELECT coalesce(json_agg(o$), '[]')
                    FROM (
                        SELECT t2$."from_state" AS "fromState",
                            t2$."to_state" AS "toState",
                            t2$."actor" AS "actor",
                            t2$."occurred_at" AS "occurredAt",
                            t2$."withheld" AS "withheld"
                        FROM t2$page$ t2$
                        WHERE t2$.":rank" <= $4::bigint
                        ORDER BY t2$.":rank" DESC
                    ) o$
                ) AS "nodes"
            ) o$
        ) AS "events"
        FROM "cloud_deployments" t1$
        WHERE t1$."id" = $2::uuid
            AND t1$."tenant_id" = $3::uuid
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0007-7000-8000-000000000065
-- $3: 019d4500-0006-7000-8000-000000000001
-- $4: 5
