-- What the tables cannot say in Piccolo: tenant-wide keys, indexes, immutability, the totals check. policies.sql has row-level security and grants.

-- A child's reference carries its tenant, so that no row can point into another tenant (and Citus can shard them).
ALTER TABLE cloud_deployments ADD CONSTRAINT cloud_deployments_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE subscriptions ADD CONSTRAINT subscriptions_tenant_id_id_deployment_id_key UNIQUE (tenant_id, id, deployment_id);
ALTER TABLE subscriptions ADD CONSTRAINT subscriptions_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE subscription_addons ADD CONSTRAINT subscription_addons_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE tenant_invoices ADD CONSTRAINT tenant_invoices_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE charges ADD CONSTRAINT charges_tenant_id_id_key UNIQUE (tenant_id, id);

DO $$
DECLARE
    link record;
BEGIN
    FOR link IN
        SELECT * FROM (VALUES
            ('cloud_deployment_events', 'deployment_id', 'cloud_deployments'),
            ('cloud_resources', 'deployment_id', 'cloud_deployments'),
            ('subscriptions', 'deployment_id', 'cloud_deployments'),
            ('subscription_plan_versions', 'subscription_id', 'subscriptions'),
            ('subscription_active_spans', 'subscription_id', 'subscriptions'),
            ('subscription_addons', 'subscription_id', 'subscriptions'),
            ('usage_daily_totals', 'deployment_id', 'cloud_deployments'),
            ('tenant_invoice_lines', 'invoice_id', 'tenant_invoices'),
            ('tenant_invoice_lines', 'subscription_addon_id', 'subscription_addons'),
            ('tenant_invoice_lines', 'charge_id', 'charges'),
            ('charges', 'deployment_id', 'cloud_deployments'),
            ('usage_corrections', 'deployment_id', 'cloud_deployments'),
            ('billing_months', 'invoice_id', 'tenant_invoices'),
            ('billing_month_changes', 'deployment_id', 'cloud_deployments'),
            ('tenant_invoice_inputs', 'invoice_id', 'tenant_invoices'),
            ('tenant_invoice_inputs', 'subscription_id', 'subscriptions'),
            ('rollup_outcomes', 'invoice_id', 'tenant_invoices'),
            ('rollup_unpriced_usage', 'deployment_id', 'cloud_deployments'),
            ('cloud_invoice_lines', 'deployment_id', 'cloud_deployments')
        ) AS links (child, reference, parent)
    LOOP
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', link.child, link.child || '_' || link.reference || '_fkey');
        EXECUTE format(
            'ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (tenant_id, %I) REFERENCES %I (tenant_id, id) ON DELETE RESTRICT ON UPDATE RESTRICT',
            link.child, link.child || '_' || link.reference || '_fkey', link.reference, link.parent
        );
    END LOOP;
END $$;

-- A line's subscription and deployment belong together: one key says both.
ALTER TABLE tenant_invoice_lines
    DROP CONSTRAINT tenant_invoice_lines_deployment_id_fkey,
    DROP CONSTRAINT tenant_invoice_lines_subscription_id_fkey,
    ADD CONSTRAINT tenant_invoice_lines_subscription_id_fkey
        FOREIGN KEY (tenant_id, subscription_id, deployment_id) REFERENCES subscriptions (tenant_id, id, deployment_id)
        ON DELETE RESTRICT ON UPDATE RESTRICT;

-- The tenant is implied by the keys above; these tables take the most rows, and each check costs.
ALTER TABLE tenant_invoice_lines DROP CONSTRAINT tenant_invoice_lines_tenant_id_fkey;
ALTER TABLE tenant_invoice_inputs DROP CONSTRAINT tenant_invoice_inputs_tenant_id_fkey;
ALTER TABLE usage_daily_totals DROP CONSTRAINT usage_daily_totals_tenant_id_fkey;

-- A change names a month that has its row, which whoever rates the month locks.
ALTER TABLE billing_month_changes
    DROP CONSTRAINT billing_month_changes_tenant_id_fkey,
    ADD CONSTRAINT billing_month_changes_tenant_id_fkey FOREIGN KEY (tenant_id, period_start)
        REFERENCES billing_months (tenant_id, period_start) ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Rules that are partial unique indexes.
CREATE UNIQUE INDEX cloud_resources_alive_key ON cloud_resources (provider, external_id) WHERE destroyed_at IS NULL;
CREATE UNIQUE INDEX tenant_invoices_live_key ON tenant_invoices (tenant_id, period_start) WHERE status <> 'VOID';
CREATE UNIQUE INDEX subscription_active_spans_open_key ON subscription_active_spans (subscription_id) WHERE last_on IS NULL;

