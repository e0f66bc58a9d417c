"""How far an issue run has come. Its counters move in the transaction that writes the outcomes they count."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork
from app.database.copy import copy_rows
from app.tables.ids import new_ids
from app.tables.issue_runs import DraftOutcome, IssueOutcomes

_COUNT = """
UPDATE issue_runs SET
    drafts_done = drafts_done + $2, invoices_issued = invoices_issued + $3, invoices_stale = invoices_stale + $4,
    invoices_skipped = invoices_skipped + $5, invoices_failed = invoices_failed + $6
WHERE id = $1
"""
_START = "UPDATE issue_runs SET status = 'RUNNING', started_at = $2 WHERE id = $1 AND status = 'QUEUED'"
_LOCK = "SELECT FROM issue_runs WHERE id = $1 FOR NO KEY UPDATE"
_FINISH_CHUNK = """
UPDATE issue_chunks SET finished_at = $3 WHERE run_id = $1 AND position = $2 AND finished_at IS NULL
"""
# Finishers of the last chunks queue for the run's row, and each then sees what those before it finished.
_FINISH = """
UPDATE issue_runs SET finished_at = $2, status = CASE
        WHEN invoices_failed = 0 THEN 'SUCCEEDED' WHEN invoices_failed < drafts_total THEN 'PARTIAL' ELSE 'FAILED' END
WHERE id = $1 AND finished_at IS NULL
  AND NOT EXISTS (SELECT FROM issue_chunks WHERE run_id = $1 AND finished_at IS NULL)
"""


class IssuedDraft(NamedTuple):
    """The outcome for one tenant's draft. total_cents: of an issued invoice; 0 on others."""

    tenant_id: UUID
    outcome: DraftOutcome
    invoice_id: UUID | None = None
    total_cents: int = 0
    failure: str | None = None


async def record_outcomes(unit: UnitOfWork, run_id: UUID, outcomes: Sequence[IssuedDraft]) -> None:
    """Writes the outcomes, and counts them on the run. Last in its transaction: it locks the run's row."""
    if not outcomes:
        return
    columns = (
        IssueOutcomes.id,
        IssueOutcomes.run_id,
        IssueOutcomes.tenant_id,
        IssueOutcomes.outcome,
        IssueOutcomes.invoice_id,
        IssueOutcomes.total_cents,
        IssueOutcomes.failure,
    )
    rows = ((key, run_id, *outcome) for key, outcome in zip(new_ids(len(outcomes)), outcomes, strict=True))
    await copy_rows(unit, IssueOutcomes, columns, rows)
    count = Counter(outcome.outcome for outcome in outcomes)
    await unit.connection.execute(_COUNT, run_id, len(outcomes), *(count[outcome] for outcome in DraftOutcome))


async def start_if_queued(unit: UnitOfWork, run_id: UUID, now: datetime) -> None:
    await unit.connection.execute(_START, run_id, now)


async def finish_chunk(unit: UnitOfWork, run_id: UUID, position: int, now: datetime) -> None:
    """Marks the chunk as done and, when it was the last, the run."""
    await unit.connection.execute(_LOCK, run_id)
    await unit.connection.execute(_FINISH_CHUNK, run_id, position, now)
    await finish_if_done(unit, run_id, now)


async def finish_if_done(unit: UnitOfWork, run_id: UUID, now: datetime) -> None:
    """Ends the run once none of its chunks is open: PARTIAL with some of its drafts failed, FAILED with all."""
    await unit.connection.execute(_FINISH, run_id, now)
