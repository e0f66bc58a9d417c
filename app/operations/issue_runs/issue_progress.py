"""How far an issue run has come. Its counters move in the transaction that writes the outcomes they count."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork
from app.database.copy import copy_rows
from app.operations.chunked_runs import ChunkedRuns
from app.tables.ids import new_ids
from app.tables.issue_runs import DraftOutcome, IssueOutcomes

ISSUE_RUNS = ChunkedRuns("issue_runs", "issue_chunks", total="drafts_total", chunk_job="issue_chunk")

_COUNT = """
UPDATE issue_runs SET
    drafts_done = drafts_done + $2, invoices_issued = invoices_issued + $3, invoices_stale = invoices_stale + $4,
    invoices_skipped = invoices_skipped + $5, invoices_failed = invoices_failed + $6
WHERE id = $1
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
    await ISSUE_RUNS.notify_progress(unit, run_id)