-- The order of each connection, and each look-up.
CREATE INDEX cloud_deployments_slug_id_idx ON cloud_deployments (slug, id);
CREATE INDEX cloud_deployment_events_deployment_id_idx ON cloud_deployment_events (deployment_id, occurred_at, id);
CREATE INDEX cloud_deployment_events_tenant_id_idx ON cloud_deployment_events (tenant_id);
CREATE INDEX cloud_resources_deployment_id_idx ON cloud_resources (deployment_id, id);
CREATE INDEX cloud_resources_tenant_id_idx ON cloud_resources (tenant_id);
CREATE INDEX cloud_resources_provider_name_idx ON cloud_resources (provider, name);
CREATE INDEX subscription_active_spans_subscription_id_idx ON subscription_active_spans (subscription_id, first_on);
CREATE INDEX subscription_active_spans_tenant_id_idx ON subscription_active_spans (tenant_id);
CREATE INDEX subscription_plan_versions_tenant_id_idx ON subscription_plan_versions (tenant_id);
CREATE INDEX subscription_addons_subscription_id_idx ON subscription_addons (subscription_id, attached_at, id);
CREATE INDEX tenant_invoices_tenant_id_period_start_idx ON tenant_invoices (tenant_id, period_start, id);
CREATE INDEX tenant_invoices_period_start_idx ON tenant_invoices (period_start, id);
CREATE INDEX tenant_invoice_lines_deployment_id_idx
    ON tenant_invoice_lines (deployment_id, period_start DESC, id) WHERE deployment_id IS NOT NULL;
CREATE INDEX tenant_invoice_lines_subscription_id_idx
    ON tenant_invoice_lines (subscription_id, period_start DESC, id) WHERE subscription_id IS NOT NULL;
CREATE INDEX tenant_invoice_lines_subscription_addon_id_idx
    ON tenant_invoice_lines (subscription_addon_id, period_start DESC, id) WHERE subscription_addon_id IS NOT NULL;
CREATE INDEX tenant_invoice_lines_tenant_id_idx ON tenant_invoice_lines (tenant_id, period_start);
CREATE INDEX tenant_invoice_lines_charge_id_idx ON tenant_invoice_lines (charge_id) WHERE charge_id IS NOT NULL;
CREATE INDEX tenant_invoice_inputs_tenant_id_idx ON tenant_invoice_inputs (tenant_id, invoice_id, subscription_id);
CREATE INDEX tenant_invoice_inputs_corrections_idx
    ON tenant_invoice_inputs (tenant_id, late_month, invoice_id) WHERE late_month IS NOT NULL;
CREATE INDEX cloud_invoices_period_start_idx ON cloud_invoices (period_start, id);
CREATE INDEX cloud_invoice_lines_month_idx ON cloud_invoice_lines (month, tenant_id);
CREATE INDEX cloud_invoice_lines_tenant_id_idx ON cloud_invoice_lines (tenant_id);
CREATE INDEX rollup_chunks_open_idx ON rollup_chunks (run_id) WHERE finished_at IS NULL;
CREATE INDEX rollup_warnings_run_id_idx ON rollup_warnings (run_id, id);
CREATE INDEX rollup_warnings_tenant_id_idx ON rollup_warnings (tenant_id);
CREATE INDEX charges_tenant_id_idx ON charges (tenant_id, charged_on, id);
CREATE INDEX usage_corrections_tenant_id_idx
    ON usage_corrections (tenant_id, deployment_id, resource_kind, day, record_id, id);
CREATE INDEX subscriptions_pending_idx ON subscriptions (pending_from) WHERE pending_from IS NOT NULL;
CREATE INDEX cloud_resources_external_id_idx ON cloud_resources (provider, external_id);

-- Months that are due whatever changed, and the changes: both in the order in which what is due is listed.
CREATE INDEX billing_months_due_idx ON billing_months (period_start, tenant_id)
    WHERE state IN ('OPEN', 'FAILED') OR rated_cents <> billed_cents;
CREATE INDEX billing_months_difference_idx ON billing_months (tenant_id, period_start) WHERE rated_cents <> billed_cents;
CREATE INDEX billing_month_changes_tenant_id_idx ON billing_month_changes (tenant_id, period_start);
CREATE INDEX billing_month_changes_period_start_idx ON billing_month_changes (period_start, tenant_id);
CREATE INDEX rollup_outcomes_tenant_id_idx ON rollup_outcomes (tenant_id);
CREATE INDEX rollup_failures_tenant_id_idx ON rollup_failures (tenant_id);
CREATE INDEX rollup_unpriced_usage_tenant_id_idx ON rollup_unpriced_usage (tenant_id);

