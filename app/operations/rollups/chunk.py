"""One chunk of a run: at most 200 tenants. Each tenant is billed or fails independently of the others.

They are billed in batches, each in one transaction. A batch that fails is halved until the failing tenant is alone;
that tenant is retried after the others, and then recorded as failed. If a chunk is interrupted, the next process to
take it continues with the tenants that were not committed.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from uuid import UUID

from app.billing import AmountTooLarge, Period
from app.database import UnitOfWork
from app.operations.billing_months.month_locks import write_months
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode
from app.operations.calls.transaction import transact
from app.operations.chunked_runs import failures_of, never_stopping
from app.operations.rollups.bill_tenants import SLICE, bill, lock_unsettled, preview, record_once
from app.operations.rollups.progress import ROLLUPS, Settlement, TenantFailure, record
from app.operations.rollups.run import Run, TenantWorkload, portions
from app.tables.billing_months import BillingMonthState
from app.tables.rollups import TenantOutcome

ATTEMPTS = 3
BATCH_TENANTS = 100

logger = logging.getLogger(__name__)

_RUN = "SELECT period_start, force, dry_run, rates_stale_drafts FROM rollup_runs WHERE id = $1"
# A tenant that will be skipped is not rated, and so counts as having no subscriptions.
_UNSETTLED = """
SELECT t.id, CASE
    WHEN NOT r.force AND EXISTS (
        SELECT FROM billing_months b
        WHERE b.tenant_id = t.id AND b.period_start = r.period_start AND b.state NOT IN ('OPEN', 'FAILED')
          AND (b.state IN ('ISSUED', 'WAIVED') OR NOT EXISTS (
              SELECT FROM billing_month_changes c
              WHERE c.tenant_id = b.tenant_id AND c.period_start = b.period_start))) THEN 0
    ELSE (SELECT count(*) FROM subscriptions s
          WHERE s.tenant_id = t.id AND is_in_month(s.started_on, s.ended_on, r.period_start)) END
FROM rollup_chunks c JOIN rollup_runs r ON r.id = c.run_id CROSS JOIN unnest(c.tenant_ids) AS t (id)
WHERE c.run_id = $1 AND c.position = $2 AND c.finished_at IS NULL
  AND NOT EXISTS (SELECT FROM rollup_outcomes o WHERE o.run_id = c.run_id AND o.tenant_id = t.id)
ORDER BY t.id
"""


async def roll_up_chunk(
    context: Context,
    *,
    run_id: UUID,
    position: int,
    rating_lock: AbstractAsyncContextManager[object] | None = None,
    is_stopping: Callable[[], bool] = never_stopping,
) -> None:
    """Processes the rest of the chunk; once the process is stopping, it ends after the current batch. It may be called
    any number of times, by several processes at once.

    Each batch holds the `rating_lock`, so that a process with several chunks rates one batch at a time. A tenant too
    large for a batch is streamed without the lock.

    Raises only errors that concern more than one tenant, such as DatabaseUnavailable; the next call continues.
    """
    authorise(context, Action.ROLL_UP)
    run, unsettled = await _open(context, run_id, position)
    if run is not None and await _Chunk(context, run, rating_lock or nullcontext(), is_stopping).settle(unsettled):
        await transact(context, lambda unit: ROLLUPS.finish_chunk(unit, run_id, position, context.clock()))


async def roll_up_run(context: Context, *, run_id: UUID) -> None:
    """Processes the rest of a rollup run in this process, chunk by chunk."""
    authorise(context, Action.ROLL_UP)

    for position in await transact(context, lambda unit: ROLLUPS.open_chunks(unit, run_id)):
        await roll_up_chunk(context, run_id=run_id, position=position)


async def _open(context: Context, run_id: UUID, position: int) -> tuple[Run | None, list[TenantWorkload]]:
    async def work(unit: UnitOfWork) -> tuple[Run | None, list[TenantWorkload]]:
        row = await unit.connection.fetchrow(_RUN, run_id)
        if row is None:
            return None, []
        await ROLLUPS.start_if_queued(unit, run_id, context.clock())
        period = Period(row["period_start"], context.settings.billing_time_zone)
        unsettled = [
            TenantWorkload(*workload) for workload in await unit.connection.fetch(_UNSETTLED, run_id, position)
        ]
        return Run(run_id, period, row["force"], row["dry_run"], row["rates_stale_drafts"]), unsettled

    return await transact(context, work)


@dataclass(frozen=True, slots=True)
class _Chunk:
    context: Context
    run: Run
    rating_lock: AbstractAsyncContextManager[object]
    is_stopping: Callable[[], bool]

    async def settle(self, unsettled: Iterable[TenantWorkload]) -> bool:
        """Updates a rollup run's counters; returns whether every tenant of the run has its outcome."""
        failed: dict[TenantWorkload, Exception] = {}
        for batch in portions(unsettled, BATCH_TENANTS, SLICE):
            if self.is_stopping():
                return False
            failed |= await failures_of(batch, self._bill)
        for _ in range(ATTEMPTS - 1):
            for workload in list(failed):
                del failed[workload]
                failed |= await failures_of([workload], self._bill)
        for workload, error in failed.items():
            await self._record_failure(workload.tenant_id, error)
        return True

    async def _bill(self, batch: Sequence[TenantWorkload]) -> None:
        tenant_ids = [workload.tenant_id for workload in batch]
        rating_lock = self.rating_lock if batch[0].subscriptions <= SLICE else nullcontext()
        await (self._preview(tenant_ids, rating_lock) if self.run.dry_run else self._write(tenant_ids, rating_lock))

    async def _write(self, tenant_ids: Sequence[UUID], rating_lock: AbstractAsyncContextManager[object]) -> None:
        await transact(self.context, lambda unit: bill(unit, self.run, tenant_ids, self.context.clock(), rating_lock))

    async def _preview(self, tenant_ids: Sequence[UUID], rating_lock: AbstractAsyncContextManager[object]) -> None:
        """Carries out a dry run: rates the tenants in a snapshot that writes nothing, then writes the outcomes in
        another transaction.
        """
        run, now = self.run, self.context.clock()
        previewed = await transact(self.context, lambda unit: preview(unit, run, tenant_ids, now, rating_lock))
        await transact(self.context, lambda unit: record_once(unit, run, previewed))

    async def _record_failure(self, tenant_id: UUID, error: Exception) -> None:
        logger.error("Rollup %s could not bill tenant %s.", self.run.id, tenant_id, exc_info=error)
        failure = _failure(error)

        async def work(unit: UnitOfWork) -> None:
            unsettled = await lock_unsettled(unit, self.run, [tenant_id])
            if not unsettled:
                return
            if not self.run.dry_run:
                month = unsettled[tenant_id].rolled_up_month
                month.failure = f"{failure.code}: {failure.message}"
                if month.state is BillingMonthState.OPEN:
                    month.state = BillingMonthState.FAILED
                await write_months(unit, [month])
            await record(unit, self.run, [Settlement(tenant_id, TenantOutcome.FAILED, failure=failure)])

        await transact(self.context, work)


def _failure(error: Exception) -> TenantFailure:
    """Returns a description of an error for an operator."""
    if isinstance(error, AmountTooLarge):
        return TenantFailure(ProblemCode.AMOUNT_TOO_LARGE, str(error), ATTEMPTS)
    return TenantFailure("INTERNAL_ERROR", f"{type(error).__name__}: {error}", ATTEMPTS)
