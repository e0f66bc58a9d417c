-- For tenant

-- tenant
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
                        SELECT t2$."slug" AS "slug",
                            (
                                SELECT row_to_json(o$)
                                FROM (
                                    SELECT (
                                        SELECT coalesce(json_agg(o$), '[]')
                                        FROM (
                                            SELECT t4$."price_cents" AS "priceCents",
                                                (
                                                    SELECT row_to_json(o$)
                                                    FROM (
                                                        SELECT t5$."code" AS "code"
                                                        FROM "addons" t5$
                                                        WHERE t5$."id" = t4$."addon_id"
                                                    ) o$
                                                ) AS "addon"
                                            FROM "subscription_addons" t4$
                                            WHERE t3$."id" = t4$."subscription_id"
                                                AND t4$."tenant_id" = $3::uuid
                                            ORDER BY t4$."attached_at", t4$."id"
                                        ) o$
                                    ) AS "addons"
                                    FROM "subscriptions" t3$
                                    WHERE t2$."id" = t3$."deployment_id"
                                        AND t3$."tenant_id" = $3::uuid
                                ) o$
                            ) AS "subscription"
                        FROM "cloud_deployments" t2$
                        WHERE t1$."id" = t2$."tenant_id"
                            AND t2$."tenant_id" = $3::uuid
                        ORDER BY t2$."slug", t2$."id"
                        LIMIT $4::bigint
                    ) o$
                ) AS "nodes"
            ) o$
        ) AS "deployments"
        FROM "tenants" t1$
        WHERE t1$."id" = $2::uuid
            AND t1$."id" = $3::uuid
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0006-7000-8000-000000000001
-- $3: 019d4500-0006-7000-8000-000000000001
-- $4: 5

-- For platform

-- tenant
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT (
            SELECT row_to_json(o$)
            FROM (
                SELECT (
                    SELECT coalesce(json_agg(o$), '[]')
                    FROM (
                        SELECT t2$."slug" AS "slug",
                            (
                                SELECT row_to_json(o$)
                                FROM (
                                    SELECT (
                                        SELECT coalesce(json_agg(o$), '[]')
                                        FROM (
                                            SELECT t4$."price_cents" AS "priceCents",
                                                (
                                                    SELECT row_to_json(o$)
                                                    FROM (
                                                        SELECT t5$."code" AS "code"
                                                        FROM "addons" t5$
                                                        WHERE t5$."id" = t4$."addon_id"
                                                    ) o$
                                                ) AS "addon"
                                            FROM "subscription_addons" t4$
                                            WHERE t3$."id" = t4$."subscription_id"
                                                AND t4$."tenant_id" IS NOT DISTINCT FROM t3$."tenant_id"
                                            ORDER BY t4$."attached_at", t4$."id"
                                        ) o$
                                    ) AS "addons"
                                    FROM "subscriptions" t3$
                                    WHERE t2$."id" = t3$."deployment_id"
                                        AND t3$."tenant_id" IS NOT DISTINCT FROM t2$."tenant_id"
                                ) o$
                            ) AS "subscription"
                        FROM "cloud_deployments" t2$
                        WHERE t1$."id" = t2$."tenant_id"
                        ORDER BY t2$."slug", t2$."id"
                        LIMIT $2::bigint
                    ) o$
                ) AS "nodes"
            ) o$
        ) AS "deployments"
        FROM "tenants" t1$
        WHERE t1$."id" = $1::uuid
    ) o$
);
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 5