-- Published plan versions do not change; a published one may only be retired.
CREATE FUNCTION plan_versions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'DRAFT' AND (
        (OLD.status, NEW.status) NOT IN (('PUBLISHED', 'PUBLISHED'), ('PUBLISHED', 'RETIRED'))
        OR to_jsonb(OLD) - 'status' <> to_jsonb(NEW) - 'status'
    ) THEN
        RAISE EXCEPTION 'plan version % is published: draft a new version instead', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER plan_versions_immutable BEFORE UPDATE ON plan_versions
    FOR EACH ROW EXECUTE FUNCTION plan_versions_refuse_change();

CREATE FUNCTION plan_terms_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    terms jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
    version_status text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'plan terms are replaced, never changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_TABLE_NAME = 'plan_resources' THEN
        SELECT status INTO version_status FROM plan_versions WHERE id = (terms ->> 'plan_version_id')::uuid;
    ELSE
        SELECT v.status INTO version_status
        FROM plan_resources r JOIN plan_versions v ON v.id = r.plan_version_id
        WHERE r.id = (terms ->> 'plan_resource_id')::uuid;
    END IF;
    IF version_status <> 'DRAFT' THEN
        RAISE EXCEPTION 'the terms of a published plan version do not change'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER plan_resources_immutable BEFORE INSERT OR UPDATE OR DELETE ON plan_resources
    FOR EACH ROW EXECUTE FUNCTION plan_terms_refuse_change();
CREATE TRIGGER plan_price_tiers_immutable BEFORE INSERT OR UPDATE OR DELETE ON plan_price_tiers
    FOR EACH ROW EXECUTE FUNCTION plan_terms_refuse_change();

-- History is only added to.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER cloud_deployment_events_append_only BEFORE UPDATE OR DELETE ON cloud_deployment_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER usage_records_append_only BEFORE UPDATE OR DELETE ON usage_records
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER usage_event_keys_append_only BEFORE UPDATE OR DELETE ON usage_event_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER usage_corrections_append_only BEFORE UPDATE OR DELETE ON usage_corrections
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER charges_append_only BEFORE UPDATE OR DELETE ON charges
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_invoice_lines_replaced BEFORE UPDATE ON tenant_invoice_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_invoice_inputs_replaced BEFORE UPDATE ON tenant_invoice_inputs
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tenant_invoices_kept BEFORE DELETE ON tenant_invoices
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- An invoice is free while DRAFT; after that only its payment or its voiding is written, once.
CREATE FUNCTION tenant_invoices_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['status', 'paid_at', 'payment_reference', 'voided_at', 'void_reason'];
BEGIN
    IF OLD.status = 'DRAFT' AND NEW.status IN ('DRAFT', 'ISSUED', 'VOID') THEN
        RETURN NEW;
    END IF;
    IF (OLD.status, NEW.status) IN (('ISSUED', 'PAID'), ('ISSUED', 'VOID'))
        AND to_jsonb(OLD) - free = to_jsonb(NEW) - free THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'invoice % is % and does not change', OLD.id, lower(OLD.status)
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER tenant_invoices_immutable BEFORE UPDATE ON tenant_invoices
    FOR EACH ROW EXECUTE FUNCTION tenant_invoices_refuse_change();

CREATE FUNCTION tenant_invoice_parts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM tenant_invoices WHERE id IN (SELECT invoice_id FROM changed) AND status <> 'DRAFT') THEN
        RAISE EXCEPTION 'the lines and inputs of an invoice that is no longer a draft do not change'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tenant_invoice_lines_insert_in_draft AFTER INSERT ON tenant_invoice_lines
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_parts_refuse_change();
CREATE TRIGGER tenant_invoice_lines_delete_in_draft AFTER DELETE ON tenant_invoice_lines
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_parts_refuse_change();
CREATE TRIGGER tenant_invoice_inputs_insert_in_draft AFTER INSERT ON tenant_invoice_inputs
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_parts_refuse_change();
CREATE TRIGGER tenant_invoice_inputs_delete_in_draft AFTER DELETE ON tenant_invoice_inputs
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_parts_refuse_change();

-- At commit an invoice's lines sum to its totals. Written lines whose invoice does not (yet) agree touch the invoice,
-- which queues the same check for the commit. Each invoice's lines are summed once, by its index.
CREATE FUNCTION tenant_invoices_check_totals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    agrees boolean;
BEGIN
    SELECT i.subtotal_cents = coalesce(sum(l.amount_cents) FILTER (WHERE l.kind <> 'TAX'), 0)
       AND i.tax_cents = coalesce(sum(l.amount_cents) FILTER (WHERE l.kind = 'TAX'), 0)
    INTO agrees
    FROM tenant_invoices i LEFT JOIN tenant_invoice_lines l ON l.invoice_id = i.id
    WHERE i.id = NEW.id
    GROUP BY i.id;
    IF agrees IS NOT TRUE THEN
        RAISE EXCEPTION 'the lines of invoice % do not sum to its totals', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'tenant_invoices_lines_sum_check';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER tenant_invoices_totals AFTER INSERT OR UPDATE ON tenant_invoices
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenant_invoices_check_totals();

