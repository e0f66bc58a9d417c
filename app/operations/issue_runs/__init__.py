"""The issue of a month's drafts as a run, in chunks that any worker can take."""

from app.operations.issue_runs.draft_batches import issue_chunk, issue_run_here
from app.operations.issue_runs.due_months import issue_due, resume
from app.operations.issue_runs.issue_progress import ISSUE_RUNS
from app.operations.issue_runs.issue_start import issue_invoices

__all__ = ["ISSUE_RUNS", "issue_chunk", "issue_due", "issue_invoices", "issue_run_here", "resume"]
