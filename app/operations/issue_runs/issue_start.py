"""Starting an issue run: its row, its chunks, and the jobs for those who take them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from app.billing import InputFault, Period
from app.database import UnitOfWork
from app.database.copy import copy_rows
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.calls.validation import refuse
from app.operations.issue_runs.issue_progress import ISSUE_RUNS
from app.operations.periods import month_of
from app.tables.ids import new_id
from app.tables.issue_runs import IssueChunks, IssueRuns, IssueRunStatus

CHUNK_DRAFTS = 1_000

_DRAFTS = """
SELECT tenant_id FROM tenant_invoices WHERE period_start = $1 AND status = 'DRAFT' ORDER BY tenant_id
"""
# Of the tenants of a rollup run, whose month it billed.
_DRAFTS_OF_ROLLUP = """
SELECT i.tenant_id FROM rollup_outcomes o
JOIN tenant_invoices i ON i.tenant_id = o.tenant_id AND i.period_start = $1 AND i.status = 'DRAFT'
WHERE o.run_id = $2 ORDER BY i.tenant_id
"""
_ROLLUP = "SELECT period_start FROM rollup_runs WHERE id = $1"


async def issue_invoices(
    context: Context,
    *,
    period_start: date | None = None,
    rollup_run_id: UUID | None = None,
    except_stale: bool = True,
) -> UUID:
    """Starts a run that issues the month's drafts, or those of a rollup run's tenants. Gives the run's id.

    Drafts whose month changed after they were rated stay drafts, unless except_stale is false: then the next rollup
    corrects the month. Raises NOT_FOUND, and VALIDATION_FAILED unless exactly one of the month and the rollup is given.
    """
    authorise(context, Action.ISSUE_INVOICE)
    if (period_start is None) == (rollup_run_id is None):
        refuse([InputFault(("period_start",), "or rollupRunId must be given, and not both")])

    async def work(unit: UnitOfWork) -> UUID:
        if rollup_run_id is None:
            assert period_start is not None  # noqa: S101 - refused above
            return await insert_run(context, unit, month_of(context, period_start), except_stale=except_stale)
        start = await unit.connection.fetchval(_ROLLUP, rollup_run_id)
        if start is None:
            raise not_found("rollup run", rollup_run_id, ("rollupRunId",))
        period = Period(start, context.settings.billing_time_zone)
        rows = await unit.connection.fetch(_DRAFTS_OF_ROLLUP, start, rollup_run_id)
        return await insert_run(context, unit, period, [row["tenant_id"] for row in rows], except_stale=except_stale)

    return await transact(context, work, UUID)


async def insert_run(
    context: Context,
    unit: UnitOfWork,
    period: Period,
    tenant_ids: Sequence[UUID] | None = None,
    *,
    except_stale: bool,
) -> UUID:
    """Writes the run over the drafts of these tenants, by default of all, and enqueues its chunks after the commit."""
    if tenant_ids is None:
        tenant_ids = [row["tenant_id"] for row in await unit.connection.fetch(_DRAFTS, period.start)]
    run_id, now = new_id(), context.clock()
    await IssueRuns.insert(
        IssueRuns(
            id=run_id,
            period_start=period.start,
            period_end=period.end,
            except_stale=except_stale,
            status=IssueRunStatus.QUEUED,
            requested_by=context.principal.subject,
            drafts_total=len(tenant_ids),
            drafts_done=0,
            invoices_issued=0,
            invoices_stale=0,
            invoices_skipped=0,
            invoices_failed=0,
            created_at=now,
        )
    )
    chunks = [tenant_ids[first : first + CHUNK_DRAFTS] for first in range(0, len(tenant_ids), CHUNK_DRAFTS)]
    columns = (IssueChunks.id, IssueChunks.run_id, IssueChunks.position, IssueChunks.tenant_ids)
    rows = ((new_id(), run_id, position, list(chunk)) for position, chunk in enumerate(chunks))
    await copy_rows(unit, IssueChunks, columns, rows)
    await ISSUE_RUNS.finish_if_done(unit, run_id, now)  # a run over no draft
    await ISSUE_RUNS.notify_progress(unit, run_id)
    ISSUE_RUNS.enqueue_after_commit(context, unit, [(run_id, position) for position in range(len(chunks))])
    return run_id
