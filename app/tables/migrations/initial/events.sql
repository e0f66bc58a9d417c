-- Business events: append-only, but for the position, which is set once.

CREATE FUNCTION events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.position IS NOT NULL OR to_jsonb(OLD) - 'position' <> to_jsonb(NEW) - 'position' THEN
        RAISE EXCEPTION 'events is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER events_append_only BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_position_once BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION events_refuse_change();

-- Events to publish, and published ones in their order.
CREATE INDEX events_unpublished_idx ON events (aggregate_id, sequence) WHERE position IS NULL;
CREATE UNIQUE INDEX events_position_key ON events (position) WHERE position IS NOT NULL;
CREATE INDEX events_tenant_id_position_idx ON events (tenant_id, position) WHERE position IS NOT NULL;
CREATE INDEX event_sequences_tenant_id_idx ON event_sequences (tenant_id);

-- The aggregate's row in event_sequences, written by the same statement, has the reference: checked once for all its events.
ALTER TABLE events DROP CONSTRAINT events_tenant_id_fkey;
