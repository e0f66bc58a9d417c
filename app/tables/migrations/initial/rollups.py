"""Rollup runs: their chunks of tenants, and the outcome for each tenant."""

from piccolo.columns import UUID
from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.catalog import RESOURCE_KINDS
from app.tables.migrations.initial.declaration import (
    array,
    bigint,
    boolean,
    date,
    integer,
    numeric,
    reference,
    table,
    text,
    timestamptz,
    uuid,
)
from app.tables.migrations.initial.deployments import CLOUD_DEPLOYMENTS
from app.tables.migrations.initial.invoices import TENANT_INVOICES
from app.tables.migrations.initial.tenants import TENANTS

ROLLUP_RUNS = table(
    "rollup_runs",
    id=uuid(primary_key=True),
    period_start=date(),
    period_end=date(),
    force=boolean(),
    dry_run=boolean(),
    rates_stale_drafts=boolean(),
    status=text(),
    requested_by=text(),
    tenants_total=integer(),
    tenants_done=integer(),
    invoices_created=integer(),
    invoices_replaced=integer(),
    invoices_skipped=integer(),
    invoices_failed=integer(),
    total_cents=bigint(),
    created_at=timestamptz(),
    started_at=timestamptz(null=True),
    finished_at=timestamptz(null=True),
    rollup_runs_period_check=Check(
        "extract(day from period_start) = 1 AND period_end = (period_start + interval '1 month')::date"
    ),
    rollup_runs_status_check=Check("status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED')"),
    rollup_runs_finished_at_check=Check("(status IN ('SUCCEEDED', 'PARTIAL', 'FAILED')) = (finished_at IS NOT NULL)"),
    rollup_runs_tenants_done_check=Check("tenants_done BETWEEN 0 AND tenants_total"),
)

ROLLUP_CHUNKS = table(
    "rollup_chunks",
    id=uuid(primary_key=True),
    run_id=reference(ROLLUP_RUNS),
    position=integer(),
    tenant_ids=array(UUID),
    finished_at=timestamptz(null=True),
    rollup_chunks_run_id_position_key=Unique(["run_id", "position"]),
)

ROLLUP_OUTCOMES = table(
    "rollup_outcomes",
    id=uuid(primary_key=True),
    run_id=reference(ROLLUP_RUNS),
    tenant_id=reference(TENANTS),
    period_start=date(),
    outcome=text(),
    invoice_id=reference(TENANT_INVOICES, null=True),
    total_cents=bigint(),
    rollup_outcomes_run_id_tenant_id_key=Unique(["run_id", "tenant_id"]),
    rollup_outcomes_outcome_check=Check(
        "outcome IN ('CREATED', 'REPLACED', 'SKIPPED', 'SETTLED', 'PREVIEWED', 'FAILED')"
    ),
)

ROLLUP_FAILURES = table(
    "rollup_failures",
    id=uuid(primary_key=True),
    run_id=reference(ROLLUP_RUNS),
    tenant_id=reference(TENANTS),
    code=text(),
    message=text(),
    attempts=integer(),
    rollup_failures_run_id_tenant_id_key=Unique(["run_id", "tenant_id"]),
)

ROLLUP_UNPRICED_USAGE = table(
    "rollup_unpriced_usage",
    id=uuid(primary_key=True),
    run_id=reference(ROLLUP_RUNS),
    tenant_id=reference(TENANTS),
    deployment_id=reference(CLOUD_DEPLOYMENTS),
    resource_kind=reference(RESOURCE_KINDS),
    quantity=numeric(),
    reason=text(),
    rollup_unpriced_usage_reason_check=Check("reason IN ('NOT_PRICED', 'NOT_SUBSCRIBED')"),
    rollup_unpriced_usage_run_id_deployment_id_resource_kind_key=Unique(["run_id", "deployment_id", "resource_kind"]),
)

ROLLUP_WARNINGS = table(
    "rollup_warnings",
    id=uuid(primary_key=True),
    run_id=reference(ROLLUP_RUNS),
    tenant_id=reference(TENANTS),
    period_start=date(),
    code=text(),
    message=text(),
    rollup_warnings_code_check=Check("code IN ('NO_TAX_RATE', 'CORRECTION_FAILED')"),
)

TABLES = (ROLLUP_RUNS, ROLLUP_CHUNKS, ROLLUP_OUTCOMES, ROLLUP_FAILURES, ROLLUP_UNPRICED_USAGE, ROLLUP_WARNINGS)
