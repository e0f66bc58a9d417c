"""Issue runs: their chunks of tenants, and the outcome for each draft."""

from piccolo.columns import UUID
from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import (
    array,
    bigint,
    boolean,
    date,
    integer,
    reference,
    table,
    text,
    timestamptz,
    uuid,
)
from app.tables.migrations.initial.invoices import TENANT_INVOICES
from app.tables.migrations.initial.tenants import TENANTS

ISSUE_RUNS = table(
    "issue_runs",
    id=uuid(primary_key=True),
    period_start=date(),
    period_end=date(),
    except_stale=boolean(),
    status=text(),
    requested_by=text(),
    drafts_total=integer(),
    drafts_done=integer(),
    invoices_issued=integer(),
    invoices_stale=integer(),
    invoices_skipped=integer(),
    invoices_failed=integer(),
    created_at=timestamptz(),
    started_at=timestamptz(null=True),
    finished_at=timestamptz(null=True),
    issue_runs_period_check=Check(
        "extract(day from period_start) = 1 AND period_end = (period_start + interval '1 month')::date"
    ),
    issue_runs_status_check=Check("status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED')"),
    issue_runs_finished_at_check=Check("(status IN ('SUCCEEDED', 'PARTIAL', 'FAILED')) = (finished_at IS NOT NULL)"),
    issue_runs_drafts_done_check=Check(
        "drafts_done = invoices_issued + invoices_stale + invoices_skipped + invoices_failed"
        " AND drafts_done BETWEEN 0 AND drafts_total"
    ),
)

ISSUE_CHUNKS = table(
    "issue_chunks",
    id=uuid(primary_key=True),
    run_id=reference(ISSUE_RUNS),
    position=integer(),
    tenant_ids=array(UUID),
    finished_at=timestamptz(null=True),
    issue_chunks_run_id_position_key=Unique(["run_id", "position"]),
)

ISSUE_OUTCOMES = table(
    "issue_outcomes",
    id=uuid(primary_key=True),
    run_id=reference(ISSUE_RUNS),
    tenant_id=reference(TENANTS),
    outcome=text(),
    invoice_id=reference(TENANT_INVOICES, null=True),
    total_cents=bigint(),
    failure=text(null=True),
    issue_outcomes_run_id_tenant_id_key=Unique(["run_id", "tenant_id"]),
    issue_outcomes_outcome_check=Check("outcome IN ('ISSUED', 'STALE', 'SKIPPED', 'FAILED')"),
    issue_outcomes_failure_check=Check("(outcome = 'FAILED') = (failure IS NOT NULL)"),
)

TABLES = (ISSUE_RUNS, ISSUE_CHUNKS, ISSUE_OUTCOMES)
