"""What is due, read from the tables alone: months to issue, chunks that nobody finished."""

from datetime import timedelta

from app.billing import Period
from app.database import UnitOfWork
from app.database.locks import lock
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.issue_runs.issue_progress import ISSUE_RUNS
from app.operations.issue_runs.issue_start import insert_run

# Drafts that are as they were rated, of months that ended long enough ago, and in no unfinished run.
_DUE = """
SELECT i.period_start, array_agg(i.tenant_id ORDER BY i.tenant_id) AS tenant_ids FROM tenant_invoices i
WHERE i.status = 'DRAFT' AND i.period_end <= $1
  AND NOT EXISTS (SELECT FROM billing_month_changes c
                  WHERE c.tenant_id = i.tenant_id AND c.period_start = i.period_start)
  AND NOT EXISTS (SELECT FROM issue_runs r JOIN issue_chunks c ON c.run_id = r.id
                  WHERE r.period_start = i.period_start AND c.finished_at IS NULL AND i.tenant_id = any(c.tenant_ids))
GROUP BY i.period_start ORDER BY i.period_start
"""


async def issue_due(context: Context) -> int:
    """Starts a run for each month whose drafts are to be issued without being asked; returns the number of runs.

    ARCADIA_ISSUE_AFTER_DAYS says how many days after its end a month is; not set, none is. Stale drafts are left for
    the rollup. Any number of calls at once start each run once.
    """
    authorise(context, Action.ISSUE_INVOICE)
    days = context.settings.issue_after_days
    if days is None:
        return 0
    ended_by = context.today() - timedelta(days=days)

    async def work(unit: UnitOfWork) -> int:
        await lock(unit, "issue runs", "due")
        months = await unit.connection.fetch(_DUE, ended_by)
        for period_start, tenant_ids in months:
            period = Period(period_start, context.settings.billing_time_zone)
            await insert_run(context, unit, period, tenant_ids, except_stale=True)
        return len(months)

    return await transact(context, work)


async def resume(context: Context) -> int:
    """Enqueues what unfinished runs have left; returns the number of chunks."""
    authorise(context, Action.ISSUE_INVOICE)

    return await transact(context, lambda unit: ISSUE_RUNS.enqueue_open_chunks(context, unit))
