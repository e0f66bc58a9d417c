-- For tenant

-- plan
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."code" AS "code",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT t2$."version" AS "version",
                        t2$."base_price_cents" AS "basePriceCents"
                    FROM "plan_versions" t2$
                    WHERE t1$."id" = t2$."plan_id"
                        AND t2$."status" = $3::text
                        AND NOT t2$."status" = $4::text
                    ORDER BY t2$."version" DESC, t2$."id" DESC
                    LIMIT 1
                ) o$
            ) AS "currentVersion",
            (
                SELECT coalesce(json_agg(o$), '[]')
                FROM (
                    SELECT t3$."version" AS "version",
                        t3$."status" AS "status",
                        (
                            SELECT coalesce(json_agg(o$), '[]')
                            FROM (
                                SELECT trim_scale(t4$."included_quantity")::text AS "includedQuantity",
                                    t4$."price_model" AS "priceModel",
                                    (
                                        SELECT coalesce(json_agg(o$), '[]')
                                        FROM (
                                            SELECT trim_scale(t5$."unit_price_cents")::text AS "unitPriceCents",
                                                t5$."flat_price_cents" AS "flatPriceCents"
                                            FROM "plan_price_tiers" t5$
                                            WHERE t4$."id" = t5$."plan_resource_id"
                                            ORDER BY t5$."position", t5$."id"
                                        ) o$
                                    ) AS "tiers"
                                FROM "plan_resources" t4$
                                WHERE t3$."id" = t4$."plan_version_id"
                                ORDER BY t4$."resource_kind", t4$."id"
                            ) o$
                        ) AS "resources"
                    FROM "plan_versions" t3$
                    WHERE t1$."id" = t3$."plan_id"
                        AND NOT t3$."status" = $5::text
                    ORDER BY t3$."version", t3$."id"
                ) o$
            ) AS "versions"
        FROM "plans" t1$
        WHERE t1$."code" = $2::text
    ) o$
)
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: studio
-- $3: PUBLISHED
-- $4: DRAFT
-- $5: DRAFT

-- For platform

-- plan
SELECT (
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."code" AS "code",
            (
                SELECT row_to_json(o$)
                FROM (
                    SELECT t2$."version" AS "version",
                        t2$."base_price_cents" AS "basePriceCents"
                    FROM "plan_versions" t2$
                    WHERE t1$."id" = t2$."plan_id"
                        AND t2$."status" = $2::text
                    ORDER BY t2$."version" DESC, t2$."id" DESC
                    LIMIT 1
                ) o$
            ) AS "currentVersion",
            (
                SELECT coalesce(json_agg(o$), '[]')
                FROM (
                    SELECT t3$."version" AS "version",
                        t3$."status" AS "status",
                        (
                            SELECT coalesce(json_agg(o$), '[]')
                            FROM (
                                SELECT trim_scale(t4$."included_quantity")::text AS "includedQuantity",
                                    t4$."price_model" AS "priceModel",
                                    (
                                        SELECT coalesce(json_agg(o$), '[]')
                                        FROM (
                                            SELECT trim_scale(t5$."unit_price_cents")::text AS "unitPriceCents",
                                                t5$."flat_price_cents" AS "flatPriceCents"
                                            FROM "plan_price_tiers" t5$
                                            WHERE t4$."id" = t5$."plan_resource_id"
                                            ORDER BY t5$."position", t5$."id"
                                        ) o$
                                    ) AS "tiers"
                                FROM "plan_resources" t4$
                                WHERE t3$."id" = t4$."plan_version_id"
                                ORDER BY t4$."resource_kind", t4$."id"
                            ) o$
                        ) AS "resources"
                    FROM "plan_versions" t3$
                    WHERE t1$."id" = t3$."plan_id"
                    ORDER BY t3$."version", t3$."id"
                ) o$
            ) AS "versions"
        FROM "plans" t1$
        WHERE t1$."code" = $1::text
    ) o$
);
-- $1: studio
-- $2: PUBLISHED
