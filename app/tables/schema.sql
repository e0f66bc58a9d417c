-- The schema as all migrations leave it. `make tables` writes this file, `make check` holds it current.
-- Left out: the monthly partitions of usage_records, which are made at run time, and the tables of the queue.

-- Name: credit_note_lines_refuse_addition(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.credit_note_lines_refuse_addition() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT tenant_id, credit_note_id FROM written) AS n
        JOIN credit_note_lines l ON l.tenant_id = n.tenant_id AND l.credit_note_id = n.credit_note_id
        WHERE l.id NOT IN (SELECT id FROM written)) THEN
        RAISE EXCEPTION 'the credit note has its lines already, and none is added'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

-- Name: credit_notes_check_totals(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.credit_notes_check_totals() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF (SELECT (coalesce(sum(amount_cents) FILTER (WHERE taxed_net_cents IS NULL), 0),
                coalesce(sum(amount_cents) FILTER (WHERE taxed_net_cents IS NOT NULL), 0))
        FROM credit_note_lines WHERE tenant_id = NEW.tenant_id AND credit_note_id = NEW.id)
        IS DISTINCT FROM (NEW.net_cents::numeric, NEW.tax_cents::numeric) THEN
        RAISE EXCEPTION 'the lines of credit note % do not sum to its totals', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_notes_lines_sum_check';
    END IF;
    RETURN NULL;
END $$;

-- Name: document_pdf_sha256(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.document_pdf_sha256(document_tenant uuid, document uuid) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT d.pdf_sha256 FROM issued_documents d WHERE d.tenant_id = document_tenant AND d.id = document
$$;

-- Name: events_refuse_change(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.events_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.position IS NOT NULL OR to_jsonb(OLD) - 'position' <> to_jsonb(NEW) - 'position' THEN
        RAISE EXCEPTION 'events is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

-- Name: finance_pushes_guard(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.finance_pushes_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.body IS NULL OR NEW.body = OLD.body) AND OLD.status <> 'SENT'
        AND (NEW.id, NEW.tenant_id, NEW.invoice_id, NEW.sequence, NEW.kind, NEW.source_id, NEW.amount_cents, NEW.recorded_at)
            IS NOT DISTINCT FROM
            (OLD.id, OLD.tenant_id, OLD.invoice_id, OLD.sequence, OLD.kind, OLD.source_id, OLD.amount_cents, OLD.recorded_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what a finance push says does not change' USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- Name: invoice_applied_credit_cents(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_applied_credit_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT b.credit_cents FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: invoice_balance_cents(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_balance_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT b.balance_cents FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: invoice_credited_cents(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_credited_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT b.credited_net_cents + b.credited_tax_cents FROM invoice_balances b
    WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: invoice_dispute_reason(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_dispute_reason(invoice_tenant uuid, invoice uuid) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT b.dispute_reason FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: invoice_disputed_at(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_disputed_at(invoice_tenant uuid, invoice uuid) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT b.disputed_at FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: invoice_is_stale(uuid, date, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_is_stale(invoice_tenant uuid, invoice_month date, status text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT status = 'DRAFT' AND EXISTS (
        SELECT FROM billing_month_changes c WHERE c.tenant_id = invoice_tenant AND c.period_start = invoice_month)
$$;

-- Name: invoice_line_corrected_cents(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_line_corrected_cents(line_tenant uuid, line uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT (coalesce((
        SELECT sum(c.amount_cents) FROM credit_note_lines c
        JOIN credit_notes n
            ON n.tenant_id = c.tenant_id AND n.id = c.credit_note_id AND n.reason = 'LATE_CORRECTION'
        WHERE c.tenant_id = line_tenant AND c.invoice_line_id = line), 0)
    + coalesce((
        SELECT sum(a.absorbed_cents) FROM absorbed_corrections a
        WHERE a.tenant_id = line_tenant AND a.invoice_line_id = line), 0))::bigint
$$;

-- Name: invoice_line_inputs(uuid, uuid, uuid, date, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_line_inputs(line_tenant uuid, line_invoice uuid, line_subscription uuid, line_month date, line_key text) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
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

-- Name: invoice_overdue_since(uuid, uuid, date); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_overdue_since(invoice_tenant uuid, invoice uuid, today date) RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT b.due_on + 1 FROM invoice_balances b
    WHERE b.tenant_id = invoice_tenant AND b.id = invoice AND b.balance_cents > 0 AND b.due_on < today
$$;

-- Name: invoice_paid_cents(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_paid_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT b.paid_cents FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: invoice_recovered_cents(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_recovered_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT b.recovered_cents FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: invoice_remaining_net_cents(uuid, uuid, text, bigint); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_remaining_net_cents(invoice_tenant uuid, invoice uuid, status text, subtotal_cents bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT subtotal_cents - b.credited_net_cents FROM invoice_balances b
    WHERE status <> 'VOID' AND b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: invoice_remaining_tax_cents(uuid, uuid, text, bigint); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_remaining_tax_cents(invoice_tenant uuid, invoice uuid, status text, tax_cents bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT tax_cents - b.credited_tax_cents FROM invoice_balances b
    WHERE status <> 'VOID' AND b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: invoice_settled_by(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_settled_by(invoice_tenant uuid, invoice uuid) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT b.settled_by FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: invoice_stale_since(uuid, date, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_stale_since(invoice_tenant uuid, invoice_month date, status text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT min(c.changed_at) FROM billing_month_changes c
    WHERE status = 'DRAFT' AND c.tenant_id = invoice_tenant AND c.period_start = invoice_month
$$;

-- Name: invoice_written_off_cents(uuid, uuid); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.invoice_written_off_cents(invoice_tenant uuid, invoice uuid) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT b.written_off_cents FROM invoice_balances b WHERE b.tenant_id = invoice_tenant AND b.id = invoice
$$;

-- Name: is_in_month(date, date); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.is_in_month(day date, month date) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT day >= month AND day < (month + interval '1 month')::date
$$;

-- Name: is_in_month(date, date, date); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.is_in_month(first_day date, last_day date, month date) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT first_day < (month + interval '1 month')::date AND (last_day IS NULL OR last_day >= month)
$$;

-- Name: issued_documents_guard(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.issued_documents_guard() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.pdf IS NULL
        AND (NEW.id, NEW.tenant_id, NEW.invoice_id, NEW.credit_note_id, NEW.parties, NEW.applied_credit_cents, NEW.created_at)
            IS NOT DISTINCT FROM
            (OLD.id, OLD.tenant_id, OLD.invoice_id, OLD.credit_note_id, OLD.parties, OLD.applied_credit_cents, OLD.created_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an issued document does not change' USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- Name: journal_entries_check_balance(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.journal_entries_check_balance() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF (SELECT sum(amount_cents) FROM journal_postings WHERE tenant_id = NEW.tenant_id AND entry_id = NEW.id)
        IS DISTINCT FROM 0 THEN
        RAISE EXCEPTION 'journal entry % has no postings, or they do not add up to 0', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entries_balance_check';
    END IF;
    RETURN NULL;
END $$;

-- Name: journal_postings_check_balance(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.journal_postings_check_balance() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    unbalanced uuid;
BEGIN
    SELECT entry_id INTO unbalanced FROM written GROUP BY entry_id HAVING sum(amount_cents) <> 0 LIMIT 1;
    IF unbalanced IS NOT NULL THEN
        RAISE EXCEPTION 'the postings of journal entry % do not add up to 0', unbalanced
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_postings_balance_check';
    END IF;
    RETURN NULL;
END $$;

-- Name: month_of(date); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.month_of(day date) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT date_trunc('month', day::timestamp)::date
$$;

-- Name: months_between(date, date); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.months_between(first_day date, last_day date) RETURNS SETOF date
    LANGUAGE sql IMMUTABLE ROWS 12 PARALLEL SAFE
    AS $$
    SELECT month::date FROM generate_series(month_of(first_day)::timestamp, last_day::timestamp, interval '1 month') AS month
$$;

-- Name: payments_refuse_change(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.payments_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    free text[] := ARRAY['reversed_at', 'reversed_by', 'reversal_reason'];
BEGIN
    IF OLD.reversed_at IS NULL AND to_jsonb(OLD) - free = to_jsonb(NEW) - free THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'payment % does not change', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- Name: plan_terms_refuse_change(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.plan_terms_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

-- Name: plan_versions_refuse_change(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.plan_versions_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

-- Name: refuse_change(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- Name: subscription_period_end(date, date, date); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.subscription_period_end(started_on date, ended_on date, today date) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT (subscription_period_start(started_on, ended_on, today) + interval '1 month')::date
$$;

-- Name: subscription_period_start(date, date, date); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.subscription_period_start(started_on date, ended_on date, today date) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT least(greatest(started_on, today), ended_on)
         - (extract(day FROM least(greatest(started_on, today), ended_on))::int - 1)
$$;

-- Name: tenant_credit_cents(uuid, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tenant_credit_cents(tenant uuid, tenant_currency text) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT coalesce(max(t.credit_cents), 0) FROM tenant_balances t
    WHERE t.tenant_id = tenant AND t.currency = tenant_currency
$$;

-- Name: tenant_invoice_contents_refuse_change(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tenant_invoice_contents_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM tenant_invoices WHERE id IN (SELECT invoice_id FROM changed) AND status <> 'DRAFT') THEN
        RAISE EXCEPTION 'the lines and inputs of an invoice that is no longer a draft do not change'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

-- Name: tenant_invoice_lines_schedule_totals_check(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tenant_invoice_lines_schedule_totals_check() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE tenant_invoices i SET revision = i.revision
    FROM (SELECT DISTINCT invoice_id FROM changed) AS written
    WHERE i.id = written.invoice_id AND i.total_cents <> (
        SELECT coalesce(sum(l.amount_cents), 0) FROM tenant_invoice_lines l WHERE l.invoice_id = written.invoice_id);
    RETURN NULL;
END $$;

-- Name: tenant_invoices_check_totals(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tenant_invoices_check_totals() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

-- Name: tenant_invoices_refuse_change(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tenant_invoices_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    free text[] := ARRAY['status', 'paid_at', 'payment_reference', 'voided_at', 'void_reason'];
BEGIN
    IF OLD.status = 'DRAFT' AND NEW.status IN ('DRAFT', 'ISSUED', 'VOID') THEN
        RETURN NEW;
    END IF;
    IF (OLD.status, NEW.status) IN (('ISSUED', 'PAID'), ('PAID', 'ISSUED'), ('ISSUED', 'VOID'), ('PAID', 'VOID'))
        AND to_jsonb(OLD) - free = to_jsonb(NEW) - free THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'invoice % is % and does not change', OLD.id, lower(OLD.status)
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- Name: tenant_open_cents(uuid, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tenant_open_cents(tenant uuid, tenant_currency text) RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT coalesce(sum(b.balance_cents), 0) FROM invoice_balances b
    WHERE b.tenant_id = tenant AND b.currency = tenant_currency AND b.balance_cents > 0
$$;

-- Name: tenant_overdue_cents(uuid, text, date); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tenant_overdue_cents(tenant uuid, tenant_currency text, today date) RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT coalesce(sum(b.balance_cents), 0) FROM invoice_balances b
    WHERE b.tenant_id = tenant AND b.currency = tenant_currency AND b.balance_cents > 0 AND b.due_on < today
$$;

-- Name: usage_records_create_partitions(timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.usage_records_create_partitions(instant timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $_$
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
END $_$;

-- Name: write_offs_refuse_change(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.write_offs_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.rest_cents < OLD.rest_cents AND to_jsonb(OLD) - 'rest_cents' = to_jsonb(NEW) - 'rest_cents' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'write-off % does not change', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;

SET default_tablespace = '';

SET default_table_access_method = heap;

-- Name: absorbed_corrections; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.absorbed_corrections (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    invoice_line_id uuid NOT NULL,
    run_id uuid NOT NULL,
    absorbed_cents bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT absorbed_corrections_absorbed_cents_check CHECK ((absorbed_cents <> 0))
);

ALTER TABLE ONLY public.absorbed_corrections FORCE ROW LEVEL SECURITY;

-- Name: addons; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.addons (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    price_cents bigint NOT NULL,
    resource_kind text,
    quantity numeric NOT NULL,
    active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT addons_code_check CHECK ((code ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'::text)),
    CONSTRAINT addons_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT addons_price_cents_check CHECK ((price_cents >= 0)),
    CONSTRAINT addons_quantity_check CHECK ((quantity >= (0)::numeric))
);

-- Name: audit_log; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.audit_log (
    id uuid NOT NULL,
    tenant_id uuid,
    occurred_at timestamp with time zone NOT NULL,
    subject text,
    roles text[] NOT NULL,
    action text NOT NULL,
    input text,
    outcome text NOT NULL,
    occurrences integer NOT NULL,
    address text NOT NULL,
    request_id text NOT NULL,
    result text,
    CONSTRAINT audit_log_occurrences_check CHECK ((occurrences > 0))
);

ALTER TABLE ONLY public.audit_log FORCE ROW LEVEL SECURITY;

-- Name: billing_month_changes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.billing_month_changes (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    period_start date NOT NULL,
    deployment_id uuid,
    reason text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT billing_month_changes_reason_check CHECK ((reason = ANY (ARRAY['USAGE'::text, 'USAGE_CORRECTED'::text, 'SUBSCRIBED'::text, 'ADDON_ATTACHED'::text, 'ADDON_DETACHED'::text, 'PLAN_CHANGED'::text, 'TRANSITION'::text, 'CHARGE_ADDED'::text, 'TAX_EXEMPTION'::text, 'RESOURCE_ENDED'::text, 'INVOICE_VOIDED'::text, 'INVOICE_REPLACED'::text, 'LATE_CORRECTION'::text])))
);

ALTER TABLE ONLY public.billing_month_changes FORCE ROW LEVEL SECURITY;

-- Name: billing_months; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.billing_months (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    period_start date NOT NULL,
    state text NOT NULL,
    invoice_id uuid,
    run_id uuid,
    input_hash text,
    rules_version integer,
    rated_cents bigint,
    billed_cents bigint NOT NULL,
    open_credit_deployments uuid[] NOT NULL,
    rated_at timestamp with time zone,
    failure text,
    waived_at timestamp with time zone,
    waived_by text,
    waive_reason text,
    CONSTRAINT billing_months_failure_check CHECK (((state <> 'FAILED'::text) OR (failure IS NOT NULL))),
    CONSTRAINT billing_months_invoice_check CHECK (((state = ANY (ARRAY['DRAFT'::text, 'ISSUED'::text])) = (invoice_id IS NOT NULL))),
    CONSTRAINT billing_months_period_start_check CHECK ((EXTRACT(day FROM period_start) = (1)::numeric)),
    CONSTRAINT billing_months_rated_check CHECK (((state = ANY (ARRAY['DRAFT'::text, 'ISSUED'::text, 'ZERO'::text, 'WAIVED'::text])) = (rated_cents IS NOT NULL))),
    CONSTRAINT billing_months_state_check CHECK ((state = ANY (ARRAY['OPEN'::text, 'DRAFT'::text, 'ISSUED'::text, 'ZERO'::text, 'WAIVED'::text, 'FAILED'::text]))),
    CONSTRAINT billing_months_waived_check CHECK (((num_nulls(waived_at, waived_by, waive_reason) =
CASE state
    WHEN 'WAIVED'::text THEN 0
    ELSE 3
END) AND ((state <> 'WAIVED'::text) OR (rated_cents = 0))))
);

ALTER TABLE ONLY public.billing_months FORCE ROW LEVEL SECURITY;

-- Name: charges; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.charges (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    deployment_id uuid,
    description text NOT NULL,
    net_cents bigint NOT NULL,
    charged_on date NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT charges_net_cents_check CHECK ((net_cents <> 0))
);

ALTER TABLE ONLY public.charges FORCE ROW LEVEL SECURITY;

-- Name: cloud_deployment_events; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.cloud_deployment_events (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    from_state text,
    to_state text NOT NULL,
    actor text NOT NULL,
    reason text,
    withheld boolean NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    cause text NOT NULL,
    dunning_invoice_id uuid,
    dunning_step text,
    CONSTRAINT cloud_deployment_events_cause_check CHECK ((cause = ANY (ARRAY['OPERATOR'::text, 'TENANT'::text, 'SYSTEM'::text, 'DUNNING'::text]))),
    CONSTRAINT cloud_deployment_events_dunning_check CHECK (((num_nulls(dunning_invoice_id, dunning_step) = ANY (ARRAY[0, 2])) AND ((cause = 'DUNNING'::text) OR (dunning_step IS NULL)))),
    CONSTRAINT cloud_deployment_events_from_state_check CHECK ((from_state = ANY (ARRAY['TRIAL'::text, 'ACTIVE'::text, 'PAST_DUE'::text, 'PAUSED'::text, 'SUSPENDED'::text, 'CANCELLED'::text, 'ARCHIVED'::text]))),
    CONSTRAINT cloud_deployment_events_to_state_check CHECK ((to_state = ANY (ARRAY['TRIAL'::text, 'ACTIVE'::text, 'PAST_DUE'::text, 'PAUSED'::text, 'SUSPENDED'::text, 'CANCELLED'::text, 'ARCHIVED'::text])))
);

ALTER TABLE ONLY public.cloud_deployment_events FORCE ROW LEVEL SECURITY;

-- Name: cloud_deployments; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.cloud_deployments (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    slug text NOT NULL,
    display_name text NOT NULL,
    region text NOT NULL,
    state text NOT NULL,
    llm_mode text NOT NULL,
    billing_action_suspended boolean NOT NULL,
    template_code text,
    template_version text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    dunned_at timestamp with time zone,
    CONSTRAINT cloud_deployments_display_name_check CHECK (((length(display_name) >= 1) AND (length(display_name) <= 200))),
    CONSTRAINT cloud_deployments_llm_mode_check CHECK ((llm_mode = ANY (ARRAY['DISABLED'::text, 'BYOK'::text, 'MANAGED'::text]))),
    CONSTRAINT cloud_deployments_region_check CHECK (((length(region) >= 1) AND (length(region) <= 63))),
    CONSTRAINT cloud_deployments_slug_check CHECK ((slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text)),
    CONSTRAINT cloud_deployments_state_check CHECK ((state = ANY (ARRAY['TRIAL'::text, 'ACTIVE'::text, 'PAST_DUE'::text, 'PAUSED'::text, 'SUSPENDED'::text, 'CANCELLED'::text, 'ARCHIVED'::text])))
);

ALTER TABLE ONLY public.cloud_deployments FORCE ROW LEVEL SECURITY;

-- Name: cloud_invoice_lines; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.cloud_invoice_lines (
    id uuid NOT NULL,
    cloud_invoice_id uuid NOT NULL,
    "position" integer NOT NULL,
    product text NOT NULL,
    group_description text NOT NULL,
    description text NOT NULL,
    hours numeric,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    amount_cents bigint NOT NULL,
    project_name text NOT NULL,
    category text NOT NULL,
    cloud_resource_id uuid,
    tenant_id uuid,
    deployment_id uuid,
    resource_kind text,
    month date NOT NULL,
    exact_cents numeric NOT NULL,
    matched_by text,
    unallocated_reason text,
    CONSTRAINT cloud_invoice_lines_allocation_check CHECK (((tenant_id IS NULL) = (deployment_id IS NULL))),
    CONSTRAINT cloud_invoice_lines_match_check CHECK (((cloud_resource_id IS NULL) = (matched_by IS NULL))),
    CONSTRAINT cloud_invoice_lines_matched_by_check CHECK ((matched_by = ANY (ARRAY['PROVIDER_ID'::text, 'NAME'::text, 'SHORT_NAME'::text, 'GROUP'::text]))),
    CONSTRAINT cloud_invoice_lines_reason_check CHECK (((deployment_id IS NULL) = (unallocated_reason IS NOT NULL))),
    CONSTRAINT cloud_invoice_lines_started_at_check CHECK ((started_at <= ended_at)),
    CONSTRAINT cloud_invoice_lines_unallocated_reason_check CHECK ((unallocated_reason = ANY (ARRAY['UNKNOWN_NAME'::text, 'NOT_ALIVE'::text, 'SEVERAL_DEPLOYMENTS'::text, 'NO_DEPLOYMENT'::text])))
);

ALTER TABLE ONLY public.cloud_invoice_lines FORCE ROW LEVEL SECURITY;

-- Name: cloud_invoices; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.cloud_invoices (
    id uuid NOT NULL,
    provider text NOT NULL,
    external_id text NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    currency text NOT NULL,
    exchange_rate numeric NOT NULL,
    total_cents bigint NOT NULL,
    allocated_cents bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    imported_by text NOT NULL,
    matched_at timestamp with time zone NOT NULL,
    matched_by text NOT NULL,
    reporting_currency text NOT NULL,
    withdrawal_reason text,
    withdrawn_at timestamp with time zone,
    withdrawn_by text,
    CONSTRAINT cloud_invoices_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT cloud_invoices_exchange_rate_check CHECK (((exchange_rate > (0)::numeric) AND (exchange_rate < 'Infinity'::numeric))),
    CONSTRAINT cloud_invoices_period_check CHECK ((period_start < period_end)),
    CONSTRAINT cloud_invoices_reporting_currency_check CHECK ((reporting_currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT cloud_invoices_same_currency_check CHECK (((currency <> reporting_currency) OR (exchange_rate = (1)::numeric))),
    CONSTRAINT cloud_invoices_withdrawn_check CHECK ((num_nonnulls(withdrawn_at, withdrawn_by, withdrawal_reason) = ANY (ARRAY[0, 3])))
);

ALTER TABLE ONLY public.cloud_invoices FORCE ROW LEVEL SECURITY;

-- Name: cloud_resources; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.cloud_resources (
    id uuid NOT NULL,
    tenant_id uuid,
    deployment_id uuid,
    provider text NOT NULL,
    external_id text NOT NULL,
    resource_kind text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    destroyed_at timestamp with time zone,
    CONSTRAINT cloud_resources_destroyed_at_check CHECK ((destroyed_at >= created_at)),
    CONSTRAINT cloud_resources_tenant_id_check CHECK (((tenant_id IS NULL) = (deployment_id IS NULL)))
);

ALTER TABLE ONLY public.cloud_resources FORCE ROW LEVEL SECURITY;

-- Name: credit_note_lines; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.credit_note_lines (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    credit_note_id uuid NOT NULL,
    invoice_line_id uuid NOT NULL,
    "position" integer NOT NULL,
    amount_cents bigint NOT NULL,
    taxed_net_cents bigint
);

ALTER TABLE ONLY public.credit_note_lines FORCE ROW LEVEL SECURITY;

-- Name: credit_note_number_sequences; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.credit_note_number_sequences (
    year integer NOT NULL,
    last_number integer NOT NULL,
    CONSTRAINT credit_note_number_sequences_last_number_check CHECK ((last_number > 0))
);

-- Name: credit_notes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.credit_notes (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    number text NOT NULL,
    reason text NOT NULL,
    description text NOT NULL,
    currency text NOT NULL,
    net_cents bigint NOT NULL,
    tax_cents bigint NOT NULL,
    total_cents bigint NOT NULL,
    written_off_cents bigint NOT NULL,
    receivable_cents bigint NOT NULL,
    credit_cents bigint NOT NULL,
    issued_on date NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    issued_by text NOT NULL,
    CONSTRAINT credit_notes_parts_check CHECK ((LEAST(total_cents, written_off_cents, receivable_cents, credit_cents) >= 0)),
    CONSTRAINT credit_notes_reason_check CHECK ((reason = ANY (ARRAY['SERVICE_FAULT'::text, 'PRICE_CHANGE'::text, 'BILLING_ERROR'::text, 'CANCELLATION'::text, 'GOODWILL'::text, 'LATE_CORRECTION'::text]))),
    CONSTRAINT credit_notes_total_cents_check CHECK (((total_cents = (net_cents + tax_cents)) AND (total_cents = ((written_off_cents + receivable_cents) + credit_cents))))
);

ALTER TABLE ONLY public.credit_notes FORCE ROW LEVEL SECURITY;

-- Name: data_integrity_progress; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.data_integrity_progress (
    id uuid NOT NULL,
    table_name text NOT NULL,
    last_checked_id uuid,
    completed_at timestamp with time zone
);

ALTER TABLE ONLY public.data_integrity_progress FORCE ROW LEVEL SECURITY;

-- Name: delivery_queues; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.delivery_queues (
    id uuid NOT NULL,
    tenant_id uuid,
    endpoint_id uuid NOT NULL,
    aggregate_id uuid NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    claim uuid
);

ALTER TABLE ONLY public.delivery_queues FORCE ROW LEVEL SECURITY;

-- Name: dunning_failures; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.dunning_failures (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    failed_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.dunning_failures FORCE ROW LEVEL SECURITY;

-- Name: dunning_holds; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.dunning_holds (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    until date NOT NULL,
    reason text NOT NULL,
    held_at timestamp with time zone NOT NULL,
    held_by text NOT NULL,
    ended_at timestamp with time zone,
    ended_by text,
    CONSTRAINT dunning_holds_ended_check CHECK ((num_nulls(ended_at, ended_by) = ANY (ARRAY[0, 2])))
);

ALTER TABLE ONLY public.dunning_holds FORCE ROW LEVEL SECURITY;

-- Name: dunning_policies; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.dunning_policies (
    id uuid NOT NULL,
    tenant_id uuid,
    notice_days integer,
    past_due_days integer,
    final_notice_days integer,
    suspend_days integer,
    propose_write_off_days integer,
    minimum_cents bigint NOT NULL,
    set_at timestamp with time zone NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT dunning_policies_days_check CHECK (((LEAST(notice_days, past_due_days, final_notice_days, suspend_days, propose_write_off_days) >= 1) AND (GREATEST(notice_days, past_due_days, final_notice_days, suspend_days, propose_write_off_days) <= 3650))),
    CONSTRAINT dunning_policies_minimum_cents_check CHECK ((minimum_cents >= 0)),
    CONSTRAINT dunning_policies_suspend_days_check CHECK (((suspend_days IS NULL) OR COALESCE((past_due_days < suspend_days), false)))
);

ALTER TABLE ONLY public.dunning_policies FORCE ROW LEVEL SECURITY;

-- Name: dunning_runs; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.dunning_runs (
    id uuid NOT NULL,
    day date NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    last_tenant_id uuid,
    tenants_evaluated integer NOT NULL,
    tenants_failed integer NOT NULL,
    steps_taken integer NOT NULL,
    transitions_applied integer NOT NULL,
    transitions_withheld integer NOT NULL,
    CONSTRAINT dunning_runs_counts_check CHECK (((LEAST(tenants_failed, steps_taken, transitions_applied, transitions_withheld) >= 0) AND (tenants_failed <= tenants_evaluated)))
);

ALTER TABLE ONLY public.dunning_runs FORCE ROW LEVEL SECURITY;

-- Name: dunning_steps; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.dunning_steps (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    kind text NOT NULL,
    days integer NOT NULL,
    taken_on date NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    CONSTRAINT dunning_steps_kind_check CHECK ((kind = ANY (ARRAY['NOTICE'::text, 'PAST_DUE'::text, 'FINAL_NOTICE'::text, 'SUSPEND'::text, 'PROPOSE_WRITE_OFF'::text])))
);

ALTER TABLE ONLY public.dunning_steps FORCE ROW LEVEL SECURITY;

-- Name: event_sequences; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.event_sequences (
    id uuid NOT NULL,
    tenant_id uuid,
    last_sequence bigint NOT NULL,
    CONSTRAINT event_sequences_last_sequence_check CHECK ((last_sequence >= 1))
);

ALTER TABLE ONLY public.event_sequences FORCE ROW LEVEL SECURITY;

-- Name: events; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.events (
    id uuid NOT NULL,
    tenant_id uuid,
    type text NOT NULL,
    aggregate_type text NOT NULL,
    aggregate_id uuid NOT NULL,
    sequence bigint NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    data text NOT NULL,
    "position" bigint,
    CONSTRAINT events_aggregate_type_check CHECK ((aggregate_type = ANY (ARRAY['TENANT'::text, 'DEPLOYMENT'::text, 'ROLLUP_RUN'::text, 'WEBHOOK_ENDPOINT'::text]))),
    CONSTRAINT events_sequence_check CHECK ((sequence >= 1)),
    CONSTRAINT events_tenant_id_check CHECK ((((tenant_id IS NULL) = (aggregate_type = 'ROLLUP_RUN'::text)) OR (aggregate_type = 'WEBHOOK_ENDPOINT'::text))),
    CONSTRAINT events_type_check CHECK ((type = ANY (ARRAY['tenant.created'::text, 'tenant.updated'::text, 'deployment.transitioned'::text, 'subscription.changed'::text, 'invoice.drafted'::text, 'invoice.issued'::text, 'invoice.paid'::text, 'invoice.reopened'::text, 'invoice.voided'::text, 'credit_note.issued'::text, 'payment.recorded'::text, 'payment.reversed'::text, 'dunning.step'::text, 'month.corrected'::text, 'rollup.finished'::text, 'webhook_endpoint.disabled'::text, 'webhook_endpoint.test'::text])))
);

ALTER TABLE ONLY public.events FORCE ROW LEVEL SECURITY;

-- Name: finance_pushes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.finance_pushes (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    sequence integer NOT NULL,
    kind text NOT NULL,
    source_id uuid NOT NULL,
    amount_cents bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    status text NOT NULL,
    body text,
    attempts integer NOT NULL,
    last_attempt_at timestamp with time zone,
    response_status integer,
    response_body text,
    error text,
    external_id text,
    CONSTRAINT finance_pushes_body_check CHECK (((status = 'PENDING'::text) OR (body IS NOT NULL))),
    CONSTRAINT finance_pushes_kind_check CHECK ((kind = ANY (ARRAY['INVOICE_ISSUED'::text, 'INVOICE_VOIDED'::text, 'CREDIT_NOTE_ISSUED'::text, 'PAYMENT_RECORDED'::text, 'PAYMENT_REVERSED'::text, 'CREDIT_APPLIED'::text, 'BALANCE_WRITTEN_OFF'::text, 'RECOVERY_RECORDED'::text]))),
    CONSTRAINT finance_pushes_sequence_check CHECK (((sequence >= 1) AND (attempts >= 0))),
    CONSTRAINT finance_pushes_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'SENT'::text, 'BLOCKED'::text])))
);

ALTER TABLE ONLY public.finance_pushes FORCE ROW LEVEL SECURITY;

-- Name: finance_queues; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.finance_queues (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    last_sequence integer NOT NULL,
    next_attempt_at timestamp with time zone,
    claim uuid,
    blocked_at timestamp with time zone,
    CONSTRAINT finance_queues_blocked_check CHECK ((num_nulls(blocked_at, next_attempt_at) >= 1)),
    CONSTRAINT finance_queues_last_sequence_check CHECK ((last_sequence >= 1))
);

ALTER TABLE ONLY public.finance_queues FORCE ROW LEVEL SECURITY;

-- Name: finance_reconciliations; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.finance_reconciliations (
    id uuid NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    requested_by text NOT NULL,
    reason text,
    finished_at timestamp with time zone,
    compared integer,
    out_of_step integer,
    error text,
    CONSTRAINT finance_reconciliations_finished_check CHECK (((num_nulls(compared, out_of_step) = ANY (ARRAY[0, 2])) AND ((finished_at IS NOT NULL) = (num_nonnulls(compared, error) = 1)) AND (num_nonnulls(compared, error) < 2)))
);

ALTER TABLE ONLY public.finance_reconciliations FORCE ROW LEVEL SECURITY;

-- Name: idempotency_keys; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.idempotency_keys (
    id uuid NOT NULL,
    tenant_id uuid,
    subject text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    outcomes jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_keys_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255)))
);

ALTER TABLE ONLY public.idempotency_keys FORCE ROW LEVEL SECURITY;

-- Name: installation; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.installation (
    id integer NOT NULL,
    billing_time_zone text,
    billing_months_through date,
    cron_ran_at timestamp with time zone,
    CONSTRAINT installation_id_check CHECK ((id = 1))
);

-- Name: invoice_application_reversals; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.invoice_application_reversals (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    application_id uuid NOT NULL,
    amount_cents bigint NOT NULL,
    reversed_at timestamp with time zone NOT NULL,
    CONSTRAINT invoice_application_reversals_amount_cents_check CHECK ((amount_cents > 0))
);

ALTER TABLE ONLY public.invoice_application_reversals FORCE ROW LEVEL SECURITY;

-- Name: invoice_applications; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.invoice_applications (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    payment_id uuid,
    amount_cents bigint NOT NULL,
    undone_cents bigint NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    CONSTRAINT invoice_applications_amount_cents_check CHECK (((amount_cents > 0) AND ((undone_cents >= 0) AND (undone_cents <= amount_cents))))
);

ALTER TABLE ONLY public.invoice_applications FORCE ROW LEVEL SECURITY;

-- Name: invoice_balances; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.invoice_balances (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    currency text NOT NULL,
    due_on date NOT NULL,
    total_cents bigint NOT NULL,
    paid_cents bigint NOT NULL,
    credit_cents bigint NOT NULL,
    noted_cents bigint NOT NULL,
    written_off_cents bigint NOT NULL,
    voided_cents bigint NOT NULL,
    recovered_cents bigint NOT NULL,
    credited_net_cents bigint NOT NULL,
    credited_tax_cents bigint NOT NULL,
    balance_cents bigint NOT NULL,
    settled_by text,
    disputed_at timestamp with time zone,
    dispute_reason text,
    CONSTRAINT invoice_balances_balance_check CHECK (((balance_cents >= 0) AND (balance_cents = (((((total_cents - paid_cents) - credit_cents) - noted_cents) - written_off_cents) - voided_cents)))),
    CONSTRAINT invoice_balances_disputed_check CHECK ((num_nulls(disputed_at, dispute_reason) = ANY (ARRAY[0, 2]))),
    CONSTRAINT invoice_balances_parts_check CHECK (((LEAST(paid_cents, credit_cents, noted_cents, written_off_cents, recovered_cents) >= 0) AND ((voided_cents = 0) OR (voided_cents = total_cents)) AND (recovered_cents <= written_off_cents))),
    CONSTRAINT invoice_balances_settled_by_check CHECK ((settled_by = ANY (ARRAY['PAYMENT'::text, 'CREDIT'::text, 'CREDIT_NOTE'::text, 'WRITE_OFF'::text, 'ZERO'::text]))),
    CONSTRAINT invoice_balances_settled_check CHECK (((settled_by IS NULL) OR (balance_cents = 0)))
);

ALTER TABLE ONLY public.invoice_balances FORCE ROW LEVEL SECURITY;

-- Name: invoice_number_sequences; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.invoice_number_sequences (
    year integer NOT NULL,
    last_number integer NOT NULL,
    CONSTRAINT invoice_number_sequences_last_number_check CHECK ((last_number > 0))
);

-- Name: issue_chunks; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.issue_chunks (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    "position" integer NOT NULL,
    tenant_ids uuid[] NOT NULL,
    finished_at timestamp with time zone
);

ALTER TABLE ONLY public.issue_chunks FORCE ROW LEVEL SECURITY;

-- Name: issue_outcomes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.issue_outcomes (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    outcome text NOT NULL,
    invoice_id uuid,
    total_cents bigint NOT NULL,
    failure text,
    CONSTRAINT issue_outcomes_failure_check CHECK (((outcome = 'FAILED'::text) = (failure IS NOT NULL))),
    CONSTRAINT issue_outcomes_outcome_check CHECK ((outcome = ANY (ARRAY['ISSUED'::text, 'STALE'::text, 'SKIPPED'::text, 'FAILED'::text])))
);

ALTER TABLE ONLY public.issue_outcomes FORCE ROW LEVEL SECURITY;

-- Name: issue_runs; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.issue_runs (
    id uuid NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    except_stale boolean NOT NULL,
    status text NOT NULL,
    requested_by text NOT NULL,
    drafts_total integer NOT NULL,
    drafts_done integer NOT NULL,
    invoices_issued integer NOT NULL,
    invoices_stale integer NOT NULL,
    invoices_skipped integer NOT NULL,
    invoices_failed integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT issue_runs_drafts_done_check CHECK (((drafts_done = (((invoices_issued + invoices_stale) + invoices_skipped) + invoices_failed)) AND ((drafts_done >= 0) AND (drafts_done <= drafts_total)))),
    CONSTRAINT issue_runs_finished_at_check CHECK (((status = ANY (ARRAY['SUCCEEDED'::text, 'PARTIAL'::text, 'FAILED'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT issue_runs_period_check CHECK (((EXTRACT(day FROM period_start) = (1)::numeric) AND (period_end = ((period_start + '1 mon'::interval))::date))),
    CONSTRAINT issue_runs_status_check CHECK ((status = ANY (ARRAY['QUEUED'::text, 'RUNNING'::text, 'SUCCEEDED'::text, 'PARTIAL'::text, 'FAILED'::text])))
);

ALTER TABLE ONLY public.issue_runs FORCE ROW LEVEL SECURITY;

-- Name: issued_documents; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.issued_documents (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    invoice_id uuid,
    credit_note_id uuid,
    parties jsonb NOT NULL,
    applied_credit_cents bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    pdf bytea,
    pdf_sha256 text,
    CONSTRAINT issued_documents_pdf_check CHECK (((num_nulls(pdf, pdf_sha256) = ANY (ARRAY[0, 2])) AND (pdf_sha256 = encode(sha256(pdf), 'hex'::text)))),
    CONSTRAINT issued_documents_source_check CHECK (((num_nulls(invoice_id, credit_note_id) = 1) AND (id = COALESCE(invoice_id, credit_note_id))))
);
ALTER TABLE ONLY public.issued_documents ALTER COLUMN pdf SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.issued_documents FORCE ROW LEVEL SECURITY;

-- Name: journal_entries; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.journal_entries (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    recorded_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    source_id uuid NOT NULL,
    description text NOT NULL,
    CONSTRAINT journal_entries_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT journal_entries_kind_check CHECK ((kind = ANY (ARRAY['INVOICE_ISSUED'::text, 'INVOICE_VOIDED'::text, 'CREDIT_NOTE_ISSUED'::text, 'PAYMENT_RECORDED'::text, 'PAYMENT_REVERSED'::text, 'CREDIT_APPLIED'::text, 'CREDIT_REFUNDED'::text, 'BALANCE_WRITTEN_OFF'::text, 'RECOVERY_RECORDED'::text])))
);

ALTER TABLE ONLY public.journal_entries FORCE ROW LEVEL SECURITY;

-- Name: journal_postings; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.journal_postings (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    "position" integer NOT NULL,
    account text NOT NULL,
    amount_cents bigint NOT NULL,
    line_kind text,
    resource_kind text,
    tax text,
    CONSTRAINT journal_postings_account_check CHECK ((account = ANY (ARRAY['ACCOUNTS_RECEIVABLE'::text, 'CUSTOMER_CREDIT'::text, 'BAD_DEBT'::text, 'TAX_PAYABLE'::text, 'CASH_CLEARING'::text, 'REVENUE'::text]))),
    CONSTRAINT journal_postings_amount_cents_check CHECK ((amount_cents <> 0)),
    CONSTRAINT journal_postings_line_kind_check CHECK ((line_kind = ANY (ARRAY['PLAN_BASE'::text, 'ADDON'::text, 'OVERAGE'::text, 'ADJUSTMENT'::text, 'TAX'::text]))),
    CONSTRAINT journal_postings_revenue_check CHECK ((((account = 'REVENUE'::text) = (line_kind IS NOT NULL)) AND ((account = 'TAX_PAYABLE'::text) = (tax IS NOT NULL)) AND ((resource_kind IS NULL) OR (account = 'REVENUE'::text))))
);

ALTER TABLE ONLY public.journal_postings FORCE ROW LEVEL SECURITY;

-- Name: migration; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.migration (
    id integer NOT NULL,
    name character varying(200) DEFAULT ''::character varying NOT NULL,
    app_name character varying(200) DEFAULT ''::character varying NOT NULL,
    ran_on timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

-- Name: migration_id_seq; Type: SEQUENCE; Schema: public; Owner: -

CREATE SEQUENCE public.migration_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

-- Name: migration_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -

ALTER SEQUENCE public.migration_id_seq OWNED BY public.migration.id;

-- Name: payments; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.payments (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    amount_cents bigint NOT NULL,
    currency text NOT NULL,
    received_on date NOT NULL,
    method text NOT NULL,
    reference text NOT NULL,
    payer_text text,
    requested text,
    credit_cents bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    reversed_at timestamp with time zone,
    reversed_by text,
    reversal_reason text,
    CONSTRAINT payments_amount_cents_check CHECK (((amount_cents > 0) AND ((credit_cents >= 0) AND (credit_cents <= amount_cents)))),
    CONSTRAINT payments_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT payments_method_check CHECK ((method = ANY (ARRAY['BANK_TRANSFER'::text, 'DIRECT_DEBIT'::text, 'CARD'::text, 'CASH'::text, 'OTHER'::text]))),
    CONSTRAINT payments_reversed_check CHECK ((num_nulls(reversed_at, reversed_by, reversal_reason) = ANY (ARRAY[0, 3])))
);

ALTER TABLE ONLY public.payments FORCE ROW LEVEL SECURITY;

-- Name: plan_price_tiers; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.plan_price_tiers (
    id uuid NOT NULL,
    plan_resource_id uuid NOT NULL,
    "position" integer NOT NULL,
    up_to numeric,
    unit_price_cents numeric NOT NULL,
    flat_price_cents bigint NOT NULL,
    CONSTRAINT plan_price_tiers_prices_check CHECK (((unit_price_cents >= (0)::numeric) AND (flat_price_cents >= 0))),
    CONSTRAINT plan_price_tiers_up_to_check CHECK ((up_to > (0)::numeric))
);

-- Name: plan_resources; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.plan_resources (
    id uuid NOT NULL,
    plan_version_id uuid NOT NULL,
    resource_kind text NOT NULL,
    included_quantity numeric NOT NULL,
    price_model text NOT NULL,
    package_size numeric,
    CONSTRAINT plan_resources_included_quantity_check CHECK ((included_quantity >= (0)::numeric)),
    CONSTRAINT plan_resources_package_size_check CHECK (((price_model = 'PACKAGE'::text) = ((package_size IS NOT NULL) AND (package_size > (0)::numeric)))),
    CONSTRAINT plan_resources_price_model_check CHECK ((price_model = ANY (ARRAY['PER_UNIT'::text, 'GRADUATED'::text, 'VOLUME'::text, 'PACKAGE'::text])))
);

-- Name: plan_versions; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.plan_versions (
    id uuid NOT NULL,
    plan_id uuid NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    base_price_cents bigint NOT NULL,
    proration text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    published_at timestamp with time zone,
    CONSTRAINT plan_versions_base_price_cents_check CHECK ((base_price_cents >= 0)),
    CONSTRAINT plan_versions_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT plan_versions_proration_check CHECK ((proration = ANY (ARRAY['NONE'::text, 'DAILY'::text]))),
    CONSTRAINT plan_versions_published_at_check CHECK (((status = 'DRAFT'::text) = (published_at IS NULL))),
    CONSTRAINT plan_versions_status_check CHECK ((status = ANY (ARRAY['DRAFT'::text, 'PUBLISHED'::text, 'RETIRED'::text]))),
    CONSTRAINT plan_versions_version_check CHECK ((version > 0))
);

-- Name: plans; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.plans (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    description text,
    created_at timestamp with time zone NOT NULL,
    archived_at timestamp with time zone,
    CONSTRAINT plans_code_check CHECK ((code ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'::text))
);

-- Name: rate_limit_buckets; Type: TABLE; Schema: public; Owner: -

CREATE UNLOGGED TABLE public.rate_limit_buckets (
    id uuid NOT NULL,
    tenant_id uuid,
    subject text NOT NULL,
    full_at timestamp with time zone NOT NULL,
    last_granted integer NOT NULL,
    CONSTRAINT rate_limit_buckets_last_granted_check CHECK ((last_granted >= 0))
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.rate_limit_buckets FORCE ROW LEVEL SECURITY;

-- Name: receivables_out_of_step; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.receivables_out_of_step (
    id uuid NOT NULL,
    tenant_id uuid,
    invoice_id uuid,
    receivable_id uuid NOT NULL,
    currency text NOT NULL,
    balance_cents bigint,
    finance_balance_cents bigint,
    found_at timestamp with time zone NOT NULL,
    CONSTRAINT receivables_out_of_step_balance_check CHECK ((num_nonnulls(balance_cents, finance_balance_cents) >= 1)),
    CONSTRAINT receivables_out_of_step_invoice_check CHECK ((num_nulls(tenant_id, invoice_id, balance_cents) = ANY (ARRAY[0, 3])))
);

ALTER TABLE ONLY public.receivables_out_of_step FORCE ROW LEVEL SECURITY;

-- Name: recoveries; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.recoveries (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    amount_cents bigint NOT NULL,
    received_on date NOT NULL,
    method text NOT NULL,
    reference text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT recoveries_amount_cents_check CHECK ((amount_cents > 0)),
    CONSTRAINT recoveries_method_check CHECK ((method = ANY (ARRAY['BANK_TRANSFER'::text, 'DIRECT_DEBIT'::text, 'CARD'::text, 'CASH'::text, 'OTHER'::text])))
);

ALTER TABLE ONLY public.recoveries FORCE ROW LEVEL SECURITY;

-- Name: refunds; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.refunds (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    amount_cents bigint NOT NULL,
    currency text NOT NULL,
    paid_out_on date NOT NULL,
    reference text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT refunds_amount_cents_check CHECK ((amount_cents > 0))
);

ALTER TABLE ONLY public.refunds FORCE ROW LEVEL SECURITY;

-- Name: resource_kinds; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.resource_kinds (
    code text NOT NULL,
    unit text NOT NULL,
    aggregation text NOT NULL,
    description text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT resource_kinds_aggregation_check CHECK ((aggregation = ANY (ARRAY['SUM'::text, 'MAX'::text, 'TIME_WEIGHTED'::text]))),
    CONSTRAINT resource_kinds_code_check CHECK ((code ~ '^[a-z][a-z0-9_]{0,62}$'::text))
);

-- Name: rollup_chunks; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.rollup_chunks (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    "position" integer NOT NULL,
    tenant_ids uuid[] NOT NULL,
    finished_at timestamp with time zone
);

ALTER TABLE ONLY public.rollup_chunks FORCE ROW LEVEL SECURITY;

-- Name: rollup_failures; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.rollup_failures (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    attempts integer NOT NULL
);

ALTER TABLE ONLY public.rollup_failures FORCE ROW LEVEL SECURITY;

-- Name: rollup_outcomes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.rollup_outcomes (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    period_start date NOT NULL,
    outcome text NOT NULL,
    invoice_id uuid,
    total_cents bigint NOT NULL,
    CONSTRAINT rollup_outcomes_outcome_check CHECK ((outcome = ANY (ARRAY['CREATED'::text, 'REPLACED'::text, 'SKIPPED'::text, 'SETTLED'::text, 'PREVIEWED'::text, 'FAILED'::text])))
);

ALTER TABLE ONLY public.rollup_outcomes FORCE ROW LEVEL SECURITY;

-- Name: rollup_runs; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.rollup_runs (
    id uuid NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    force boolean NOT NULL,
    dry_run boolean NOT NULL,
    rates_stale_drafts boolean NOT NULL,
    status text NOT NULL,
    requested_by text NOT NULL,
    tenants_total integer NOT NULL,
    tenants_done integer NOT NULL,
    invoices_created integer NOT NULL,
    invoices_replaced integer NOT NULL,
    invoices_skipped integer NOT NULL,
    invoices_failed integer NOT NULL,
    total_cents bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT rollup_runs_finished_at_check CHECK (((status = ANY (ARRAY['SUCCEEDED'::text, 'PARTIAL'::text, 'FAILED'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT rollup_runs_period_check CHECK (((EXTRACT(day FROM period_start) = (1)::numeric) AND (period_end = ((period_start + '1 mon'::interval))::date))),
    CONSTRAINT rollup_runs_status_check CHECK ((status = ANY (ARRAY['QUEUED'::text, 'RUNNING'::text, 'SUCCEEDED'::text, 'PARTIAL'::text, 'FAILED'::text]))),
    CONSTRAINT rollup_runs_tenants_done_check CHECK (((tenants_done >= 0) AND (tenants_done <= tenants_total)))
);

ALTER TABLE ONLY public.rollup_runs FORCE ROW LEVEL SECURITY;

-- Name: rollup_unpriced_usage; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.rollup_unpriced_usage (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    resource_kind text NOT NULL,
    quantity numeric NOT NULL,
    reason text NOT NULL,
    CONSTRAINT rollup_unpriced_usage_reason_check CHECK ((reason = ANY (ARRAY['NOT_PRICED'::text, 'NOT_SUBSCRIBED'::text])))
);

ALTER TABLE ONLY public.rollup_unpriced_usage FORCE ROW LEVEL SECURITY;

-- Name: rollup_warnings; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.rollup_warnings (
    id uuid NOT NULL,
    run_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    period_start date NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    CONSTRAINT rollup_warnings_code_check CHECK ((code = ANY (ARRAY['NO_TAX_RATE'::text, 'CORRECTION_FAILED'::text])))
);

ALTER TABLE ONLY public.rollup_warnings FORCE ROW LEVEL SECURITY;

-- Name: row_security_probe; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.row_security_probe (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL
);

ALTER TABLE ONLY public.row_security_probe FORCE ROW LEVEL SECURITY;

-- Name: subscription_active_spans; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.subscription_active_spans (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    first_on date NOT NULL,
    last_on date,
    CONSTRAINT subscription_active_spans_last_on_check CHECK ((last_on >= first_on))
);

ALTER TABLE ONLY public.subscription_active_spans FORCE ROW LEVEL SECURITY;

-- Name: subscription_addons; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.subscription_addons (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    addon_id uuid NOT NULL,
    code text NOT NULL,
    price_cents bigint NOT NULL,
    resource_kind text,
    quantity numeric NOT NULL,
    attached_at timestamp with time zone NOT NULL,
    attached_on date NOT NULL,
    detached_on date,
    CONSTRAINT subscription_addons_detached_on_check CHECK ((detached_on >= attached_on)),
    CONSTRAINT subscription_addons_price_cents_check CHECK ((price_cents >= 0)),
    CONSTRAINT subscription_addons_quantity_check CHECK ((quantity >= (0)::numeric))
);

ALTER TABLE ONLY public.subscription_addons FORCE ROW LEVEL SECURITY;

-- Name: subscription_plan_versions; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.subscription_plan_versions (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    plan_version_id uuid NOT NULL,
    effective_on date NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.subscription_plan_versions FORCE ROW LEVEL SECURITY;

-- Name: subscriptions; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.subscriptions (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    plan_version_id uuid NOT NULL,
    status text NOT NULL,
    started_on date NOT NULL,
    ended_on date,
    trial_ends_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    pending_plan_version_id uuid,
    pending_from date,
    CONSTRAINT subscriptions_cancelled_check CHECK (((status = 'CANCELLED'::text) = (ended_on IS NOT NULL))),
    CONSTRAINT subscriptions_ended_on_check CHECK ((ended_on >= started_on)),
    CONSTRAINT subscriptions_pending_check CHECK (((pending_plan_version_id IS NULL) = (pending_from IS NULL))),
    CONSTRAINT subscriptions_status_check CHECK ((status = ANY (ARRAY['ACTIVE'::text, 'PAUSED'::text, 'CANCELLED'::text])))
);

ALTER TABLE ONLY public.subscriptions FORCE ROW LEVEL SECURITY;

-- Name: tax_rates; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tax_rates (
    id uuid NOT NULL,
    country text NOT NULL,
    name text NOT NULL,
    rate numeric NOT NULL,
    valid_from date NOT NULL,
    CONSTRAINT tax_rates_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT tax_rates_rate_check CHECK (((rate >= (0)::numeric) AND (rate < (1)::numeric)))
);

-- Name: tenant_balances; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenant_balances (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    currency text NOT NULL,
    credit_cents bigint NOT NULL,
    CONSTRAINT tenant_balances_credit_cents_check CHECK ((credit_cents >= 0))
);

ALTER TABLE ONLY public.tenant_balances FORCE ROW LEVEL SECURITY;

-- Name: tenant_invoice_inputs; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenant_invoice_inputs (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    "position" integer NOT NULL,
    subscription_id uuid,
    document text NOT NULL,
    late_month date,
    CONSTRAINT tenant_invoice_inputs_header_check CHECK ((("position" > 0) OR (num_nulls(subscription_id, late_month) = 2)))
);

ALTER TABLE ONLY public.tenant_invoice_inputs FORCE ROW LEVEL SECURITY;

-- Name: tenant_invoice_lines; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenant_invoice_lines (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    "position" integer NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    description text NOT NULL,
    resource_kind text,
    quantity numeric NOT NULL,
    unit_price_cents numeric NOT NULL,
    amount_cents bigint NOT NULL,
    deployment_id uuid,
    subscription_id uuid,
    subscription_addon_id uuid,
    period_start date NOT NULL,
    charge_id uuid,
    CONSTRAINT tenant_invoice_lines_addon_check CHECK (((kind = 'ADDON'::text) = (subscription_addon_id IS NOT NULL))),
    CONSTRAINT tenant_invoice_lines_charge_check CHECK (((kind = 'ADJUSTMENT'::text) = (charge_id IS NOT NULL))),
    CONSTRAINT tenant_invoice_lines_kind_check CHECK ((kind = ANY (ARRAY['PLAN_BASE'::text, 'ADDON'::text, 'OVERAGE'::text, 'ADJUSTMENT'::text, 'TAX'::text]))),
    CONSTRAINT tenant_invoice_lines_resource_kind_check CHECK (((kind <> 'OVERAGE'::text) OR (resource_kind IS NOT NULL))),
    CONSTRAINT tenant_invoice_lines_tenant_level_check CHECK (
CASE kind
    WHEN 'TAX'::text THEN (num_nulls(deployment_id, subscription_id) = 2)
    WHEN 'ADJUSTMENT'::text THEN ((subscription_id IS NULL) OR (deployment_id IS NOT NULL))
    ELSE (num_nulls(deployment_id, subscription_id) = 0)
END)
);

ALTER TABLE ONLY public.tenant_invoice_lines FORCE ROW LEVEL SECURITY;

-- Name: tenant_invoices; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenant_invoices (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    period_start date NOT NULL,
    period_end date NOT NULL,
    revision integer NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    subtotal_cents bigint NOT NULL,
    tax_cents bigint NOT NULL,
    total_cents bigint NOT NULL,
    input_hash text NOT NULL,
    number text,
    issued_at timestamp with time zone,
    due_on date,
    paid_at timestamp with time zone,
    payment_reference text,
    voided_at timestamp with time zone,
    void_reason text,
    created_at timestamp with time zone NOT NULL,
    issued_on date,
    CONSTRAINT tenant_invoices_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT tenant_invoices_input_hash_check CHECK ((input_hash ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT tenant_invoices_issued_check CHECK (((num_nulls(number, issued_at, issued_on, due_on) = ANY (ARRAY[0, 4])) AND ((status = 'VOID'::text) OR ((status = 'DRAFT'::text) = (number IS NULL))))),
    CONSTRAINT tenant_invoices_paid_check CHECK (((status = 'PAID'::text) = (paid_at IS NOT NULL))),
    CONSTRAINT tenant_invoices_period_check CHECK (((EXTRACT(day FROM period_start) = (1)::numeric) AND (period_end = ((period_start + '1 mon'::interval))::date))),
    CONSTRAINT tenant_invoices_revision_check CHECK ((revision > 0)),
    CONSTRAINT tenant_invoices_status_check CHECK ((status = ANY (ARRAY['DRAFT'::text, 'ISSUED'::text, 'PAID'::text, 'VOID'::text]))),
    CONSTRAINT tenant_invoices_total_cents_check CHECK ((total_cents = (subtotal_cents + tax_cents))),
    CONSTRAINT tenant_invoices_voided_check CHECK (((status = 'VOID'::text) = (voided_at IS NOT NULL)))
);

ALTER TABLE ONLY public.tenant_invoices FORCE ROW LEVEL SECURITY;

-- Name: tenant_tax_exemptions; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenant_tax_exemptions (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    first_day date NOT NULL,
    tax_exempt boolean NOT NULL,
    reason text,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.tenant_tax_exemptions FORCE ROW LEVEL SECURITY;

-- Name: tenants; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tenants (
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    country text NOT NULL,
    currency text NOT NULL,
    tax_exempt boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    email text,
    billing_address text,
    abn text,
    buyer_reference text,
    legal_name text,
    closed_at timestamp with time zone,
    CONSTRAINT tenants_abn_check CHECK ((abn ~ '^[0-9]{11}$'::text)),
    CONSTRAINT tenants_code_check CHECK ((code ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'::text)),
    CONSTRAINT tenants_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT tenants_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT tenants_legal_name_check CHECK (((length(legal_name) >= 1) AND (length(legal_name) <= 200))),
    CONSTRAINT tenants_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

ALTER TABLE ONLY public.tenants FORCE ROW LEVEL SECURITY;

-- Name: usage_corrections; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.usage_corrections (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    resource_kind text NOT NULL,
    record_id uuid NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    day date NOT NULL,
    previous_quantity numeric NOT NULL,
    quantity numeric NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    corrected_at timestamp with time zone NOT NULL,
    CONSTRAINT usage_corrections_quantity_check CHECK (((quantity >= (0)::numeric) AND (quantity < 'Infinity'::numeric)))
);

ALTER TABLE ONLY public.usage_corrections FORCE ROW LEVEL SECURITY;

-- Name: usage_daily_totals; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.usage_daily_totals (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    resource_kind text NOT NULL,
    day date NOT NULL,
    total numeric NOT NULL,
    peak numeric NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_level numeric NOT NULL,
    level_microseconds numeric NOT NULL,
    resource_id uuid NOT NULL,
    month date GENERATED ALWAYS AS ((date_trunc('month'::text, (day)::timestamp without time zone))::date) STORED
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.usage_daily_totals FORCE ROW LEVEL SECURITY;

-- Name: usage_event_keys; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.usage_event_keys (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    source text NOT NULL COLLATE pg_catalog."C",
    event_id text NOT NULL COLLATE pg_catalog."C",
    fingerprint bytea NOT NULL
);

ALTER TABLE ONLY public.usage_event_keys FORCE ROW LEVEL SECURITY;

-- Name: usage_records; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.usage_records (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    resource_kind text NOT NULL,
    source text NOT NULL COLLATE pg_catalog."C",
    event_id text NOT NULL COLLATE pg_catalog."C",
    quantity numeric NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    resource_id uuid,
    day date NOT NULL,
    level_stream uuid,
    CONSTRAINT usage_records_event_id_check CHECK (((length(event_id) >= 1) AND (length(event_id) <= 200))),
    CONSTRAINT usage_records_quantity_check CHECK (((quantity >= (0)::numeric) AND (quantity < 'Infinity'::numeric))),
    CONSTRAINT usage_records_source_check CHECK (((length(source) >= 1) AND (length(source) <= 200)))
)
PARTITION BY RANGE (occurred_at);

ALTER TABLE ONLY public.usage_records FORCE ROW LEVEL SECURITY;

-- Name: webhook_deliveries; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.webhook_deliveries (
    id uuid NOT NULL,
    tenant_id uuid,
    endpoint_id uuid NOT NULL,
    event_id uuid NOT NULL,
    aggregate_id uuid NOT NULL,
    "position" bigint NOT NULL,
    status text NOT NULL,
    attempts integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_attempt_at timestamp with time zone,
    duration_ms integer,
    response_status integer,
    response_body text,
    error text,
    CONSTRAINT webhook_deliveries_attempts_check CHECK (((attempts >= 0) AND (duration_ms >= 0))),
    CONSTRAINT webhook_deliveries_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'DELIVERED'::text, 'FAILED'::text])))
);

ALTER TABLE ONLY public.webhook_deliveries FORCE ROW LEVEL SECURITY;

-- Name: webhook_endpoints; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.webhook_endpoints (
    id uuid NOT NULL,
    tenant_id uuid,
    url text NOT NULL,
    description text,
    event_types text[] NOT NULL,
    secret text NOT NULL,
    previous_secret text,
    previous_secret_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    failing_since timestamp with time zone,
    disabled_at timestamp with time zone,
    disabled_reason text,
    CONSTRAINT webhook_endpoints_disabled_check CHECK ((num_nulls(disabled_at, disabled_reason) = ANY (ARRAY[0, 2]))),
    CONSTRAINT webhook_endpoints_previous_secret_check CHECK ((num_nulls(previous_secret, previous_secret_until) = ANY (ARRAY[0, 2]))),
    CONSTRAINT webhook_endpoints_url_check CHECK (((length(url) >= 1) AND (length(url) <= 2000)))
);

ALTER TABLE ONLY public.webhook_endpoints FORCE ROW LEVEL SECURITY;

-- Name: write_off_taxes; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.write_off_taxes (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    write_off_id uuid NOT NULL,
    "position" integer NOT NULL,
    tax text NOT NULL,
    tax_cents bigint NOT NULL
);

ALTER TABLE ONLY public.write_off_taxes FORCE ROW LEVEL SECURITY;

-- Name: write_offs; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.write_offs (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    amount_cents bigint NOT NULL,
    remaining_cents bigint NOT NULL,
    rest_cents bigint NOT NULL,
    reason text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT write_offs_amount_cents_check CHECK (((amount_cents > 0) AND (remaining_cents >= 0) AND ((rest_cents >= 0) AND (rest_cents <= amount_cents))))
);

ALTER TABLE ONLY public.write_offs FORCE ROW LEVEL SECURITY;

-- Name: migration id; Type: DEFAULT; Schema: public; Owner: -

ALTER TABLE ONLY public.migration ALTER COLUMN id SET DEFAULT nextval('public.migration_id_seq'::regclass);

-- Name: absorbed_corrections absorbed_corrections_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.absorbed_corrections
    ADD CONSTRAINT absorbed_corrections_pkey PRIMARY KEY (id);

-- Name: addons addons_code_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.addons
    ADD CONSTRAINT addons_code_key UNIQUE (code);

-- Name: addons addons_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.addons
    ADD CONSTRAINT addons_pkey PRIMARY KEY (id);

-- Name: audit_log audit_log_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);

-- Name: billing_month_changes billing_month_changes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.billing_month_changes
    ADD CONSTRAINT billing_month_changes_pkey PRIMARY KEY (id);

-- Name: billing_months billing_months_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.billing_months
    ADD CONSTRAINT billing_months_pkey PRIMARY KEY (id);

-- Name: billing_months billing_months_tenant_id_period_start_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.billing_months
    ADD CONSTRAINT billing_months_tenant_id_period_start_key UNIQUE (tenant_id, period_start);

-- Name: charges charges_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_pkey PRIMARY KEY (id);

-- Name: charges charges_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: cloud_deployment_events cloud_deployment_events_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_deployment_events
    ADD CONSTRAINT cloud_deployment_events_pkey PRIMARY KEY (id);

-- Name: cloud_deployments cloud_deployments_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_deployments
    ADD CONSTRAINT cloud_deployments_pkey PRIMARY KEY (id);

-- Name: cloud_deployments cloud_deployments_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_deployments
    ADD CONSTRAINT cloud_deployments_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: cloud_deployments cloud_deployments_tenant_id_slug_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_deployments
    ADD CONSTRAINT cloud_deployments_tenant_id_slug_key UNIQUE (tenant_id, slug);

-- Name: cloud_invoice_lines cloud_invoice_lines_cloud_invoice_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_invoice_lines
    ADD CONSTRAINT cloud_invoice_lines_cloud_invoice_id_position_key UNIQUE (cloud_invoice_id, "position");

-- Name: cloud_invoice_lines cloud_invoice_lines_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_invoice_lines
    ADD CONSTRAINT cloud_invoice_lines_pkey PRIMARY KEY (id);

-- Name: cloud_invoices cloud_invoices_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_invoices
    ADD CONSTRAINT cloud_invoices_pkey PRIMARY KEY (id);

-- Name: cloud_resources cloud_resources_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_resources
    ADD CONSTRAINT cloud_resources_pkey PRIMARY KEY (id);

-- Name: credit_note_lines credit_note_lines_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_note_lines
    ADD CONSTRAINT credit_note_lines_pkey PRIMARY KEY (id);

-- Name: credit_note_lines credit_note_lines_tenant_id_credit_note_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_note_lines
    ADD CONSTRAINT credit_note_lines_tenant_id_credit_note_id_position_key UNIQUE (tenant_id, credit_note_id, "position");

-- Name: credit_note_number_sequences credit_note_number_sequences_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_note_number_sequences
    ADD CONSTRAINT credit_note_number_sequences_pkey PRIMARY KEY (year);

-- Name: credit_notes credit_notes_number_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT credit_notes_number_key UNIQUE (number);

-- Name: credit_notes credit_notes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT credit_notes_pkey PRIMARY KEY (id);

-- Name: credit_notes credit_notes_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT credit_notes_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: data_integrity_progress data_integrity_progress_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.data_integrity_progress
    ADD CONSTRAINT data_integrity_progress_pkey PRIMARY KEY (id);

-- Name: data_integrity_progress data_integrity_progress_table_name_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.data_integrity_progress
    ADD CONSTRAINT data_integrity_progress_table_name_key UNIQUE (table_name);

-- Name: delivery_queues delivery_queues_endpoint_id_aggregate_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.delivery_queues
    ADD CONSTRAINT delivery_queues_endpoint_id_aggregate_id_key UNIQUE (endpoint_id, aggregate_id);

-- Name: delivery_queues delivery_queues_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.delivery_queues
    ADD CONSTRAINT delivery_queues_pkey PRIMARY KEY (id);

-- Name: dunning_failures dunning_failures_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_failures
    ADD CONSTRAINT dunning_failures_pkey PRIMARY KEY (id);

-- Name: dunning_failures dunning_failures_run_id_tenant_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_failures
    ADD CONSTRAINT dunning_failures_run_id_tenant_id_key UNIQUE (run_id, tenant_id);

-- Name: dunning_holds dunning_holds_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_holds
    ADD CONSTRAINT dunning_holds_pkey PRIMARY KEY (id);

-- Name: dunning_policies dunning_policies_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_policies
    ADD CONSTRAINT dunning_policies_pkey PRIMARY KEY (id);

-- Name: dunning_runs dunning_runs_day_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_runs
    ADD CONSTRAINT dunning_runs_day_key UNIQUE (day);

-- Name: dunning_runs dunning_runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_runs
    ADD CONSTRAINT dunning_runs_pkey PRIMARY KEY (id);

-- Name: dunning_steps dunning_steps_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_steps
    ADD CONSTRAINT dunning_steps_pkey PRIMARY KEY (id);

-- Name: dunning_steps dunning_steps_tenant_id_invoice_id_kind_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_steps
    ADD CONSTRAINT dunning_steps_tenant_id_invoice_id_kind_key UNIQUE (tenant_id, invoice_id, kind);

-- Name: event_sequences event_sequences_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.event_sequences
    ADD CONSTRAINT event_sequences_pkey PRIMARY KEY (id);

-- Name: events events_aggregate_id_sequence_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_aggregate_id_sequence_key UNIQUE (aggregate_id, sequence);

-- Name: events events_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);

-- Name: events events_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: finance_pushes finance_pushes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.finance_pushes
    ADD CONSTRAINT finance_pushes_pkey PRIMARY KEY (id);

-- Name: finance_pushes finance_pushes_tenant_id_invoice_id_sequence_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.finance_pushes
    ADD CONSTRAINT finance_pushes_tenant_id_invoice_id_sequence_key UNIQUE (tenant_id, invoice_id, sequence);

-- Name: finance_queues finance_queues_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.finance_queues
    ADD CONSTRAINT finance_queues_pkey PRIMARY KEY (id);

-- Name: finance_reconciliations finance_reconciliations_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.finance_reconciliations
    ADD CONSTRAINT finance_reconciliations_pkey PRIMARY KEY (id);

-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (id);

-- Name: installation installation_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (id);

-- Name: invoice_application_reversals invoice_application_reversals_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_application_reversals
    ADD CONSTRAINT invoice_application_reversals_pkey PRIMARY KEY (id);

-- Name: invoice_applications invoice_applications_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_applications
    ADD CONSTRAINT invoice_applications_pkey PRIMARY KEY (id);

-- Name: invoice_applications invoice_applications_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_applications
    ADD CONSTRAINT invoice_applications_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: invoice_balances invoice_balances_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_balances
    ADD CONSTRAINT invoice_balances_pkey PRIMARY KEY (id);

-- Name: invoice_number_sequences invoice_number_sequences_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_number_sequences
    ADD CONSTRAINT invoice_number_sequences_pkey PRIMARY KEY (year);

-- Name: issue_chunks issue_chunks_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issue_chunks
    ADD CONSTRAINT issue_chunks_pkey PRIMARY KEY (id);

-- Name: issue_chunks issue_chunks_run_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issue_chunks
    ADD CONSTRAINT issue_chunks_run_id_position_key UNIQUE (run_id, "position");

-- Name: issue_outcomes issue_outcomes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issue_outcomes
    ADD CONSTRAINT issue_outcomes_pkey PRIMARY KEY (id);

-- Name: issue_outcomes issue_outcomes_run_id_tenant_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issue_outcomes
    ADD CONSTRAINT issue_outcomes_run_id_tenant_id_key UNIQUE (run_id, tenant_id);

-- Name: issue_runs issue_runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issue_runs
    ADD CONSTRAINT issue_runs_pkey PRIMARY KEY (id);

-- Name: issued_documents issued_documents_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issued_documents
    ADD CONSTRAINT issued_documents_pkey PRIMARY KEY (id);

-- Name: journal_entries journal_entries_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.journal_entries
    ADD CONSTRAINT journal_entries_pkey PRIMARY KEY (id);

-- Name: journal_entries journal_entries_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.journal_entries
    ADD CONSTRAINT journal_entries_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: journal_postings journal_postings_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.journal_postings
    ADD CONSTRAINT journal_postings_pkey PRIMARY KEY (id);

-- Name: journal_postings journal_postings_tenant_id_entry_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.journal_postings
    ADD CONSTRAINT journal_postings_tenant_id_entry_id_position_key UNIQUE (tenant_id, entry_id, "position");

-- Name: migration migration_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (id);

-- Name: payments payments_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (id);

-- Name: payments payments_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: payments payments_tenant_id_method_reference_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_tenant_id_method_reference_key UNIQUE (tenant_id, method, reference);

-- Name: plan_price_tiers plan_price_tiers_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plan_price_tiers
    ADD CONSTRAINT plan_price_tiers_pkey PRIMARY KEY (id);

-- Name: plan_price_tiers plan_price_tiers_plan_resource_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plan_price_tiers
    ADD CONSTRAINT plan_price_tiers_plan_resource_id_position_key UNIQUE (plan_resource_id, "position");

-- Name: plan_resources plan_resources_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plan_resources
    ADD CONSTRAINT plan_resources_pkey PRIMARY KEY (id);

-- Name: plan_resources plan_resources_plan_version_id_resource_kind_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plan_resources
    ADD CONSTRAINT plan_resources_plan_version_id_resource_kind_key UNIQUE (plan_version_id, resource_kind);

-- Name: plan_versions plan_versions_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plan_versions
    ADD CONSTRAINT plan_versions_pkey PRIMARY KEY (id);

-- Name: plan_versions plan_versions_plan_id_version_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plan_versions
    ADD CONSTRAINT plan_versions_plan_id_version_key UNIQUE (plan_id, version);

-- Name: plans plans_code_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plans
    ADD CONSTRAINT plans_code_key UNIQUE (code);

-- Name: plans plans_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plans
    ADD CONSTRAINT plans_pkey PRIMARY KEY (id);

-- Name: rate_limit_buckets rate_limit_buckets_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rate_limit_buckets
    ADD CONSTRAINT rate_limit_buckets_pkey PRIMARY KEY (id);

-- Name: receivables_out_of_step receivables_out_of_step_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.receivables_out_of_step
    ADD CONSTRAINT receivables_out_of_step_pkey PRIMARY KEY (id);

-- Name: receivables_out_of_step receivables_out_of_step_receivable_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.receivables_out_of_step
    ADD CONSTRAINT receivables_out_of_step_receivable_id_key UNIQUE (receivable_id);

-- Name: recoveries recoveries_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recoveries
    ADD CONSTRAINT recoveries_pkey PRIMARY KEY (id);

-- Name: recoveries recoveries_tenant_id_method_reference_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recoveries
    ADD CONSTRAINT recoveries_tenant_id_method_reference_key UNIQUE (tenant_id, method, reference);

-- Name: refunds refunds_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_pkey PRIMARY KEY (id);

-- Name: refunds refunds_tenant_id_reference_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_tenant_id_reference_key UNIQUE (tenant_id, reference);

-- Name: resource_kinds resource_kinds_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.resource_kinds
    ADD CONSTRAINT resource_kinds_pkey PRIMARY KEY (code);

-- Name: rollup_chunks rollup_chunks_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_chunks
    ADD CONSTRAINT rollup_chunks_pkey PRIMARY KEY (id);

-- Name: rollup_chunks rollup_chunks_run_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_chunks
    ADD CONSTRAINT rollup_chunks_run_id_position_key UNIQUE (run_id, "position");

-- Name: rollup_failures rollup_failures_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_failures
    ADD CONSTRAINT rollup_failures_pkey PRIMARY KEY (id);

-- Name: rollup_failures rollup_failures_run_id_tenant_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_failures
    ADD CONSTRAINT rollup_failures_run_id_tenant_id_key UNIQUE (run_id, tenant_id);

-- Name: rollup_outcomes rollup_outcomes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_outcomes
    ADD CONSTRAINT rollup_outcomes_pkey PRIMARY KEY (id);

-- Name: rollup_outcomes rollup_outcomes_run_id_tenant_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_outcomes
    ADD CONSTRAINT rollup_outcomes_run_id_tenant_id_key UNIQUE (run_id, tenant_id);

-- Name: rollup_runs rollup_runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_runs
    ADD CONSTRAINT rollup_runs_pkey PRIMARY KEY (id);

-- Name: rollup_unpriced_usage rollup_unpriced_usage_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_unpriced_usage
    ADD CONSTRAINT rollup_unpriced_usage_pkey PRIMARY KEY (id);

-- Name: rollup_unpriced_usage rollup_unpriced_usage_run_id_deployment_id_resource_kind_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_unpriced_usage
    ADD CONSTRAINT rollup_unpriced_usage_run_id_deployment_id_resource_kind_key UNIQUE (run_id, deployment_id, resource_kind);

-- Name: rollup_warnings rollup_warnings_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_warnings
    ADD CONSTRAINT rollup_warnings_pkey PRIMARY KEY (id);

-- Name: row_security_probe row_security_probe_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.row_security_probe
    ADD CONSTRAINT row_security_probe_pkey PRIMARY KEY (id);

-- Name: row_security_probe row_security_probe_tenant_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.row_security_probe
    ADD CONSTRAINT row_security_probe_tenant_id_key UNIQUE (tenant_id);

-- Name: subscription_active_spans subscription_active_spans_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_active_spans
    ADD CONSTRAINT subscription_active_spans_pkey PRIMARY KEY (id);

-- Name: subscription_addons subscription_addons_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_addons
    ADD CONSTRAINT subscription_addons_pkey PRIMARY KEY (id);

-- Name: subscription_addons subscription_addons_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_addons
    ADD CONSTRAINT subscription_addons_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: subscription_plan_versions subscription_plan_versions_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_plan_versions
    ADD CONSTRAINT subscription_plan_versions_pkey PRIMARY KEY (id);

-- Name: subscription_plan_versions subscription_plan_versions_subscription_id_effective_on_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_plan_versions
    ADD CONSTRAINT subscription_plan_versions_subscription_id_effective_on_key UNIQUE (subscription_id, effective_on);

-- Name: subscriptions subscriptions_deployment_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_deployment_id_key UNIQUE (deployment_id);

-- Name: subscriptions subscriptions_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (id);

-- Name: subscriptions subscriptions_tenant_id_id_deployment_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_tenant_id_id_deployment_id_key UNIQUE (tenant_id, id, deployment_id);

-- Name: subscriptions subscriptions_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: tax_rates tax_rates_country_name_valid_from_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tax_rates
    ADD CONSTRAINT tax_rates_country_name_valid_from_key UNIQUE (country, name, valid_from);

-- Name: tax_rates tax_rates_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tax_rates
    ADD CONSTRAINT tax_rates_pkey PRIMARY KEY (id);

-- Name: tenant_balances tenant_balances_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_balances
    ADD CONSTRAINT tenant_balances_pkey PRIMARY KEY (id);

-- Name: tenant_balances tenant_balances_tenant_id_currency_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_balances
    ADD CONSTRAINT tenant_balances_tenant_id_currency_key UNIQUE (tenant_id, currency);

-- Name: tenant_invoice_inputs tenant_invoice_inputs_invoice_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_inputs
    ADD CONSTRAINT tenant_invoice_inputs_invoice_id_position_key UNIQUE (invoice_id, "position");

-- Name: tenant_invoice_inputs tenant_invoice_inputs_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_inputs
    ADD CONSTRAINT tenant_invoice_inputs_pkey PRIMARY KEY (id);

-- Name: tenant_invoice_lines tenant_invoice_lines_invoice_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_lines
    ADD CONSTRAINT tenant_invoice_lines_invoice_id_position_key UNIQUE (invoice_id, "position");

-- Name: tenant_invoice_lines tenant_invoice_lines_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_lines
    ADD CONSTRAINT tenant_invoice_lines_pkey PRIMARY KEY (id);

-- Name: tenant_invoices tenant_invoices_number_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoices
    ADD CONSTRAINT tenant_invoices_number_key UNIQUE (number);

-- Name: tenant_invoices tenant_invoices_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoices
    ADD CONSTRAINT tenant_invoices_pkey PRIMARY KEY (id);

-- Name: tenant_invoices tenant_invoices_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoices
    ADD CONSTRAINT tenant_invoices_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: tenant_invoices tenant_invoices_tenant_id_period_start_revision_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoices
    ADD CONSTRAINT tenant_invoices_tenant_id_period_start_revision_key UNIQUE (tenant_id, period_start, revision);

-- Name: tenant_tax_exemptions tenant_tax_exemptions_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_tax_exemptions
    ADD CONSTRAINT tenant_tax_exemptions_pkey PRIMARY KEY (id);

-- Name: tenant_tax_exemptions tenant_tax_exemptions_tenant_id_first_day_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_tax_exemptions
    ADD CONSTRAINT tenant_tax_exemptions_tenant_id_first_day_key UNIQUE (tenant_id, first_day);

-- Name: tenants tenants_code_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_code_key UNIQUE (code);

-- Name: tenants tenants_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);

-- Name: usage_corrections usage_corrections_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.usage_corrections
    ADD CONSTRAINT usage_corrections_pkey PRIMARY KEY (id);

-- Name: usage_daily_totals usage_daily_totals_day_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.usage_daily_totals
    ADD CONSTRAINT usage_daily_totals_day_key UNIQUE (tenant_id, deployment_id, resource_kind, resource_id, day);

-- Name: usage_daily_totals usage_daily_totals_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.usage_daily_totals
    ADD CONSTRAINT usage_daily_totals_pkey PRIMARY KEY (id);

-- Name: usage_event_keys usage_event_keys_tenant_id_source_event_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.usage_event_keys
    ADD CONSTRAINT usage_event_keys_tenant_id_source_event_id_key UNIQUE (tenant_id, source, event_id);

ALTER TABLE ONLY public.usage_event_keys REPLICA IDENTITY USING INDEX usage_event_keys_tenant_id_source_event_id_key;

-- Name: usage_records usage_records_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.usage_records
    ADD CONSTRAINT usage_records_pkey PRIMARY KEY (tenant_id, deployment_id, resource_kind, occurred_at, id);

-- Name: webhook_deliveries webhook_deliveries_endpoint_id_event_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_endpoint_id_event_id_key UNIQUE (endpoint_id, event_id);

-- Name: webhook_deliveries webhook_deliveries_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id);

-- Name: webhook_endpoints webhook_endpoints_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.webhook_endpoints
    ADD CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (id);

-- Name: webhook_endpoints webhook_endpoints_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.webhook_endpoints
    ADD CONSTRAINT webhook_endpoints_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: write_off_taxes write_off_taxes_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.write_off_taxes
    ADD CONSTRAINT write_off_taxes_pkey PRIMARY KEY (id);

-- Name: write_off_taxes write_off_taxes_tenant_id_write_off_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.write_off_taxes
    ADD CONSTRAINT write_off_taxes_tenant_id_write_off_id_position_key UNIQUE (tenant_id, write_off_id, "position");

-- Name: write_offs write_offs_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT write_offs_pkey PRIMARY KEY (id);

-- Name: write_offs write_offs_tenant_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT write_offs_tenant_id_id_key UNIQUE (tenant_id, id);

-- Name: absorbed_corrections_invoice_line_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX absorbed_corrections_invoice_line_id_idx ON public.absorbed_corrections USING btree (invoice_line_id);

-- Name: absorbed_corrections_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX absorbed_corrections_tenant_id_idx ON public.absorbed_corrections USING btree (tenant_id);

-- Name: audit_log_occurred_at_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX audit_log_occurred_at_idx ON public.audit_log USING btree (occurred_at, id);

-- Name: audit_log_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX audit_log_tenant_id_idx ON public.audit_log USING btree (tenant_id, occurred_at, id);

-- Name: billing_month_changes_period_start_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX billing_month_changes_period_start_idx ON public.billing_month_changes USING btree (period_start, tenant_id);

-- Name: billing_month_changes_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX billing_month_changes_tenant_id_idx ON public.billing_month_changes USING btree (tenant_id, period_start);

-- Name: billing_months_difference_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX billing_months_difference_idx ON public.billing_months USING btree (tenant_id, period_start) WHERE (rated_cents <> billed_cents);

-- Name: billing_months_due_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX billing_months_due_idx ON public.billing_months USING btree (period_start, tenant_id) WHERE ((state = ANY (ARRAY['OPEN'::text, 'FAILED'::text])) OR (rated_cents <> billed_cents));

-- Name: charges_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX charges_tenant_id_idx ON public.charges USING btree (tenant_id, charged_on, id);

-- Name: cloud_deployment_events_deployment_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_deployment_events_deployment_id_idx ON public.cloud_deployment_events USING btree (deployment_id, occurred_at, id);

-- Name: cloud_deployment_events_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_deployment_events_tenant_id_idx ON public.cloud_deployment_events USING btree (tenant_id);

-- Name: cloud_deployment_events_withheld_key; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX cloud_deployment_events_withheld_key ON public.cloud_deployment_events USING btree (tenant_id, deployment_id, dunning_invoice_id, dunning_step) WHERE (withheld AND (dunning_step IS NOT NULL));

-- Name: cloud_deployments_dunned_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_deployments_dunned_idx ON public.cloud_deployments USING btree (tenant_id) WHERE (dunned_at IS NOT NULL);

-- Name: cloud_deployments_slug_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_deployments_slug_id_idx ON public.cloud_deployments USING btree (slug, id);

-- Name: cloud_invoice_lines_month_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_invoice_lines_month_idx ON public.cloud_invoice_lines USING btree (month, tenant_id);

-- Name: cloud_invoice_lines_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_invoice_lines_tenant_id_idx ON public.cloud_invoice_lines USING btree (tenant_id);

-- Name: cloud_invoices_not_withdrawn_key; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX cloud_invoices_not_withdrawn_key ON public.cloud_invoices USING btree (provider, external_id) WHERE (withdrawn_at IS NULL);

-- Name: cloud_invoices_period_start_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_invoices_period_start_idx ON public.cloud_invoices USING btree (period_start, id);

-- Name: cloud_resources_deployment_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_resources_deployment_id_idx ON public.cloud_resources USING btree (deployment_id, id);

-- Name: cloud_resources_external_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_resources_external_id_idx ON public.cloud_resources USING btree (provider, external_id);

-- Name: cloud_resources_not_destroyed_key; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX cloud_resources_not_destroyed_key ON public.cloud_resources USING btree (provider, external_id) WHERE (destroyed_at IS NULL);

-- Name: cloud_resources_provider_name_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_resources_provider_name_idx ON public.cloud_resources USING btree (provider, name);

-- Name: cloud_resources_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cloud_resources_tenant_id_idx ON public.cloud_resources USING btree (tenant_id);

-- Name: credit_note_lines_invoice_line_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX credit_note_lines_invoice_line_id_idx ON public.credit_note_lines USING btree (invoice_line_id);

-- Name: credit_notes_invoice_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX credit_notes_invoice_id_idx ON public.credit_notes USING btree (tenant_id, invoice_id, id);

-- Name: credit_notes_issued_on_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX credit_notes_issued_on_idx ON public.credit_notes USING btree (issued_on, id);

-- Name: delivery_queues_next_attempt_at_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX delivery_queues_next_attempt_at_idx ON public.delivery_queues USING btree (endpoint_id, next_attempt_at);

-- Name: delivery_queues_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX delivery_queues_tenant_id_idx ON public.delivery_queues USING btree (tenant_id, endpoint_id);

-- Name: dunning_failures_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX dunning_failures_tenant_id_idx ON public.dunning_failures USING btree (tenant_id);

-- Name: dunning_holds_open_key; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX dunning_holds_open_key ON public.dunning_holds USING btree (tenant_id) WHERE (ended_at IS NULL);

-- Name: dunning_holds_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX dunning_holds_tenant_id_idx ON public.dunning_holds USING btree (tenant_id, held_at, id);

-- Name: dunning_holds_until_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX dunning_holds_until_idx ON public.dunning_holds USING btree (until, tenant_id) WHERE (ended_at IS NULL);

-- Name: dunning_policies_tenant_id_key; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX dunning_policies_tenant_id_key ON public.dunning_policies USING btree (tenant_id) NULLS NOT DISTINCT;

-- Name: dunning_steps_taken_at_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX dunning_steps_taken_at_idx ON public.dunning_steps USING btree (taken_at, id);

-- Name: dunning_steps_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX dunning_steps_tenant_id_idx ON public.dunning_steps USING btree (tenant_id, taken_at, id);

-- Name: event_sequences_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX event_sequences_tenant_id_idx ON public.event_sequences USING btree (tenant_id);

-- Name: events_position_key; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX events_position_key ON public.events USING btree ("position") WHERE ("position" IS NOT NULL);

-- Name: events_tenant_id_position_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX events_tenant_id_position_idx ON public.events USING btree (tenant_id, "position") WHERE ("position" IS NOT NULL);

-- Name: events_unpublished_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX events_unpublished_idx ON public.events USING btree (aggregate_id, sequence) WHERE ("position" IS NULL);

-- Name: finance_pushes_invoice_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX finance_pushes_invoice_id_idx ON public.finance_pushes USING btree (tenant_id, invoice_id, id);

-- Name: finance_pushes_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX finance_pushes_tenant_id_idx ON public.finance_pushes USING btree (tenant_id, id);

-- Name: finance_pushes_unsent_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX finance_pushes_unsent_idx ON public.finance_pushes USING btree (status, recorded_at) WHERE (status <> 'SENT'::text);

-- Name: finance_queues_next_attempt_at_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX finance_queues_next_attempt_at_idx ON public.finance_queues USING btree (next_attempt_at) WHERE (next_attempt_at IS NOT NULL);

-- Name: finance_queues_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX finance_queues_tenant_id_idx ON public.finance_queues USING btree (tenant_id, id);

-- Name: idempotency_keys_created_at_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX idempotency_keys_created_at_idx ON public.idempotency_keys USING btree (created_at);

-- Name: idempotency_keys_tenant_id_subject_key_key; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX idempotency_keys_tenant_id_subject_key_key ON public.idempotency_keys USING btree (tenant_id, subject, key) NULLS NOT DISTINCT;

-- Name: invoice_application_reversals_application_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX invoice_application_reversals_application_id_idx ON public.invoice_application_reversals USING btree (tenant_id, application_id, id);

-- Name: invoice_applications_invoice_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX invoice_applications_invoice_id_idx ON public.invoice_applications USING btree (tenant_id, invoice_id, id);

-- Name: invoice_applications_payment_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX invoice_applications_payment_id_idx ON public.invoice_applications USING btree (tenant_id, payment_id, id);

-- Name: invoice_balances_open_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX invoice_balances_open_idx ON public.invoice_balances USING btree (tenant_id, due_on, id) WHERE (balance_cents > 0);

-- Name: invoice_balances_overdue_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX invoice_balances_overdue_idx ON public.invoice_balances USING btree (due_on, tenant_id) WHERE ((balance_cents > 0) AND (disputed_at IS NULL));

-- Name: invoice_balances_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX invoice_balances_tenant_id_idx ON public.invoice_balances USING btree (tenant_id);

-- Name: issue_chunks_unfinished_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX issue_chunks_unfinished_idx ON public.issue_chunks USING btree (run_id) WHERE (finished_at IS NULL);

-- Name: issue_outcomes_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX issue_outcomes_tenant_id_idx ON public.issue_outcomes USING btree (tenant_id);

-- Name: issued_documents_credit_note_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX issued_documents_credit_note_id_idx ON public.issued_documents USING btree (tenant_id, credit_note_id);

-- Name: issued_documents_invoice_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX issued_documents_invoice_id_idx ON public.issued_documents USING btree (tenant_id, invoice_id);

-- Name: issued_documents_without_pdf_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX issued_documents_without_pdf_idx ON public.issued_documents USING btree (id) WHERE (pdf_sha256 IS NULL);

-- Name: journal_entries_recorded_on_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX journal_entries_recorded_on_idx ON public.journal_entries USING btree (recorded_on, id);

-- Name: journal_entries_source_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX journal_entries_source_id_idx ON public.journal_entries USING btree (tenant_id, source_id);

-- Name: journal_entries_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX journal_entries_tenant_id_idx ON public.journal_entries USING btree (tenant_id, recorded_on, id);

-- Name: payments_recorded_at_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX payments_recorded_at_idx ON public.payments USING btree (tenant_id, recorded_at, id);

-- Name: payments_reference_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX payments_reference_idx ON public.payments USING btree (reference) WHERE (method = 'BANK_TRANSFER'::text);

-- Name: rate_limit_buckets_tenant_id_subject_key; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX rate_limit_buckets_tenant_id_subject_key ON public.rate_limit_buckets USING btree (tenant_id, subject) NULLS NOT DISTINCT;

-- Name: receivables_out_of_step_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX receivables_out_of_step_tenant_id_idx ON public.receivables_out_of_step USING btree (tenant_id, invoice_id);

-- Name: recoveries_invoice_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX recoveries_invoice_id_idx ON public.recoveries USING btree (tenant_id, invoice_id, id);

-- Name: refunds_recorded_at_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX refunds_recorded_at_idx ON public.refunds USING btree (tenant_id, recorded_at, id);

-- Name: rollup_chunks_unfinished_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX rollup_chunks_unfinished_idx ON public.rollup_chunks USING btree (run_id) WHERE (finished_at IS NULL);

-- Name: rollup_failures_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX rollup_failures_tenant_id_idx ON public.rollup_failures USING btree (tenant_id);

-- Name: rollup_outcomes_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX rollup_outcomes_tenant_id_idx ON public.rollup_outcomes USING btree (tenant_id);

-- Name: rollup_unpriced_usage_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX rollup_unpriced_usage_tenant_id_idx ON public.rollup_unpriced_usage USING btree (tenant_id);

-- Name: rollup_warnings_run_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX rollup_warnings_run_id_idx ON public.rollup_warnings USING btree (run_id, id);

-- Name: rollup_warnings_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX rollup_warnings_tenant_id_idx ON public.rollup_warnings USING btree (tenant_id);

-- Name: subscription_active_spans_open_key; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX subscription_active_spans_open_key ON public.subscription_active_spans USING btree (subscription_id) WHERE (last_on IS NULL);

-- Name: subscription_active_spans_subscription_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX subscription_active_spans_subscription_id_idx ON public.subscription_active_spans USING btree (subscription_id, first_on);

-- Name: subscription_active_spans_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX subscription_active_spans_tenant_id_idx ON public.subscription_active_spans USING btree (tenant_id);

-- Name: subscription_addons_subscription_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX subscription_addons_subscription_id_idx ON public.subscription_addons USING btree (subscription_id, attached_at, id);

-- Name: subscription_plan_versions_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX subscription_plan_versions_tenant_id_idx ON public.subscription_plan_versions USING btree (tenant_id);

-- Name: subscriptions_pending_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX subscriptions_pending_idx ON public.subscriptions USING btree (pending_from) WHERE (pending_from IS NOT NULL);

-- Name: tenant_invoice_inputs_corrections_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_invoice_inputs_corrections_idx ON public.tenant_invoice_inputs USING btree (tenant_id, late_month, invoice_id) WHERE (late_month IS NOT NULL);

-- Name: tenant_invoice_inputs_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_invoice_inputs_tenant_id_idx ON public.tenant_invoice_inputs USING btree (tenant_id, invoice_id, subscription_id);

-- Name: tenant_invoice_lines_charge_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_invoice_lines_charge_id_idx ON public.tenant_invoice_lines USING btree (charge_id) WHERE (charge_id IS NOT NULL);

-- Name: tenant_invoice_lines_deployment_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_invoice_lines_deployment_id_idx ON public.tenant_invoice_lines USING btree (deployment_id, period_start DESC, id) WHERE (deployment_id IS NOT NULL);

-- Name: tenant_invoice_lines_subscription_addon_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_invoice_lines_subscription_addon_id_idx ON public.tenant_invoice_lines USING btree (subscription_addon_id, period_start DESC, id) WHERE (subscription_addon_id IS NOT NULL);

-- Name: tenant_invoice_lines_subscription_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_invoice_lines_subscription_id_idx ON public.tenant_invoice_lines USING btree (subscription_id, period_start DESC, id) WHERE (subscription_id IS NOT NULL);

-- Name: tenant_invoice_lines_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_invoice_lines_tenant_id_idx ON public.tenant_invoice_lines USING btree (tenant_id, period_start);

-- Name: tenant_invoices_not_void_key; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX tenant_invoices_not_void_key ON public.tenant_invoices USING btree (tenant_id, period_start) WHERE (status <> 'VOID'::text);

-- Name: tenant_invoices_period_start_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_invoices_period_start_idx ON public.tenant_invoices USING btree (period_start, id);

-- Name: tenant_invoices_tenant_id_period_start_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tenant_invoices_tenant_id_period_start_idx ON public.tenant_invoices USING btree (tenant_id, period_start, id);

-- Name: usage_corrections_occurred_at_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX usage_corrections_occurred_at_idx ON public.usage_corrections USING btree (tenant_id, deployment_id, resource_kind, day, occurred_at, record_id);

-- Name: usage_corrections_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX usage_corrections_tenant_id_idx ON public.usage_corrections USING btree (tenant_id, deployment_id, resource_kind, day, record_id, id);

-- Name: usage_daily_totals_month_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX usage_daily_totals_month_idx ON public.usage_daily_totals USING btree (deployment_id, month, resource_kind COLLATE "C", resource_id, day);

-- Name: usage_records_levels_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX usage_records_levels_idx ON ONLY public.usage_records USING btree (tenant_id, deployment_id, resource_kind, level_stream, day, occurred_at, quantity) WHERE (level_stream IS NOT NULL);

-- Name: webhook_deliveries_endpoint_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX webhook_deliveries_endpoint_id_idx ON public.webhook_deliveries USING btree (tenant_id, endpoint_id, id);

-- Name: webhook_deliveries_event_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX webhook_deliveries_event_id_idx ON public.webhook_deliveries USING btree (event_id);

-- Name: webhook_deliveries_failed_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX webhook_deliveries_failed_idx ON public.webhook_deliveries USING btree (endpoint_id) WHERE (status = 'FAILED'::text);

-- Name: webhook_deliveries_pending_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX webhook_deliveries_pending_idx ON public.webhook_deliveries USING btree (endpoint_id, aggregate_id, "position") WHERE (status = 'PENDING'::text);

-- Name: webhook_deliveries_tenant_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX webhook_deliveries_tenant_id_idx ON public.webhook_deliveries USING btree (tenant_id, id);

-- Name: write_offs_invoice_id_idx; Type: INDEX; Schema: public; Owner: -

CREATE INDEX write_offs_invoice_id_idx ON public.write_offs USING btree (tenant_id, invoice_id, id);

-- Name: absorbed_corrections absorbed_corrections_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER absorbed_corrections_append_only BEFORE DELETE OR UPDATE ON public.absorbed_corrections FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: audit_log audit_log_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER audit_log_append_only BEFORE DELETE OR UPDATE ON public.audit_log FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: charges charges_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER charges_append_only BEFORE DELETE OR UPDATE ON public.charges FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: cloud_deployment_events cloud_deployment_events_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER cloud_deployment_events_append_only BEFORE DELETE OR UPDATE ON public.cloud_deployment_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: credit_note_lines credit_note_lines_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER credit_note_lines_append_only BEFORE DELETE OR UPDATE ON public.credit_note_lines FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: credit_note_lines credit_note_lines_no_addition; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER credit_note_lines_no_addition AFTER INSERT ON public.credit_note_lines REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION public.credit_note_lines_refuse_addition();

-- Name: credit_notes credit_notes_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER credit_notes_append_only BEFORE DELETE OR UPDATE ON public.credit_notes FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: credit_notes credit_notes_totals; Type: TRIGGER; Schema: public; Owner: -

CREATE CONSTRAINT TRIGGER credit_notes_totals AFTER INSERT ON public.credit_notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.credit_notes_check_totals();

-- Name: dunning_steps dunning_steps_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER dunning_steps_append_only BEFORE DELETE OR UPDATE ON public.dunning_steps FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: events events_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER events_append_only BEFORE DELETE ON public.events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: events events_position_once; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER events_position_once BEFORE UPDATE ON public.events FOR EACH ROW EXECUTE FUNCTION public.events_refuse_change();

-- Name: finance_pushes finance_pushes_guard; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER finance_pushes_guard BEFORE DELETE OR UPDATE ON public.finance_pushes FOR EACH ROW EXECUTE FUNCTION public.finance_pushes_guard();

-- Name: invoice_application_reversals invoice_application_reversals_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER invoice_application_reversals_append_only BEFORE DELETE OR UPDATE ON public.invoice_application_reversals FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: invoice_applications invoice_applications_no_delete; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER invoice_applications_no_delete BEFORE DELETE ON public.invoice_applications FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: invoice_balances invoice_balances_no_delete; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER invoice_balances_no_delete BEFORE DELETE ON public.invoice_balances FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: issued_documents issued_documents_guard; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER issued_documents_guard BEFORE DELETE OR UPDATE ON public.issued_documents FOR EACH ROW EXECUTE FUNCTION public.issued_documents_guard();

-- Name: journal_entries journal_entries_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER journal_entries_append_only BEFORE DELETE OR UPDATE ON public.journal_entries FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: journal_entries journal_entries_balance; Type: TRIGGER; Schema: public; Owner: -

CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON public.journal_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.journal_entries_check_balance();

-- Name: journal_postings journal_postings_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER journal_postings_append_only BEFORE DELETE OR UPDATE ON public.journal_postings FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: journal_postings journal_postings_balance; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER journal_postings_balance AFTER INSERT ON public.journal_postings REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION public.journal_postings_check_balance();

-- Name: payments payments_immutable; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER payments_immutable BEFORE UPDATE ON public.payments FOR EACH ROW EXECUTE FUNCTION public.payments_refuse_change();

-- Name: payments payments_no_delete; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER payments_no_delete BEFORE DELETE ON public.payments FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: plan_price_tiers plan_price_tiers_immutable; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER plan_price_tiers_immutable BEFORE INSERT OR DELETE OR UPDATE ON public.plan_price_tiers FOR EACH ROW EXECUTE FUNCTION public.plan_terms_refuse_change();

-- Name: plan_resources plan_resources_immutable; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER plan_resources_immutable BEFORE INSERT OR DELETE OR UPDATE ON public.plan_resources FOR EACH ROW EXECUTE FUNCTION public.plan_terms_refuse_change();

-- Name: plan_versions plan_versions_immutable; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER plan_versions_immutable BEFORE UPDATE ON public.plan_versions FOR EACH ROW EXECUTE FUNCTION public.plan_versions_refuse_change();

-- Name: recoveries recoveries_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER recoveries_append_only BEFORE DELETE OR UPDATE ON public.recoveries FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: refunds refunds_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER refunds_append_only BEFORE DELETE OR UPDATE ON public.refunds FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: tenant_invoice_inputs tenant_invoice_inputs_delete_only_in_draft; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tenant_invoice_inputs_delete_only_in_draft AFTER DELETE ON public.tenant_invoice_inputs REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tenant_invoice_contents_refuse_change();

-- Name: tenant_invoice_inputs tenant_invoice_inputs_insert_only_in_draft; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tenant_invoice_inputs_insert_only_in_draft AFTER INSERT ON public.tenant_invoice_inputs REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tenant_invoice_contents_refuse_change();

-- Name: tenant_invoice_inputs tenant_invoice_inputs_no_update; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tenant_invoice_inputs_no_update BEFORE UPDATE ON public.tenant_invoice_inputs FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: tenant_invoice_lines tenant_invoice_lines_delete_only_in_draft; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tenant_invoice_lines_delete_only_in_draft AFTER DELETE ON public.tenant_invoice_lines REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tenant_invoice_contents_refuse_change();

-- Name: tenant_invoice_lines tenant_invoice_lines_delete_totals_check; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tenant_invoice_lines_delete_totals_check AFTER DELETE ON public.tenant_invoice_lines REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tenant_invoice_lines_schedule_totals_check();

-- Name: tenant_invoice_lines tenant_invoice_lines_insert_only_in_draft; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tenant_invoice_lines_insert_only_in_draft AFTER INSERT ON public.tenant_invoice_lines REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tenant_invoice_contents_refuse_change();

-- Name: tenant_invoice_lines tenant_invoice_lines_insert_totals_check; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tenant_invoice_lines_insert_totals_check AFTER INSERT ON public.tenant_invoice_lines REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tenant_invoice_lines_schedule_totals_check();

-- Name: tenant_invoice_lines tenant_invoice_lines_no_update; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tenant_invoice_lines_no_update BEFORE UPDATE ON public.tenant_invoice_lines FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: tenant_invoices tenant_invoices_immutable; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tenant_invoices_immutable BEFORE UPDATE ON public.tenant_invoices FOR EACH ROW EXECUTE FUNCTION public.tenant_invoices_refuse_change();

-- Name: tenant_invoices tenant_invoices_no_delete; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tenant_invoices_no_delete BEFORE DELETE ON public.tenant_invoices FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: tenant_invoices tenant_invoices_totals_check; Type: TRIGGER; Schema: public; Owner: -

CREATE CONSTRAINT TRIGGER tenant_invoices_totals_check AFTER INSERT OR UPDATE ON public.tenant_invoices DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.tenant_invoices_check_totals();

-- Name: usage_corrections usage_corrections_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER usage_corrections_append_only BEFORE DELETE OR UPDATE ON public.usage_corrections FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: usage_event_keys usage_event_keys_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER usage_event_keys_append_only BEFORE DELETE OR UPDATE ON public.usage_event_keys FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: usage_records usage_records_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER usage_records_append_only BEFORE DELETE OR UPDATE ON public.usage_records FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: write_off_taxes write_off_taxes_append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER write_off_taxes_append_only BEFORE DELETE OR UPDATE ON public.write_off_taxes FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: write_offs write_offs_immutable; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER write_offs_immutable BEFORE UPDATE ON public.write_offs FOR EACH ROW EXECUTE FUNCTION public.write_offs_refuse_change();

-- Name: write_offs write_offs_no_delete; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER write_offs_no_delete BEFORE DELETE ON public.write_offs FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

-- Name: absorbed_corrections absorbed_corrections_invoice_line_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.absorbed_corrections
    ADD CONSTRAINT absorbed_corrections_invoice_line_id_fkey FOREIGN KEY (invoice_line_id) REFERENCES public.tenant_invoice_lines(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: absorbed_corrections absorbed_corrections_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.absorbed_corrections
    ADD CONSTRAINT absorbed_corrections_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: addons addons_resource_kind_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.addons
    ADD CONSTRAINT addons_resource_kind_fkey FOREIGN KEY (resource_kind) REFERENCES public.resource_kinds(code) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: billing_month_changes billing_month_changes_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.billing_month_changes
    ADD CONSTRAINT billing_month_changes_deployment_id_fkey FOREIGN KEY (tenant_id, deployment_id) REFERENCES public.cloud_deployments(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: billing_month_changes billing_month_changes_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.billing_month_changes
    ADD CONSTRAINT billing_month_changes_tenant_id_fkey FOREIGN KEY (tenant_id, period_start) REFERENCES public.billing_months(tenant_id, period_start) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: billing_months billing_months_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.billing_months
    ADD CONSTRAINT billing_months_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: billing_months billing_months_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.billing_months
    ADD CONSTRAINT billing_months_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: charges charges_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_deployment_id_fkey FOREIGN KEY (tenant_id, deployment_id) REFERENCES public.cloud_deployments(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: charges charges_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_deployment_events cloud_deployment_events_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_deployment_events
    ADD CONSTRAINT cloud_deployment_events_deployment_id_fkey FOREIGN KEY (tenant_id, deployment_id) REFERENCES public.cloud_deployments(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_deployment_events cloud_deployment_events_dunning_step_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_deployment_events
    ADD CONSTRAINT cloud_deployment_events_dunning_step_fkey FOREIGN KEY (tenant_id, dunning_invoice_id, dunning_step) REFERENCES public.dunning_steps(tenant_id, invoice_id, kind) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_deployment_events cloud_deployment_events_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_deployment_events
    ADD CONSTRAINT cloud_deployment_events_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_deployments cloud_deployments_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_deployments
    ADD CONSTRAINT cloud_deployments_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_invoice_lines cloud_invoice_lines_cloud_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_invoice_lines
    ADD CONSTRAINT cloud_invoice_lines_cloud_invoice_id_fkey FOREIGN KEY (cloud_invoice_id) REFERENCES public.cloud_invoices(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_invoice_lines cloud_invoice_lines_cloud_resource_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_invoice_lines
    ADD CONSTRAINT cloud_invoice_lines_cloud_resource_id_fkey FOREIGN KEY (cloud_resource_id) REFERENCES public.cloud_resources(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_invoice_lines cloud_invoice_lines_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_invoice_lines
    ADD CONSTRAINT cloud_invoice_lines_deployment_id_fkey FOREIGN KEY (tenant_id, deployment_id) REFERENCES public.cloud_deployments(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_invoice_lines cloud_invoice_lines_resource_kind_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_invoice_lines
    ADD CONSTRAINT cloud_invoice_lines_resource_kind_fkey FOREIGN KEY (resource_kind) REFERENCES public.resource_kinds(code) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_invoice_lines cloud_invoice_lines_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_invoice_lines
    ADD CONSTRAINT cloud_invoice_lines_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_resources cloud_resources_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_resources
    ADD CONSTRAINT cloud_resources_deployment_id_fkey FOREIGN KEY (tenant_id, deployment_id) REFERENCES public.cloud_deployments(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_resources cloud_resources_resource_kind_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_resources
    ADD CONSTRAINT cloud_resources_resource_kind_fkey FOREIGN KEY (resource_kind) REFERENCES public.resource_kinds(code) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: cloud_resources cloud_resources_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cloud_resources
    ADD CONSTRAINT cloud_resources_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: credit_note_lines credit_note_lines_credit_note_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_note_lines
    ADD CONSTRAINT credit_note_lines_credit_note_id_fkey FOREIGN KEY (tenant_id, credit_note_id) REFERENCES public.credit_notes(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: credit_note_lines credit_note_lines_invoice_line_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_note_lines
    ADD CONSTRAINT credit_note_lines_invoice_line_id_fkey FOREIGN KEY (invoice_line_id) REFERENCES public.tenant_invoice_lines(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: credit_note_lines credit_note_lines_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_note_lines
    ADD CONSTRAINT credit_note_lines_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: credit_notes credit_notes_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT credit_notes_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: credit_notes credit_notes_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.credit_notes
    ADD CONSTRAINT credit_notes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: delivery_queues delivery_queues_endpoint_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.delivery_queues
    ADD CONSTRAINT delivery_queues_endpoint_id_fkey FOREIGN KEY (tenant_id, endpoint_id) REFERENCES public.webhook_endpoints(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: delivery_queues delivery_queues_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.delivery_queues
    ADD CONSTRAINT delivery_queues_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: dunning_failures dunning_failures_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_failures
    ADD CONSTRAINT dunning_failures_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.dunning_runs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: dunning_failures dunning_failures_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_failures
    ADD CONSTRAINT dunning_failures_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: dunning_holds dunning_holds_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_holds
    ADD CONSTRAINT dunning_holds_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: dunning_policies dunning_policies_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_policies
    ADD CONSTRAINT dunning_policies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: dunning_steps dunning_steps_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_steps
    ADD CONSTRAINT dunning_steps_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: dunning_steps dunning_steps_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dunning_steps
    ADD CONSTRAINT dunning_steps_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: event_sequences event_sequences_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.event_sequences
    ADD CONSTRAINT event_sequences_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: finance_pushes finance_pushes_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.finance_pushes
    ADD CONSTRAINT finance_pushes_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: finance_queues finance_queues_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.finance_queues
    ADD CONSTRAINT finance_queues_id_fkey FOREIGN KEY (tenant_id, id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: invoice_application_reversals invoice_application_reversals_application_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_application_reversals
    ADD CONSTRAINT invoice_application_reversals_application_id_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES public.invoice_applications(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: invoice_application_reversals invoice_application_reversals_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_application_reversals
    ADD CONSTRAINT invoice_application_reversals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: invoice_applications invoice_applications_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_applications
    ADD CONSTRAINT invoice_applications_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: invoice_applications invoice_applications_payment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_applications
    ADD CONSTRAINT invoice_applications_payment_id_fkey FOREIGN KEY (tenant_id, payment_id) REFERENCES public.payments(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: invoice_applications invoice_applications_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_applications
    ADD CONSTRAINT invoice_applications_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: invoice_balances invoice_balances_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.invoice_balances
    ADD CONSTRAINT invoice_balances_id_fkey FOREIGN KEY (tenant_id, id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: issue_chunks issue_chunks_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issue_chunks
    ADD CONSTRAINT issue_chunks_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.issue_runs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: issue_outcomes issue_outcomes_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issue_outcomes
    ADD CONSTRAINT issue_outcomes_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: issue_outcomes issue_outcomes_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issue_outcomes
    ADD CONSTRAINT issue_outcomes_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.issue_runs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: issue_outcomes issue_outcomes_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issue_outcomes
    ADD CONSTRAINT issue_outcomes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: issued_documents issued_documents_credit_note_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issued_documents
    ADD CONSTRAINT issued_documents_credit_note_id_fkey FOREIGN KEY (tenant_id, credit_note_id) REFERENCES public.credit_notes(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: issued_documents issued_documents_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issued_documents
    ADD CONSTRAINT issued_documents_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: issued_documents issued_documents_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.issued_documents
    ADD CONSTRAINT issued_documents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: journal_entries journal_entries_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.journal_entries
    ADD CONSTRAINT journal_entries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: journal_postings journal_postings_entry_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.journal_postings
    ADD CONSTRAINT journal_postings_entry_id_fkey FOREIGN KEY (tenant_id, entry_id) REFERENCES public.journal_entries(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: payments payments_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: plan_price_tiers plan_price_tiers_plan_resource_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plan_price_tiers
    ADD CONSTRAINT plan_price_tiers_plan_resource_id_fkey FOREIGN KEY (plan_resource_id) REFERENCES public.plan_resources(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: plan_resources plan_resources_plan_version_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plan_resources
    ADD CONSTRAINT plan_resources_plan_version_id_fkey FOREIGN KEY (plan_version_id) REFERENCES public.plan_versions(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: plan_resources plan_resources_resource_kind_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plan_resources
    ADD CONSTRAINT plan_resources_resource_kind_fkey FOREIGN KEY (resource_kind) REFERENCES public.resource_kinds(code) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: plan_versions plan_versions_plan_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.plan_versions
    ADD CONSTRAINT plan_versions_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES public.plans(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: receivables_out_of_step receivables_out_of_step_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.receivables_out_of_step
    ADD CONSTRAINT receivables_out_of_step_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: receivables_out_of_step receivables_out_of_step_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.receivables_out_of_step
    ADD CONSTRAINT receivables_out_of_step_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: recoveries recoveries_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recoveries
    ADD CONSTRAINT recoveries_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: recoveries recoveries_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recoveries
    ADD CONSTRAINT recoveries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: refunds refunds_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_chunks rollup_chunks_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_chunks
    ADD CONSTRAINT rollup_chunks_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.rollup_runs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_failures rollup_failures_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_failures
    ADD CONSTRAINT rollup_failures_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.rollup_runs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_failures rollup_failures_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_failures
    ADD CONSTRAINT rollup_failures_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_outcomes rollup_outcomes_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_outcomes
    ADD CONSTRAINT rollup_outcomes_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_outcomes rollup_outcomes_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_outcomes
    ADD CONSTRAINT rollup_outcomes_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.rollup_runs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_outcomes rollup_outcomes_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_outcomes
    ADD CONSTRAINT rollup_outcomes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_unpriced_usage rollup_unpriced_usage_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_unpriced_usage
    ADD CONSTRAINT rollup_unpriced_usage_deployment_id_fkey FOREIGN KEY (tenant_id, deployment_id) REFERENCES public.cloud_deployments(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_unpriced_usage rollup_unpriced_usage_resource_kind_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_unpriced_usage
    ADD CONSTRAINT rollup_unpriced_usage_resource_kind_fkey FOREIGN KEY (resource_kind) REFERENCES public.resource_kinds(code) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_unpriced_usage rollup_unpriced_usage_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_unpriced_usage
    ADD CONSTRAINT rollup_unpriced_usage_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.rollup_runs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_unpriced_usage rollup_unpriced_usage_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_unpriced_usage
    ADD CONSTRAINT rollup_unpriced_usage_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_warnings rollup_warnings_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_warnings
    ADD CONSTRAINT rollup_warnings_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.rollup_runs(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: rollup_warnings rollup_warnings_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.rollup_warnings
    ADD CONSTRAINT rollup_warnings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscription_active_spans subscription_active_spans_subscription_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_active_spans
    ADD CONSTRAINT subscription_active_spans_subscription_id_fkey FOREIGN KEY (tenant_id, subscription_id) REFERENCES public.subscriptions(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscription_active_spans subscription_active_spans_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_active_spans
    ADD CONSTRAINT subscription_active_spans_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscription_addons subscription_addons_addon_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_addons
    ADD CONSTRAINT subscription_addons_addon_id_fkey FOREIGN KEY (addon_id) REFERENCES public.addons(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscription_addons subscription_addons_resource_kind_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_addons
    ADD CONSTRAINT subscription_addons_resource_kind_fkey FOREIGN KEY (resource_kind) REFERENCES public.resource_kinds(code) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscription_addons subscription_addons_subscription_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_addons
    ADD CONSTRAINT subscription_addons_subscription_id_fkey FOREIGN KEY (tenant_id, subscription_id) REFERENCES public.subscriptions(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscription_addons subscription_addons_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_addons
    ADD CONSTRAINT subscription_addons_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscription_plan_versions subscription_plan_versions_plan_version_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_plan_versions
    ADD CONSTRAINT subscription_plan_versions_plan_version_id_fkey FOREIGN KEY (plan_version_id) REFERENCES public.plan_versions(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscription_plan_versions subscription_plan_versions_subscription_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_plan_versions
    ADD CONSTRAINT subscription_plan_versions_subscription_id_fkey FOREIGN KEY (tenant_id, subscription_id) REFERENCES public.subscriptions(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscription_plan_versions subscription_plan_versions_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscription_plan_versions
    ADD CONSTRAINT subscription_plan_versions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscriptions subscriptions_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_deployment_id_fkey FOREIGN KEY (tenant_id, deployment_id) REFERENCES public.cloud_deployments(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscriptions subscriptions_pending_plan_version_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_pending_plan_version_id_fkey FOREIGN KEY (pending_plan_version_id) REFERENCES public.plan_versions(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscriptions subscriptions_plan_version_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_plan_version_id_fkey FOREIGN KEY (plan_version_id) REFERENCES public.plan_versions(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: subscriptions subscriptions_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: tenant_balances tenant_balances_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_balances
    ADD CONSTRAINT tenant_balances_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: tenant_invoice_inputs tenant_invoice_inputs_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_inputs
    ADD CONSTRAINT tenant_invoice_inputs_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: tenant_invoice_inputs tenant_invoice_inputs_subscription_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_inputs
    ADD CONSTRAINT tenant_invoice_inputs_subscription_id_fkey FOREIGN KEY (tenant_id, subscription_id) REFERENCES public.subscriptions(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: tenant_invoice_lines tenant_invoice_lines_charge_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_lines
    ADD CONSTRAINT tenant_invoice_lines_charge_id_fkey FOREIGN KEY (tenant_id, charge_id) REFERENCES public.charges(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: tenant_invoice_lines tenant_invoice_lines_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_lines
    ADD CONSTRAINT tenant_invoice_lines_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: tenant_invoice_lines tenant_invoice_lines_resource_kind_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_lines
    ADD CONSTRAINT tenant_invoice_lines_resource_kind_fkey FOREIGN KEY (resource_kind) REFERENCES public.resource_kinds(code) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: tenant_invoice_lines tenant_invoice_lines_subscription_addon_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_lines
    ADD CONSTRAINT tenant_invoice_lines_subscription_addon_id_fkey FOREIGN KEY (tenant_id, subscription_addon_id) REFERENCES public.subscription_addons(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: tenant_invoice_lines tenant_invoice_lines_subscription_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoice_lines
    ADD CONSTRAINT tenant_invoice_lines_subscription_id_fkey FOREIGN KEY (tenant_id, subscription_id, deployment_id) REFERENCES public.subscriptions(tenant_id, id, deployment_id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: tenant_invoices tenant_invoices_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_invoices
    ADD CONSTRAINT tenant_invoices_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: tenant_tax_exemptions tenant_tax_exemptions_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tenant_tax_exemptions
    ADD CONSTRAINT tenant_tax_exemptions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: usage_corrections usage_corrections_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.usage_corrections
    ADD CONSTRAINT usage_corrections_deployment_id_fkey FOREIGN KEY (tenant_id, deployment_id) REFERENCES public.cloud_deployments(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: usage_corrections usage_corrections_resource_kind_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.usage_corrections
    ADD CONSTRAINT usage_corrections_resource_kind_fkey FOREIGN KEY (resource_kind) REFERENCES public.resource_kinds(code) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: usage_corrections usage_corrections_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.usage_corrections
    ADD CONSTRAINT usage_corrections_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: usage_daily_totals usage_daily_totals_deployment_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.usage_daily_totals
    ADD CONSTRAINT usage_daily_totals_deployment_id_fkey FOREIGN KEY (tenant_id, deployment_id) REFERENCES public.cloud_deployments(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: usage_daily_totals usage_daily_totals_resource_kind_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.usage_daily_totals
    ADD CONSTRAINT usage_daily_totals_resource_kind_fkey FOREIGN KEY (resource_kind) REFERENCES public.resource_kinds(code) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: webhook_deliveries webhook_deliveries_endpoint_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_endpoint_id_fkey FOREIGN KEY (tenant_id, endpoint_id) REFERENCES public.webhook_endpoints(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: webhook_deliveries webhook_deliveries_event_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_event_id_fkey FOREIGN KEY (tenant_id, event_id) REFERENCES public.events(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: webhook_deliveries webhook_deliveries_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: webhook_endpoints webhook_endpoints_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.webhook_endpoints
    ADD CONSTRAINT webhook_endpoints_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: write_off_taxes write_off_taxes_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.write_off_taxes
    ADD CONSTRAINT write_off_taxes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: write_off_taxes write_off_taxes_write_off_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.write_off_taxes
    ADD CONSTRAINT write_off_taxes_write_off_id_fkey FOREIGN KEY (tenant_id, write_off_id) REFERENCES public.write_offs(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: write_offs write_offs_invoice_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT write_offs_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES public.tenant_invoices(tenant_id, id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: write_offs write_offs_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.write_offs
    ADD CONSTRAINT write_offs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- Name: absorbed_corrections; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.absorbed_corrections ENABLE ROW LEVEL SECURITY;

-- Name: audit_log; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

-- Name: billing_month_changes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.billing_month_changes ENABLE ROW LEVEL SECURITY;

-- Name: billing_months; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.billing_months ENABLE ROW LEVEL SECURITY;

-- Name: charges; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.charges ENABLE ROW LEVEL SECURITY;

-- Name: cloud_deployment_events; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.cloud_deployment_events ENABLE ROW LEVEL SECURITY;

-- Name: cloud_deployments; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.cloud_deployments ENABLE ROW LEVEL SECURITY;

-- Name: cloud_invoice_lines; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.cloud_invoice_lines ENABLE ROW LEVEL SECURITY;

-- Name: cloud_invoices; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.cloud_invoices ENABLE ROW LEVEL SECURITY;

-- Name: cloud_resources; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.cloud_resources ENABLE ROW LEVEL SECURITY;

-- Name: credit_note_lines; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.credit_note_lines ENABLE ROW LEVEL SECURITY;

-- Name: credit_notes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.credit_notes ENABLE ROW LEVEL SECURITY;

-- Name: data_integrity_progress; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.data_integrity_progress ENABLE ROW LEVEL SECURITY;

-- Name: delivery_queues; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.delivery_queues ENABLE ROW LEVEL SECURITY;

-- Name: dunning_failures; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.dunning_failures ENABLE ROW LEVEL SECURITY;

-- Name: dunning_holds; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.dunning_holds ENABLE ROW LEVEL SECURITY;

-- Name: dunning_policies; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.dunning_policies ENABLE ROW LEVEL SECURITY;

-- Name: dunning_runs; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.dunning_runs ENABLE ROW LEVEL SECURITY;

-- Name: dunning_steps; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.dunning_steps ENABLE ROW LEVEL SECURITY;

-- Name: event_sequences; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.event_sequences ENABLE ROW LEVEL SECURITY;

-- Name: events; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.events ENABLE ROW LEVEL SECURITY;

-- Name: finance_pushes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.finance_pushes ENABLE ROW LEVEL SECURITY;

-- Name: finance_queues; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.finance_queues ENABLE ROW LEVEL SECURITY;

-- Name: finance_reconciliations; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.finance_reconciliations ENABLE ROW LEVEL SECURITY;

-- Name: idempotency_keys; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.idempotency_keys ENABLE ROW LEVEL SECURITY;

-- Name: invoice_application_reversals; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.invoice_application_reversals ENABLE ROW LEVEL SECURITY;

-- Name: invoice_applications; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.invoice_applications ENABLE ROW LEVEL SECURITY;

-- Name: invoice_balances; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.invoice_balances ENABLE ROW LEVEL SECURITY;

-- Name: issue_chunks; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.issue_chunks ENABLE ROW LEVEL SECURITY;

-- Name: issue_outcomes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.issue_outcomes ENABLE ROW LEVEL SECURITY;

-- Name: issue_runs; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.issue_runs ENABLE ROW LEVEL SECURITY;

-- Name: issued_documents; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.issued_documents ENABLE ROW LEVEL SECURITY;

-- Name: journal_entries; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.journal_entries ENABLE ROW LEVEL SECURITY;

-- Name: journal_postings; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.journal_postings ENABLE ROW LEVEL SECURITY;

-- Name: payments; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.payments ENABLE ROW LEVEL SECURITY;

-- Name: absorbed_corrections platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.absorbed_corrections TO arcadia_platform USING (true);

-- Name: audit_log platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.audit_log TO arcadia_platform USING (true);

-- Name: billing_month_changes platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.billing_month_changes TO arcadia_platform USING (true);

-- Name: billing_months platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.billing_months TO arcadia_platform USING (true);

-- Name: charges platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.charges TO arcadia_platform USING (true);

-- Name: cloud_deployment_events platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.cloud_deployment_events TO arcadia_platform USING (true);

-- Name: cloud_deployments platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.cloud_deployments TO arcadia_platform USING (true);

-- Name: cloud_invoice_lines platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.cloud_invoice_lines TO arcadia_platform USING (true);

-- Name: cloud_invoices platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.cloud_invoices TO arcadia_platform USING (true);

-- Name: cloud_resources platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.cloud_resources TO arcadia_platform USING (true);

-- Name: credit_note_lines platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.credit_note_lines TO arcadia_platform USING (true);

-- Name: credit_notes platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.credit_notes TO arcadia_platform USING (true);

-- Name: data_integrity_progress platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.data_integrity_progress TO arcadia_platform USING (true);

-- Name: delivery_queues platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.delivery_queues TO arcadia_platform USING (true);

-- Name: dunning_failures platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.dunning_failures TO arcadia_platform USING (true);

-- Name: dunning_holds platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.dunning_holds TO arcadia_platform USING (true);

-- Name: dunning_policies platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.dunning_policies TO arcadia_platform USING (true);

-- Name: dunning_runs platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.dunning_runs TO arcadia_platform USING (true);

-- Name: dunning_steps platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.dunning_steps TO arcadia_platform USING (true);

-- Name: event_sequences platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.event_sequences TO arcadia_platform USING (true);

-- Name: events platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.events TO arcadia_platform USING (true);

-- Name: finance_pushes platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.finance_pushes TO arcadia_platform USING (true);

-- Name: finance_queues platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.finance_queues TO arcadia_platform USING (true);

-- Name: finance_reconciliations platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.finance_reconciliations TO arcadia_platform USING (true);

-- Name: idempotency_keys platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.idempotency_keys TO arcadia_platform USING (true);

-- Name: invoice_application_reversals platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.invoice_application_reversals TO arcadia_platform USING (true);

-- Name: invoice_applications platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.invoice_applications TO arcadia_platform USING (true);

-- Name: invoice_balances platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.invoice_balances TO arcadia_platform USING (true);

-- Name: issue_chunks platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.issue_chunks TO arcadia_platform USING (true);

-- Name: issue_outcomes platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.issue_outcomes TO arcadia_platform USING (true);

-- Name: issue_runs platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.issue_runs TO arcadia_platform USING (true);

-- Name: issued_documents platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.issued_documents TO arcadia_platform USING (true);

-- Name: journal_entries platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.journal_entries TO arcadia_platform USING (true);

-- Name: journal_postings platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.journal_postings TO arcadia_platform USING (true);

-- Name: payments platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.payments TO arcadia_platform USING (true);

-- Name: rate_limit_buckets platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.rate_limit_buckets TO arcadia_platform USING (true);

-- Name: receivables_out_of_step platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.receivables_out_of_step TO arcadia_platform USING (true);

-- Name: recoveries platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.recoveries TO arcadia_platform USING (true);

-- Name: refunds platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.refunds TO arcadia_platform USING (true);

-- Name: rollup_chunks platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.rollup_chunks TO arcadia_platform USING (true);

-- Name: rollup_failures platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.rollup_failures TO arcadia_platform USING (true);

-- Name: rollup_outcomes platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.rollup_outcomes TO arcadia_platform USING (true);

-- Name: rollup_runs platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.rollup_runs TO arcadia_platform USING (true);

-- Name: rollup_unpriced_usage platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.rollup_unpriced_usage TO arcadia_platform USING (true);

-- Name: rollup_warnings platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.rollup_warnings TO arcadia_platform USING (true);

-- Name: row_security_probe platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.row_security_probe TO arcadia_platform USING (true);

-- Name: subscription_active_spans platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.subscription_active_spans TO arcadia_platform USING (true);

-- Name: subscription_addons platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.subscription_addons TO arcadia_platform USING (true);

-- Name: subscription_plan_versions platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.subscription_plan_versions TO arcadia_platform USING (true);

-- Name: subscriptions platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.subscriptions TO arcadia_platform USING (true);

-- Name: tenant_balances platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.tenant_balances TO arcadia_platform USING (true);

-- Name: tenant_invoice_inputs platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.tenant_invoice_inputs TO arcadia_platform USING (true);

-- Name: tenant_invoice_lines platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.tenant_invoice_lines TO arcadia_platform USING (true);

-- Name: tenant_invoices platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.tenant_invoices TO arcadia_platform USING (true);

-- Name: tenant_tax_exemptions platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.tenant_tax_exemptions TO arcadia_platform USING (true);

-- Name: tenants platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.tenants TO arcadia_platform USING (true);

-- Name: usage_corrections platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.usage_corrections TO arcadia_platform USING (true);

-- Name: usage_daily_totals platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.usage_daily_totals TO arcadia_platform USING (true);

-- Name: usage_event_keys platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.usage_event_keys TO arcadia_platform USING (true);

-- Name: usage_records platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.usage_records TO arcadia_platform USING (true);

-- Name: webhook_deliveries platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.webhook_deliveries TO arcadia_platform USING (true);

-- Name: webhook_endpoints platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.webhook_endpoints TO arcadia_platform USING (true);

-- Name: write_off_taxes platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.write_off_taxes TO arcadia_platform USING (true);

-- Name: write_offs platform; Type: POLICY; Schema: public; Owner: -

CREATE POLICY platform ON public.write_offs TO arcadia_platform USING (true);

-- Name: rate_limit_buckets; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.rate_limit_buckets ENABLE ROW LEVEL SECURITY;

-- Name: receivables_out_of_step; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.receivables_out_of_step ENABLE ROW LEVEL SECURITY;

-- Name: recoveries; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.recoveries ENABLE ROW LEVEL SECURITY;

-- Name: refunds; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.refunds ENABLE ROW LEVEL SECURITY;

-- Name: rollup_chunks; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.rollup_chunks ENABLE ROW LEVEL SECURITY;

-- Name: rollup_failures; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.rollup_failures ENABLE ROW LEVEL SECURITY;

-- Name: rollup_outcomes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.rollup_outcomes ENABLE ROW LEVEL SECURITY;

-- Name: rollup_runs; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.rollup_runs ENABLE ROW LEVEL SECURITY;

-- Name: rollup_unpriced_usage; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.rollup_unpriced_usage ENABLE ROW LEVEL SECURITY;

-- Name: rollup_warnings; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.rollup_warnings ENABLE ROW LEVEL SECURITY;

-- Name: row_security_probe; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.row_security_probe ENABLE ROW LEVEL SECURITY;

-- Name: subscription_active_spans; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.subscription_active_spans ENABLE ROW LEVEL SECURITY;

-- Name: subscription_addons; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.subscription_addons ENABLE ROW LEVEL SECURITY;

-- Name: subscription_plan_versions; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.subscription_plan_versions ENABLE ROW LEVEL SECURITY;

-- Name: subscriptions; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.subscriptions ENABLE ROW LEVEL SECURITY;

-- Name: absorbed_corrections tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.absorbed_corrections TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: audit_log tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.audit_log TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: billing_month_changes tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.billing_month_changes TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: billing_months tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.billing_months TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: charges tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.charges TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: cloud_deployment_events tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.cloud_deployment_events TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: cloud_deployments tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.cloud_deployments TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: cloud_resources tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.cloud_resources TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: credit_note_lines tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.credit_note_lines TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: credit_notes tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.credit_notes TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: delivery_queues tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.delivery_queues TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: dunning_failures tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.dunning_failures TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: dunning_holds tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.dunning_holds TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: dunning_policies tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.dunning_policies TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: dunning_steps tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.dunning_steps TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: event_sequences tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.event_sequences TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: events tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.events TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: finance_pushes tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.finance_pushes TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: finance_queues tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.finance_queues TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: idempotency_keys tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.idempotency_keys TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: invoice_application_reversals tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.invoice_application_reversals TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: invoice_applications tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.invoice_applications TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: invoice_balances tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.invoice_balances TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: issue_outcomes tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.issue_outcomes TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: issued_documents tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.issued_documents TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: journal_entries tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.journal_entries TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: journal_postings tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.journal_postings TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: payments tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.payments TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: rate_limit_buckets tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.rate_limit_buckets TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: receivables_out_of_step tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.receivables_out_of_step TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: recoveries tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.recoveries TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: refunds tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.refunds TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: rollup_failures tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.rollup_failures TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: rollup_outcomes tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.rollup_outcomes TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: rollup_unpriced_usage tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.rollup_unpriced_usage TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: rollup_warnings tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.rollup_warnings TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: row_security_probe tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.row_security_probe TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: subscription_active_spans tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.subscription_active_spans TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: subscription_addons tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.subscription_addons TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: subscription_plan_versions tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.subscription_plan_versions TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: subscriptions tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.subscriptions TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: tenant_balances tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.tenant_balances TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: tenant_invoice_inputs tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.tenant_invoice_inputs TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: tenant_invoice_lines tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.tenant_invoice_lines TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: tenant_invoices tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.tenant_invoices TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: tenant_tax_exemptions tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.tenant_tax_exemptions TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: tenants tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.tenants TO arcadia_tenant USING ((id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: usage_corrections tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.usage_corrections TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: usage_daily_totals tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.usage_daily_totals TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: usage_event_keys tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.usage_event_keys TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: usage_records tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.usage_records TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: webhook_deliveries tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.webhook_deliveries TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: webhook_endpoints tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.webhook_endpoints TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: write_off_taxes tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.write_off_taxes TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: write_offs tenant; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tenant ON public.write_offs TO arcadia_tenant USING ((tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid));

-- Name: tenant_balances; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenant_balances ENABLE ROW LEVEL SECURITY;

-- Name: tenant_invoice_inputs; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenant_invoice_inputs ENABLE ROW LEVEL SECURITY;

-- Name: tenant_invoice_lines; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenant_invoice_lines ENABLE ROW LEVEL SECURITY;

-- Name: tenant_invoices; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenant_invoices ENABLE ROW LEVEL SECURITY;

-- Name: tenant_tax_exemptions; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenant_tax_exemptions ENABLE ROW LEVEL SECURITY;

-- Name: tenants; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tenants ENABLE ROW LEVEL SECURITY;

-- Name: usage_corrections; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.usage_corrections ENABLE ROW LEVEL SECURITY;

-- Name: usage_daily_totals; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.usage_daily_totals ENABLE ROW LEVEL SECURITY;

-- Name: usage_event_keys; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.usage_event_keys ENABLE ROW LEVEL SECURITY;

-- Name: usage_records; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.usage_records ENABLE ROW LEVEL SECURITY;

-- Name: webhook_deliveries; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.webhook_deliveries ENABLE ROW LEVEL SECURITY;

-- Name: webhook_endpoints; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.webhook_endpoints ENABLE ROW LEVEL SECURITY;

-- Name: write_off_taxes; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.write_off_taxes ENABLE ROW LEVEL SECURITY;

-- Name: write_offs; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.write_offs ENABLE ROW LEVEL SECURITY;

-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA public TO arcadia_tenant;
GRANT USAGE ON SCHEMA public TO arcadia_platform;

-- Name: FUNCTION usage_records_create_partitions(instant timestamp with time zone); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.usage_records_create_partitions(instant timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.usage_records_create_partitions(instant timestamp with time zone) TO arcadia_platform;

-- Name: TABLE absorbed_corrections; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.absorbed_corrections TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.absorbed_corrections TO arcadia_platform;

-- Name: TABLE addons; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.addons TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.addons TO arcadia_platform;

-- Name: TABLE audit_log; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT ON TABLE public.audit_log TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.audit_log TO arcadia_platform;

-- Name: TABLE billing_month_changes; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT ON TABLE public.billing_month_changes TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE ON TABLE public.billing_month_changes TO arcadia_platform;

-- Name: TABLE billing_months; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE public.billing_months TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.billing_months TO arcadia_platform;

-- Name: TABLE charges; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.charges TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.charges TO arcadia_platform;

-- Name: TABLE cloud_deployment_events; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT ON TABLE public.cloud_deployment_events TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.cloud_deployment_events TO arcadia_platform;

-- Name: TABLE cloud_deployments; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE public.cloud_deployments TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.cloud_deployments TO arcadia_platform;

-- Name: TABLE cloud_invoice_lines; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.cloud_invoice_lines TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.cloud_invoice_lines TO arcadia_platform;

-- Name: COLUMN cloud_invoice_lines.cloud_resource_id; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(cloud_resource_id) ON TABLE public.cloud_invoice_lines TO arcadia_platform;

-- Name: COLUMN cloud_invoice_lines.tenant_id; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(tenant_id) ON TABLE public.cloud_invoice_lines TO arcadia_platform;

-- Name: COLUMN cloud_invoice_lines.deployment_id; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(deployment_id) ON TABLE public.cloud_invoice_lines TO arcadia_platform;

-- Name: COLUMN cloud_invoice_lines.resource_kind; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(resource_kind) ON TABLE public.cloud_invoice_lines TO arcadia_platform;

-- Name: COLUMN cloud_invoice_lines.matched_by; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(matched_by) ON TABLE public.cloud_invoice_lines TO arcadia_platform;

-- Name: COLUMN cloud_invoice_lines.unallocated_reason; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(unallocated_reason) ON TABLE public.cloud_invoice_lines TO arcadia_platform;

-- Name: TABLE cloud_invoices; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.cloud_invoices TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.cloud_invoices TO arcadia_platform;

-- Name: COLUMN cloud_invoices.allocated_cents; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(allocated_cents) ON TABLE public.cloud_invoices TO arcadia_platform;

-- Name: COLUMN cloud_invoices.matched_at; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(matched_at) ON TABLE public.cloud_invoices TO arcadia_platform;

-- Name: COLUMN cloud_invoices.matched_by; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(matched_by) ON TABLE public.cloud_invoices TO arcadia_platform;

-- Name: COLUMN cloud_invoices.withdrawal_reason; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(withdrawal_reason) ON TABLE public.cloud_invoices TO arcadia_platform;

-- Name: COLUMN cloud_invoices.withdrawn_at; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(withdrawn_at) ON TABLE public.cloud_invoices TO arcadia_platform;

-- Name: COLUMN cloud_invoices.withdrawn_by; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(withdrawn_by) ON TABLE public.cloud_invoices TO arcadia_platform;

-- Name: TABLE cloud_resources; Type: ACL; Schema: public; Owner: -

GRANT SELECT,UPDATE ON TABLE public.cloud_resources TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.cloud_resources TO arcadia_platform;

-- Name: TABLE credit_note_lines; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.credit_note_lines TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.credit_note_lines TO arcadia_platform;

-- Name: TABLE credit_note_number_sequences; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.credit_note_number_sequences TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.credit_note_number_sequences TO arcadia_platform;

-- Name: TABLE credit_notes; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.credit_notes TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.credit_notes TO arcadia_platform;

-- Name: TABLE data_integrity_progress; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.data_integrity_progress TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.data_integrity_progress TO arcadia_platform;

-- Name: TABLE delivery_queues; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.delivery_queues TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.delivery_queues TO arcadia_platform;

-- Name: TABLE dunning_failures; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.dunning_failures TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.dunning_failures TO arcadia_platform;

-- Name: TABLE dunning_holds; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.dunning_holds TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.dunning_holds TO arcadia_platform;

-- Name: COLUMN dunning_holds.ended_at; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(ended_at) ON TABLE public.dunning_holds TO arcadia_platform;

-- Name: COLUMN dunning_holds.ended_by; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(ended_by) ON TABLE public.dunning_holds TO arcadia_platform;

-- Name: TABLE dunning_policies; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.dunning_policies TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.dunning_policies TO arcadia_platform;

-- Name: TABLE dunning_runs; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.dunning_runs TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.dunning_runs TO arcadia_platform;

-- Name: TABLE dunning_steps; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.dunning_steps TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.dunning_steps TO arcadia_platform;

-- Name: TABLE event_sequences; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE public.event_sequences TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.event_sequences TO arcadia_platform;

-- Name: TABLE events; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT ON TABLE public.events TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.events TO arcadia_platform;

-- Name: COLUMN events."position"; Type: ACL; Schema: public; Owner: -

GRANT UPDATE("position") ON TABLE public.events TO arcadia_platform;

-- Name: TABLE finance_pushes; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.finance_pushes TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.finance_pushes TO arcadia_platform;

-- Name: TABLE finance_queues; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.finance_queues TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.finance_queues TO arcadia_platform;

-- Name: TABLE finance_reconciliations; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.finance_reconciliations TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.finance_reconciliations TO arcadia_platform;

-- Name: TABLE idempotency_keys; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_keys TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_keys TO arcadia_platform;

-- Name: TABLE installation; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.installation TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.installation TO arcadia_platform;

-- Name: TABLE invoice_application_reversals; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.invoice_application_reversals TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.invoice_application_reversals TO arcadia_platform;

-- Name: TABLE invoice_applications; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.invoice_applications TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.invoice_applications TO arcadia_platform;

-- Name: COLUMN invoice_applications.undone_cents; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(undone_cents) ON TABLE public.invoice_applications TO arcadia_platform;

-- Name: TABLE invoice_balances; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.invoice_balances TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.invoice_balances TO arcadia_platform;

-- Name: TABLE invoice_number_sequences; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.invoice_number_sequences TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.invoice_number_sequences TO arcadia_platform;

-- Name: TABLE issue_chunks; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.issue_chunks TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.issue_chunks TO arcadia_platform;

-- Name: TABLE issue_outcomes; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.issue_outcomes TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.issue_outcomes TO arcadia_platform;

-- Name: TABLE issue_runs; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.issue_runs TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.issue_runs TO arcadia_platform;

-- Name: TABLE issued_documents; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.issued_documents TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.issued_documents TO arcadia_platform;

-- Name: COLUMN issued_documents.pdf; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(pdf) ON TABLE public.issued_documents TO arcadia_platform;

-- Name: COLUMN issued_documents.pdf_sha256; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(pdf_sha256) ON TABLE public.issued_documents TO arcadia_platform;

-- Name: TABLE journal_entries; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.journal_entries TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.journal_entries TO arcadia_platform;

-- Name: TABLE journal_postings; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.journal_postings TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.journal_postings TO arcadia_platform;

-- Name: TABLE migration; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.migration TO arcadia_tenant;
GRANT SELECT ON TABLE public.migration TO arcadia_platform;

-- Name: TABLE payments; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.payments TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.payments TO arcadia_platform;

-- Name: COLUMN payments.reversed_at; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(reversed_at) ON TABLE public.payments TO arcadia_platform;

-- Name: COLUMN payments.reversed_by; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(reversed_by) ON TABLE public.payments TO arcadia_platform;

-- Name: COLUMN payments.reversal_reason; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(reversal_reason) ON TABLE public.payments TO arcadia_platform;

-- Name: TABLE plan_price_tiers; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.plan_price_tiers TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.plan_price_tiers TO arcadia_platform;

-- Name: TABLE plan_resources; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.plan_resources TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.plan_resources TO arcadia_platform;

-- Name: TABLE plan_versions; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.plan_versions TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.plan_versions TO arcadia_platform;

-- Name: TABLE plans; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.plans TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.plans TO arcadia_platform;

-- Name: TABLE rate_limit_buckets; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rate_limit_buckets TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rate_limit_buckets TO arcadia_platform;

-- Name: TABLE receivables_out_of_step; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.receivables_out_of_step TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE ON TABLE public.receivables_out_of_step TO arcadia_platform;

-- Name: TABLE recoveries; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.recoveries TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.recoveries TO arcadia_platform;

-- Name: TABLE refunds; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.refunds TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.refunds TO arcadia_platform;

-- Name: TABLE resource_kinds; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.resource_kinds TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.resource_kinds TO arcadia_platform;

-- Name: TABLE rollup_chunks; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.rollup_chunks TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.rollup_chunks TO arcadia_platform;

-- Name: TABLE rollup_failures; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.rollup_failures TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rollup_failures TO arcadia_platform;

-- Name: TABLE rollup_outcomes; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.rollup_outcomes TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.rollup_outcomes TO arcadia_platform;

-- Name: TABLE rollup_runs; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.rollup_runs TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.rollup_runs TO arcadia_platform;

-- Name: TABLE rollup_unpriced_usage; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.rollup_unpriced_usage TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rollup_unpriced_usage TO arcadia_platform;

-- Name: TABLE rollup_warnings; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.rollup_warnings TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.rollup_warnings TO arcadia_platform;

-- Name: TABLE row_security_probe; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.row_security_probe TO arcadia_tenant;
GRANT SELECT ON TABLE public.row_security_probe TO arcadia_platform;

-- Name: TABLE subscription_active_spans; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.subscription_active_spans TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.subscription_active_spans TO arcadia_platform;

-- Name: TABLE subscription_addons; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE public.subscription_addons TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.subscription_addons TO arcadia_platform;

-- Name: TABLE subscription_plan_versions; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.subscription_plan_versions TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.subscription_plan_versions TO arcadia_platform;

-- Name: TABLE subscriptions; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,UPDATE ON TABLE public.subscriptions TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.subscriptions TO arcadia_platform;

-- Name: TABLE tax_rates; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.tax_rates TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tax_rates TO arcadia_platform;

-- Name: TABLE tenant_balances; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.tenant_balances TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.tenant_balances TO arcadia_platform;

-- Name: TABLE tenant_invoice_inputs; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.tenant_invoice_inputs TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE ON TABLE public.tenant_invoice_inputs TO arcadia_platform;

-- Name: TABLE tenant_invoice_lines; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.tenant_invoice_lines TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE ON TABLE public.tenant_invoice_lines TO arcadia_platform;

-- Name: TABLE tenant_invoices; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.tenant_invoices TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.tenant_invoices TO arcadia_platform;

-- Name: TABLE tenant_tax_exemptions; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.tenant_tax_exemptions TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tenant_tax_exemptions TO arcadia_platform;

-- Name: TABLE tenants; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.tenants TO arcadia_tenant;
GRANT SELECT,INSERT,UPDATE ON TABLE public.tenants TO arcadia_platform;

-- Name: COLUMN tenants.name; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(name) ON TABLE public.tenants TO arcadia_tenant;

-- Name: TABLE usage_corrections; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT ON TABLE public.usage_corrections TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.usage_corrections TO arcadia_platform;

-- Name: TABLE usage_daily_totals; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_daily_totals TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_daily_totals TO arcadia_platform;

-- Name: TABLE usage_event_keys; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT ON TABLE public.usage_event_keys TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.usage_event_keys TO arcadia_platform;

-- Name: TABLE usage_records; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT ON TABLE public.usage_records TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.usage_records TO arcadia_platform;

-- Name: TABLE webhook_deliveries; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.webhook_deliveries TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.webhook_deliveries TO arcadia_platform;

-- Name: TABLE webhook_endpoints; Type: ACL; Schema: public; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.webhook_endpoints TO arcadia_tenant;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.webhook_endpoints TO arcadia_platform;

-- Name: TABLE write_off_taxes; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.write_off_taxes TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.write_off_taxes TO arcadia_platform;

-- Name: TABLE write_offs; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.write_offs TO arcadia_tenant;
GRANT SELECT,INSERT ON TABLE public.write_offs TO arcadia_platform;

-- Name: COLUMN write_offs.rest_cents; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(rest_cents) ON TABLE public.write_offs TO arcadia_platform;
