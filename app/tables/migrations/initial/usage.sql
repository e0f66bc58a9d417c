-- Usage: events in monthly partitions, their idempotency keys in a table without partitions, totals by day, corrections.

-- (tenant, source, event id) is unique over all months and never free again. The fingerprint tells whether the same
-- event was sent again or another one under its id (app/operations/usage/store.py computes it). The row has no other key.
ALTER TABLE usage_event_keys DROP CONSTRAINT usage_event_keys_pkey;
ALTER TABLE usage_event_keys DROP CONSTRAINT usage_event_keys_tenant_id_fkey;
ALTER TABLE usage_event_keys
    ALTER COLUMN source TYPE text COLLATE "C", ALTER COLUMN event_id TYPE text COLLATE "C"; -- compared byte by byte
ALTER TABLE usage_event_keys REPLICA IDENTITY USING INDEX usage_event_keys_tenant_id_source_event_id_key;

-- The primary key must include the partition key; this one also finds the events of a deployment's month. There are no
-- foreign keys: the statement that inserts an event adds it to a daily total of the same tenant, deployment and kind,
-- whose foreign keys are checked once for all events of the day. Checked here they would cost more than all the rest.
ALTER TABLE usage_records RENAME TO usage_records_unpartitioned;
ALTER TABLE usage_records_unpartitioned RENAME CONSTRAINT usage_records_pkey TO usage_records_unpartitioned_pkey;
CREATE TABLE usage_records (
    LIKE usage_records_unpartitioned INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    CONSTRAINT usage_records_pkey PRIMARY KEY (tenant_id, deployment_id, resource_kind, occurred_at, id)
) PARTITION BY RANGE (occurred_at);
DROP TABLE usage_records_unpartitioned;
ALTER TABLE usage_records
    ALTER COLUMN source TYPE text COLLATE "C", ALTER COLUMN event_id TYPE text COLLATE "C";

-- One partition holds all that is older than a year when this runs; months follow without a gap. So there is a
-- partition for every event, once those up to its month are created.
DO $$
DECLARE
    first_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC') - interval '12 months';
BEGIN
    EXECUTE format(
        'CREATE TABLE usage_records_earlier PARTITION OF usage_records FOR VALUES FROM (MINVALUE) TO (%L)',
        first_month AT TIME ZONE 'UTC'
    );
    EXECUTE format(
        'CREATE TABLE %I PARTITION OF usage_records FOR VALUES FROM (%L) TO (%L)',
        to_char(first_month, '"usage_records_"YYYY_MM'),
        first_month AT TIME ZONE 'UTC', (first_month + interval '1 month') AT TIME ZONE 'UTC'
    );
END $$;

-- Creates the partitions (months in UTC) through the one that holds `instant`; returns the end of the last one.
-- The application may not create tables, but may call this. ATTACH blocks neither reads nor writes.
CREATE FUNCTION usage_records_create_partitions(instant timestamptz) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    month timestamptz;
    partition_name text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('usage_records_create_partitions', 0));
    SELECT to_timestamp(max(substring(c.relname FROM 15)), 'YYYY_MM') + interval '1 month' INTO month
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'usage_records'::regclass AND c.relname ~ '^usage_records_\d{4}_\d{2}$';
    WHILE month <= instant LOOP
        partition_name := to_char(month, '"usage_records_"YYYY_MM');
        EXECUTE format(
            'CREATE TABLE %I (LIKE usage_records INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition_name
        );
        EXECUTE format(
            'ALTER TABLE usage_records ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            partition_name, month, month + interval '1 month'
        );
        month := month + interval '1 month';
    END LOOP;
    RETURN month;
END $$;
REVOKE ALL ON FUNCTION usage_records_create_partitions FROM PUBLIC;
SELECT usage_records_create_partitions(now() + interval '2 months');

-- A day's total is updated by every batch that adds to it: room on its page keeps those updates out of its indexes.
ALTER TABLE usage_daily_totals SET (fillfactor = 70);
-- One index reads a month of daily totals in the order of kinds, resources and days, without sorting. It needs a column
-- for the month: under row-level security no index serves an expression that is not leakproof, such as date_trunc.
ALTER TABLE usage_daily_totals
    DROP COLUMN month,
    ADD COLUMN month date GENERATED ALWAYS AS (date_trunc('month', day::timestamp)::date) STORED;
CREATE INDEX usage_daily_totals_month_idx ON usage_daily_totals (deployment_id, month, resource_kind COLLATE "C", resource_id, day);

-- Events, their keys and their corrections are append-only.
CREATE TRIGGER usage_records_append_only BEFORE UPDATE OR DELETE ON usage_records
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER usage_event_keys_append_only BEFORE UPDATE OR DELETE ON usage_event_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER usage_corrections_append_only BEFORE UPDATE OR DELETE ON usage_corrections
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Finds the levels before and after one of the same day and resource; of levels set at the same instant the highest
-- counts. Partial, so that recording other events costs nothing more.
CREATE INDEX usage_records_levels_idx
    ON usage_records (tenant_id, deployment_id, resource_kind, level_stream, day, occurred_at, quantity)
    WHERE level_stream IS NOT NULL;
-- The corrections of the events of one instant.
CREATE INDEX usage_corrections_occurred_at_idx
    ON usage_corrections (tenant_id, deployment_id, resource_kind, day, occurred_at, record_id);
CREATE INDEX usage_corrections_tenant_id_idx
    ON usage_corrections (tenant_id, deployment_id, resource_kind, day, record_id, id);
