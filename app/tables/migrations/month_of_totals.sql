-- A month of daily totals in the order of kinds and days, read by one index without sorting. Only a column of its own will do: under
-- row-level security an index serves no expression that is not leakproof, such as one that makes a month of a day.
ALTER TABLE usage_daily_totals
    DROP COLUMN month,
    ADD COLUMN month date GENERATED ALWAYS AS (date_trunc('month', day::timestamp)::date) STORED;
DROP INDEX usage_daily_totals_deployment_id_idx;
CREATE INDEX usage_daily_totals_month_idx ON usage_daily_totals (deployment_id, month, resource_kind COLLATE "C", day);
