"""Finds what is due, from the tables alone: months to rate, and chunks that are not finished."""

from collections import defaultdict
from datetime import date, timedelta
from uuid import UUID

from app.billing import Period
from app.database import UnitOfWork
from app.database.locks import lock
from app.operations.billing_months.departed_tenants import changes_of_departed_tenants
from app.operations.billing_months.missing_months import insert_missing_months
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.rollups.progress import ROLLUPS
from app.operations.rollups.run import Run, TenantWorkload
from app.operations.rollups.starting import insert_run
from app.tables.ids import new_id

USAGE_GRACE = timedelta(hours=3)
"""How long after its end a month is rolled up automatically: in UTC at 03:00 on the 1st. Until then, usage of its last
hours can arrive.
"""

# Months to rate: never rated, voided or failed; and those that changed and have a draft or no invoice.
_DUE = """
WITH due AS (
    SELECT tenant_id, period_start FROM billing_months
    WHERE (state IN ('OPEN', 'FAILED') OR rated_cents <> billed_cents) AND rated_cents IS NULL AND period_start < $1
    UNION
    SELECT c.tenant_id, c.period_start FROM billing_month_changes c
    JOIN billing_months b ON b.tenant_id = c.tenant_id AND b.period_start = c.period_start
    WHERE b.state IN ('DRAFT', 'ZERO') AND c.period_start < $1
), under_way AS (
    SELECT r.period_start, unnest(c.tenant_ids) AS tenant_id
    FROM rollup_runs r JOIN rollup_chunks c ON c.run_id = r.id
    WHERE r.finished_at IS NULL AND NOT r.dry_run AND c.finished_at IS NULL
)
SELECT d.tenant_id, d.period_start,
       (SELECT count(*) FROM subscriptions s
        WHERE s.tenant_id = d.tenant_id AND is_in_month(s.started_on, s.ended_on, d.period_start)) AS subscriptions
FROM due d
WHERE NOT EXISTS (SELECT FROM under_way u WHERE u.tenant_id = d.tenant_id AND u.period_start = d.period_start)
ORDER BY d.period_start, d.tenant_id
"""
_STATES = """
SELECT b.tenant_id, b.period_start, b.state FROM billing_months b
JOIN unnest($1::uuid[], $2::date[]) AS m (tenant_id, period_start)
    ON m.tenant_id = b.tenant_id AND m.period_start = b.period_start
"""


async def catch_up(context: Context) -> int:
    """Starts a run for each ended month with tenants to rate that are in no unfinished run; returns the number of runs.

    Drafts whose month changed are rated again in place. The remaining chunks of unfinished runs are enqueued too.
    Concurrent calls start each run only once.
    """
    authorise(context, Action.ROLL_UP)

    async def work(unit: UnitOfWork) -> int:
        await lock(unit, "rollups", "catch-up")
        await ROLLUPS.enqueue_open_chunks(context, unit)
        await insert_missing_months(context, unit)
        due = await _due(context, unit)
        for period_start, workloads in sorted(due.items()):
            period = Period(period_start, context.settings.billing_time_zone)
            run = Run(new_id(), period, force=False, dry_run=False, rates_stale_drafts=True)
            await insert_run(context, unit, run, workloads)
        return len(due)

    return await transact(context, work)


async def resume(context: Context) -> int:
    """Enqueues jobs for the remaining chunks of unfinished rollup runs; returns the number of chunks."""
    authorise(context, Action.ROLL_UP)

    return await transact(context, lambda unit: ROLLUPS.enqueue_open_chunks(context, unit))


async def _due(context: Context, unit: UnitOfWork) -> dict[date, list[TenantWorkload]]:
    running = Period.holding(context.clock() - USAGE_GRACE, context.settings.billing_time_zone)
    months: dict[date, list[TenantWorkload]] = defaultdict(list)
    for tenant_id, period_start, subscriptions in await unit.connection.fetch(_DUE, running.start):
        months[period_start].append(TenantWorkload(tenant_id, subscriptions))
    for tenant_id, period_start in await _due_of_departed_tenants(unit, running):
        if all(workload.tenant_id != tenant_id for workload in months[period_start]):
            months[period_start].append(TenantWorkload(tenant_id, 0))
    return {period_start: workloads for period_start, workloads in months.items() if workloads}


async def _due_of_departed_tenants(unit: UnitOfWork, running: Period) -> list[tuple[UUID, date]]:
    """Returns the month whose invoice corrects the earlier months of a tenant without a subscription: the month in
    which the change arrived, or the last ended month if that one is already rated.
    """
    last = running.previous().start
    wanted = {
        change.tenant_id: min(Period.holding(change.changed_at, running.zone).start, last)
        for change in await changes_of_departed_tenants(unit, running.starts_at, running.start)
    }
    tenants = [*wanted, *wanted]
    rows = await unit.connection.fetch(_STATES, tenants, [*wanted.values(), *([last] * len(wanted))])
    rated = {(row["tenant_id"], row["period_start"]) for row in rows if row["state"] not in {"OPEN", "FAILED"}}
    return [
        (tenant_id, month)
        for tenant_id, arrived in wanted.items()
        for month in [next((month for month in (arrived, last) if (tenant_id, month) not in rated), None)]
        if month is not None
    ]
