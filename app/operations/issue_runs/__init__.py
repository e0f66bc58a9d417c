"""The issue of a month's drafts as a run, in chunks that any worker can take."""

from app.operations.issue_runs.draft_batches import issue_chunk, issue_run_here
from app.operations.issue_runs.due_months import issue_due, resume
from app.operations.issue_runs.issue_start import CHUNK_JOB, issue_invoices

__all__ = ["CHUNK_JOB", "issue_chunk", "issue_due", "issue_invoices", "issue_run_here", "resume"]
