"""The issue of a month's drafts as rows: the run, its chunks of tenants, and the outcome for each draft."""

from enum import StrEnum

from piccolo.columns import UUID, Array
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.columns import (
    boolean,
    calendar_day,
    cents,
    instant,
    integer,
    member_of,
    one_month,
    primary_key,
    reference,
    text,
)
from app.tables.invoices import TenantInvoices
from app.tables.tenants import Tenants


class IssueRunStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


class DraftOutcome(StrEnum):
    ISSUED = "ISSUED"
    STALE = "STALE"  # the month changed after the draft was rated
    SKIPPED = "SKIPPED"  # there is no draft any more
    FAILED = "FAILED"


class IssueRuns(Table, tablename="issue_runs"):
    """The counters are sums over the outcomes of the run. except_stale: drafts whose month changed are not issued."""

    id = primary_key()
    period_start = calendar_day()
    period_end = calendar_day()
    except_stale = boolean()
    status = text()
    requested_by = text()
    drafts_total = integer()
    drafts_done = integer()
    invoices_issued = integer()
    invoices_stale = integer()
    invoices_skipped = integer()
    invoices_failed = integer()
    created_at = instant()
    started_at = instant(null=True)
    finished_at = instant(null=True)

    issue_runs_period_check = one_month("period_start", "period_end")
    issue_runs_status_check = member_of("status", IssueRunStatus)
    issue_runs_finished_at_check = Check("(status IN ('SUCCEEDED', 'PARTIAL', 'FAILED')) = (finished_at IS NOT NULL)")
    issue_runs_drafts_done_check = Check(
        "drafts_done = invoices_issued + invoices_stale + invoices_skipped + invoices_failed"
        " AND drafts_done BETWEEN 0 AND drafts_total"
    )


class IssueChunks(Table, tablename="issue_chunks"):
    """Some tenants of a run, each with one draft: the work of one job."""

    id = primary_key()
    run_id = reference(IssueRuns)
    position = integer()
    tenant_ids = Array(base_column=UUID(), default=None)
    finished_at = instant(null=True)

    issue_chunks_run_id_position_key = Unique([run_id, position])


class IssueOutcomes(Table, tablename="issue_outcomes"):
    """The outcome for one tenant's draft, written in the transaction that issued it. failure: of FAILED, the reason in
    words; null on others.
    """

    id = primary_key()
    run_id = reference(IssueRuns)
    tenant_id = reference(Tenants)
    outcome = text()
    invoice_id = reference(TenantInvoices, null=True)
    total_cents = cents()
    failure = text(null=True)

    issue_outcomes_run_id_tenant_id_key = Unique([run_id, tenant_id])
    issue_outcomes_outcome_check = member_of("outcome", DraftOutcome)
    issue_outcomes_failure_check = Check("(outcome = 'FAILED') = (failure IS NOT NULL)")
