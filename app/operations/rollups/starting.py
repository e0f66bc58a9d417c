"""Starts a rollup run: writes its row and chunks, and enqueues a job for each chunk."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from app.billing import InputFault, Period
from app.database.copy import copy_rows
from app.database.unit_of_work import UnitOfWork
from app.operations.billing_months.departed_tenants import changes_of_departed_tenants
from app.operations.billing_months.missing_months import insert_missing_months
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.calls.validation import refuse
from app.operations.periods import month_of
from app.operations.rollups.progress import ROLLUPS
from app.operations.rollups.run import Run, TenantWorkload, portions
from app.tables.ids import new_id
from app.tables.rollups import RollupChunks, RollupRuns, RollupStatus

CHUNK_TENANTS = 200
CHUNK_SUBSCRIPTIONS = 2_000
"""A chunk ends at whichever limit is reached first; a larger tenant is a chunk of its own."""

_DUE = """
SELECT d.tenant_id, count(s.id)::bigint AS subscriptions FROM (
    SELECT tenant_id FROM subscriptions WHERE is_in_month(started_on, ended_on, $1)
    UNION
    SELECT tenant_id FROM billing_months WHERE period_start = $1
    UNION
    SELECT tenant_id FROM charges WHERE is_in_month(charged_on, $1)
    UNION
    SELECT unnest($2::uuid[])
) AS d LEFT JOIN subscriptions s
    ON s.tenant_id = d.tenant_id AND is_in_month(s.started_on, s.ended_on, $1)
GROUP BY d.tenant_id ORDER BY d.tenant_id
"""
_NAMED = """
SELECT t.id AS tenant_id,
       (SELECT count(*) FROM subscriptions s
        WHERE s.tenant_id = t.id AND is_in_month(s.started_on, s.ended_on, $1)) AS subscriptions
FROM tenants t WHERE t.id = any($2::uuid[]) ORDER BY t.id
"""


async def roll_up_period(
    context: Context,
    *,
    period_start: date,
    tenant_ids: Sequence[UUID] | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> UUID:
    """Starts a run over the month and returns its id. It covers the given tenants, or every tenant with a subscription
    or a charge in the month and tenants without a subscription that have earlier months to correct.

    The run is queued as chunks for the workers. A dry run does the same without writing invoices.
    """
    authorise(context, Action.ROLL_UP)
    period = _period(context, period_start, dry_run=dry_run)
    if tenant_ids is not None and not tenant_ids:
        refuse([InputFault(("tenant_ids",), "must name at least one tenant; omit it to bill all tenants")])

    async def work(unit: UnitOfWork) -> UUID:
        if not dry_run:
            await insert_missing_months(context, unit)
        workloads = await _workloads(unit, period, tenant_ids)
        return await insert_run(context, unit, Run(new_id(), period, force, dry_run), workloads)

    return await transact(context, work, UUID)


def _period(context: Context, period_start: date, *, dry_run: bool) -> Period:
    period = month_of(context, period_start)
    if not dry_run and context.clock() < period.ends_at:
        raise Refusal(
            ProblemCode.PERIOD_NOT_ENDED,
            f"the period ends with {period.last_day}; until then only a dry run is possible",
            ("periodStart",),
        )
    return period


async def _workloads(unit: UnitOfWork, period: Period, tenant_ids: Sequence[UUID] | None) -> list[TenantWorkload]:
    if tenant_ids is None:
        departed = [
            change.tenant_id for change in await changes_of_departed_tenants(unit, period.ends_at, period.start)
        ]
        rows = await unit.connection.fetch(_DUE, period.start, departed)
        return [TenantWorkload(*row) for row in rows]
    rows = await unit.connection.fetch(_NAMED, period.start, list(tenant_ids))
    known = {row["tenant_id"] for row in rows}
    for index, tenant_id in enumerate(tenant_ids):
        if tenant_id not in known:
            raise not_found("tenant", tenant_id, ("tenantIds", str(index)))
    return [TenantWorkload(*row) for row in rows]


async def insert_run(context: Context, unit: UnitOfWork, run: Run, workloads: Sequence[TenantWorkload]) -> UUID:
    """Writes the run with its chunks, and enqueues a job for each chunk after the commit."""
    now = context.clock()
    await RollupRuns.insert(
        RollupRuns(
            id=run.id,
            period_start=run.period.start,
            period_end=run.period.end,
            force=run.force,
            dry_run=run.dry_run,
            rates_stale_drafts=run.rates_stale_drafts,
            status=RollupStatus.QUEUED,
            requested_by=context.principal.subject,
            tenants_total=len(workloads),
            tenants_done=0,
            invoices_created=0,
            invoices_replaced=0,
            invoices_skipped=0,
            invoices_failed=0,
            total_cents=0,
            created_at=now,
        )
    )
    chunks = list(portions(workloads, CHUNK_TENANTS, CHUNK_SUBSCRIPTIONS))
    columns = (RollupChunks.id, RollupChunks.run_id, RollupChunks.position, RollupChunks.tenant_ids)
    await copy_rows(unit, RollupChunks, columns, (_chunk(run.id, *chunk) for chunk in enumerate(chunks)))
    await ROLLUPS.finish_if_done(unit, run.id, now)  # a run without tenants
    await ROLLUPS.notify_progress(unit, run.id)
    ROLLUPS.enqueue_after_commit(context, unit, [(run.id, position) for position in range(len(chunks))])
    return run.id


def _chunk(run_id: UUID, position: int, workloads: Sequence[TenantWorkload]) -> tuple[Any, ...]:
    return new_id(), run_id, position, [workload.tenant_id for workload in workloads]