CREATE FUNCTION tenant_invoice_lines_queue_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tenant_invoices i SET revision = i.revision
    FROM (SELECT DISTINCT invoice_id FROM changed) AS written
    WHERE i.id = written.invoice_id AND i.total_cents <> (
        SELECT coalesce(sum(l.amount_cents), 0) FROM tenant_invoice_lines l WHERE l.invoice_id = written.invoice_id);
    RETURN NULL;
END $$;
CREATE TRIGGER tenant_invoice_lines_insert_totals AFTER INSERT ON tenant_invoice_lines
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_lines_queue_check();
CREATE TRIGGER tenant_invoice_lines_delete_totals AFTER DELETE ON tenant_invoice_lines
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tenant_invoice_lines_queue_check();

-- A caller's keys are one per tenant and subject; the platform's have no tenant, and are unique all the same.
CREATE UNIQUE INDEX idempotency_keys_tenant_id_subject_key_key ON idempotency_keys (tenant_id, subject, key) NULLS NOT DISTINCT;
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
CREATE INDEX audit_log_tenant_id_idx ON audit_log (tenant_id, occurred_at, id);
CREATE INDEX audit_log_occurred_at_idx ON audit_log (occurred_at, id);

-- What was done stays done: the owner too would have to take the trigger off first.
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Neither in the log nor in a backup, and short of I/O: its rows are changed often, in place, beside no index of what changes.
ALTER TABLE rate_limit_buckets SET UNLOGGED;
ALTER TABLE rate_limit_buckets SET (fillfactor = 50);
-- A caller has one bucket per tenant; the platform's users have no tenant, and one bucket all the same.
CREATE UNIQUE INDEX rate_limit_buckets_tenant_id_subject_key ON rate_limit_buckets (tenant_id, subject) NULLS NOT DISTINCT;

-- A draft is stale while changes of its month wait to be rated; the first of them says since when.
CREATE FUNCTION invoice_stale_since(invoice_tenant uuid, invoice_month date, status text) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT min(c.changed_at) FROM billing_month_changes c
    WHERE status = 'DRAFT' AND c.tenant_id = invoice_tenant AND c.period_start = invoice_month
$$;
CREATE FUNCTION invoice_is_stale(invoice_tenant uuid, invoice_month date, status text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT status = 'DRAFT' AND EXISTS (
        SELECT FROM billing_month_changes c WHERE c.tenant_id = invoice_tenant AND c.period_start = invoice_month)
$$;

-- What a line was rated from: the header of its invoice, then the documents of its subscription (or of the charges without one), for a
-- correction those of its month. Part of the statement that reads the line, so that both are of one snapshot.
CREATE FUNCTION invoice_line_documents(
    line_tenant uuid, line_invoice uuid, line_subscription uuid, line_month date, line_key text
) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT json_agg(document ORDER BY position) FROM (
        SELECT n.position, n.document FROM tenant_invoice_inputs n
        WHERE n.tenant_id = line_tenant AND n.invoice_id = line_invoice AND n.position = 0
        UNION ALL
        SELECT n.position, n.document FROM tenant_invoice_inputs n
        WHERE n.tenant_id = line_tenant AND n.invoice_id = line_invoice AND n.subscription_id = line_subscription
          AND CASE WHEN line_key LIKE 'late:%' THEN n.late_month = line_month ELSE n.late_month IS NULL END
        UNION ALL
        SELECT n.position, n.document FROM tenant_invoice_inputs n
        WHERE n.tenant_id = line_tenant AND n.invoice_id = line_invoice AND n.subscription_id IS NULL
          AND line_subscription IS NULL AND n.position > 0
          AND CASE WHEN line_key LIKE 'late:%' THEN n.late_month = line_month ELSE n.late_month IS NULL END
    ) AS documents
$$;

-- A subscription's current month: the calendar month that holds its start, then the clock's, until it ended.
CREATE FUNCTION subscription_period_start(started_on date, ended_on date, today date) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT least(greatest(started_on, today), ended_on)
         - (extract(day FROM least(greatest(started_on, today), ended_on))::int - 1)
$$;
CREATE FUNCTION subscription_period_end(started_on date, ended_on date, today date) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (subscription_period_start(started_on, ended_on, today) + interval '1 month')::date
$$;
