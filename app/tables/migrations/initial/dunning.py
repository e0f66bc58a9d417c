"""Dunning: policies, steps, holds, and the daily runs."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import bigint, date, integer, reference, table, text, timestamptz, uuid
from app.tables.migrations.initial.invoices import TENANT_INVOICES
from app.tables.migrations.initial.tenants import TENANTS

DUNNING_POLICIES = table(
    "dunning_policies",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS, null=True),
    notice_days=integer(null=True),
    past_due_days=integer(null=True),
    final_notice_days=integer(null=True),
    suspend_days=integer(null=True),
    propose_write_off_days=integer(null=True),
    minimum_cents=bigint(),
    set_at=timestamptz(),
    set_by=text(),
    dunning_policies_days_check=Check(
        "least(notice_days, past_due_days, final_notice_days, suspend_days, propose_write_off_days) >= 1"
        " AND greatest(notice_days, past_due_days, final_notice_days, suspend_days, propose_write_off_days) <= 3650"
    ),
    dunning_policies_suspend_days_check=Check("suspend_days IS NULL OR coalesce(past_due_days < suspend_days, false)"),
    dunning_policies_minimum_cents_check=Check("minimum_cents >= 0"),
)

DUNNING_STEPS = table(
    "dunning_steps",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    invoice_id=reference(TENANT_INVOICES),
    kind=text(),
    days=integer(),
    taken_on=date(),
    taken_at=timestamptz(),
    dunning_steps_tenant_id_invoice_id_kind_key=Unique(["tenant_id", "invoice_id", "kind"]),
    dunning_steps_kind_check=Check("kind IN ('NOTICE', 'PAST_DUE', 'FINAL_NOTICE', 'SUSPEND', 'PROPOSE_WRITE_OFF')"),
)

DUNNING_HOLDS = table(
    "dunning_holds",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    until=date(),
    reason=text(),
    held_at=timestamptz(),
    held_by=text(),
    ended_at=timestamptz(null=True),
    ended_by=text(null=True),
    dunning_holds_ended_check=Check("num_nulls(ended_at, ended_by) IN (0, 2)"),
)

DUNNING_RUNS = table(
    "dunning_runs",
    id=uuid(primary_key=True),
    day=date(),
    started_at=timestamptz(),
    finished_at=timestamptz(null=True),
    last_tenant_id=uuid(null=True),
    tenants_evaluated=integer(),
    tenants_failed=integer(),
    steps_taken=integer(),
    transitions_applied=integer(),
    transitions_withheld=integer(),
    dunning_runs_day_key=Unique(["day"]),
    dunning_runs_counts_check=Check(
        "least(tenants_failed, steps_taken, transitions_applied, transitions_withheld) >= 0"
        " AND tenants_failed <= tenants_evaluated"
    ),
)

DUNNING_FAILURES = table(
    "dunning_failures",
    id=uuid(primary_key=True),
    run_id=reference(DUNNING_RUNS),
    tenant_id=reference(TENANTS),
    code=text(),
    message=text(),
    failed_at=timestamptz(),
    dunning_failures_run_id_tenant_id_key=Unique(["run_id", "tenant_id"]),
)

TABLES = (DUNNING_POLICIES, DUNNING_STEPS, DUNNING_HOLDS, DUNNING_RUNS, DUNNING_FAILURES)
