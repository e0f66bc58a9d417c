-- Usage by month: events in monthly partitions, their ids apart from them and unique over all months.

-- (tenant, source, event id) is taken for good, whatever month the event is of. The fingerprint tells the same event
-- sent again from another one under its id (app/operations/usage/store.py makes it). The row has no other key.
ALTER TABLE usage_event_keys DROP CONSTRAINT usage_event_keys_pkey;
ALTER TABLE usage_event_keys DROP CONSTRAINT usage_event_keys_tenant_id_fkey;
ALTER TABLE usage_event_keys
    ALTER COLUMN source TYPE text COLLATE "C", ALTER COLUMN event_id TYPE text COLLATE "C"; -- compared byte by byte
ALTER TABLE usage_event_keys REPLICA IDENTITY USING INDEX usage_event_keys_tenant_id_source_event_id_key;

-- A partition's key must hold what it is partitioned by. This one also finds a deployment's month. References are
-- left to the daily totals: each event is added to one in the statement that writes it, of the same tenant, deployment
-- and kind, and there they are checked once for all events of the day. Checked here they cost more than all the rest.
ALTER TABLE usage_records RENAME TO usage_records_unpartitioned;
ALTER TABLE usage_records_unpartitioned RENAME CONSTRAINT usage_records_pkey TO usage_records_unpartitioned_pkey;
CREATE TABLE usage_records (
    LIKE usage_records_unpartitioned INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    CONSTRAINT usage_records_pkey PRIMARY KEY (tenant_id, deployment_id, resource_kind, occurred_at, id)
) PARTITION BY RANGE (occurred_at);
DROP TABLE usage_records_unpartitioned;
ALTER TABLE usage_records
    ALTER COLUMN source TYPE text COLLATE "C", ALTER COLUMN event_id TYPE text COLLATE "C";

-- What is older than a year when this runs has one partition; months follow without a gap. So an event finds its
-- partition whenever it occurred, once the months up to it are made.
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

-- Makes the months (in UTC) up to the one that holds `instant`, and gives the instant from which on there are none.
-- The application may not make tables; this it may. ATTACH lets everyone go on reading and writing meanwhile.
CREATE FUNCTION usage_records_make_months(instant timestamptz) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    month timestamptz;
    partition_name text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('usage_records_make_months', 0));
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
REVOKE ALL ON FUNCTION usage_records_make_months FROM PUBLIC;
SELECT usage_records_make_months(now() + interval '2 months');

-- A day's total is written again with every batch that adds to it: room on its page keeps its indexes out of that.
ALTER TABLE usage_daily_totals SET (fillfactor = 70);
-- A month of daily totals in the order of kinds, resources and days, read by one index without sorting. Only a column of its own will do: under
-- row-level security an index serves no expression that is not leakproof, such as one that makes a month of a day.
ALTER TABLE usage_daily_totals
    DROP COLUMN month,
    ADD COLUMN month date GENERATED ALWAYS AS (date_trunc('month', day::timestamp)::date) STORED;
CREATE INDEX usage_daily_totals_month_idx ON usage_daily_totals (deployment_id, month, resource_kind COLLATE "C", resource_id, day);
