"""One chunk of an issue run: some drafts, each of which is issued or fails alone.

They are issued a batch to a transaction. A batch that fails is halved, down to the draft that it fails for, which is
recorded as failed. Whatever interrupts a chunk leaves the drafts that were not committed, and the next worker to take
it continues with those.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.chunked_runs import failures_of, never_stopping
from app.operations.invoices.issuing import DraftInvoice, issue_drafts
from app.operations.issue_runs.issue_progress import ISSUE_RUNS, IssuedDraft, record_outcomes
from app.operations.ledger import lock_tenants
from app.tables.issue_runs import DraftOutcome

BATCH_DRAFTS = 250

logger = logging.getLogger(__name__)

_RUN = "SELECT id, period_start, except_stale FROM issue_runs WHERE id = $1"
_LEFT = """
SELECT t.id FROM issue_chunks c CROSS JOIN unnest(c.tenant_ids) AS t (id)
WHERE c.run_id = $1 AND c.position = $2 AND c.finished_at IS NULL
  AND NOT EXISTS (SELECT FROM issue_outcomes o WHERE o.run_id = c.run_id AND o.tenant_id = t.id)
ORDER BY t.id
"""
# Locks in the order of every operation on receivables: tenants, their months, their invoices.
_WITHOUT_OUTCOME = """
SELECT t.id FROM unnest($2::uuid[]) AS t (id)
WHERE NOT EXISTS (SELECT FROM issue_outcomes o WHERE o.run_id = $1 AND o.tenant_id = t.id) ORDER BY t.id
"""
# The drafts' own months, and those that they correct.
_MONTHS = """
SELECT t.id AS tenant_id, $2::date AS period_start FROM unnest($1::uuid[]) AS t (id)
UNION
SELECT i.tenant_id, n.late_month FROM tenant_invoices i
JOIN tenant_invoice_inputs n ON n.tenant_id = i.tenant_id AND n.invoice_id = i.id AND n.late_month IS NOT NULL
WHERE i.tenant_id = any($1::uuid[]) AND i.period_start = $2 AND i.status = 'DRAFT'
"""
_LOCK_MONTHS = """
SELECT b.tenant_id FROM billing_months b JOIN unnest($1::uuid[], $2::date[]) AS m (tenant_id, period_start)
    ON m.tenant_id = b.tenant_id AND m.period_start = b.period_start
ORDER BY b.tenant_id, b.period_start FOR NO KEY UPDATE OF b
"""
_LOCK_DRAFTS = """
SELECT i.tenant_id, i.id, i.currency, i.total_cents, EXISTS (
           SELECT FROM billing_month_changes c WHERE c.tenant_id = i.tenant_id AND c.period_start = i.period_start
       ) AS stale
FROM tenant_invoices i
WHERE i.tenant_id = any($1::uuid[]) AND i.period_start = $2 AND i.status = 'DRAFT'
ORDER BY i.tenant_id, i.id FOR NO KEY UPDATE OF i
"""
_MONTHS_WERE_ISSUED = """
UPDATE billing_months SET state = 'ISSUED' WHERE tenant_id = any($1::uuid[]) AND period_start = $2
"""


async def issue_chunk(
    context: Context, *, run_id: UUID, position: int, is_stopping: Callable[[], bool] = never_stopping
) -> None:
    """Does what is left of the chunk, or ends after the current batch once the process stops. May be called any
    number of times, from anywhere, at once.

    Raises only what concerns more than a draft, such as DatabaseUnavailable; called again, it continues.
    """
    authorise(context, Action.ISSUE_INVOICE)

    async def begin(unit: UnitOfWork) -> tuple[Any, list[UUID]]:
        run = await unit.connection.fetchrow(_RUN, run_id)
        await ISSUE_RUNS.start_if_queued(unit, run_id, context.clock())
        return run, [row["id"] for row in await unit.connection.fetch(_LEFT, run_id, position)]

    run, left = await transact(context, begin)
    if run is None:
        return
    chunk = _IssueChunk(context, run["id"], run["period_start"], run["except_stale"])
    for first in range(0, len(left), BATCH_DRAFTS):
        if is_stopping():
            return
        await chunk.issue(left[first : first + BATCH_DRAFTS])
    await transact(context, lambda unit: ISSUE_RUNS.finish_chunk(unit, run_id, position, context.clock()))


async def issue_run_here(context: Context, *, run_id: UUID) -> None:
    """Does in this process, chunk by chunk, what is left of the run."""
    authorise(context, Action.ISSUE_INVOICE)

    for position in await transact(context, lambda unit: ISSUE_RUNS.open_chunks(unit, run_id)):
        await issue_chunk(context, run_id=run_id, position=position)


@dataclass(frozen=True, slots=True)
class _IssueChunk:
    context: Context
    run_id: UUID
    period_start: date
    except_stale: bool

    async def issue(self, tenant_ids: Sequence[UUID]) -> None:
        """Issues the tenants' drafts in one transaction; where that fails, those that can be."""
        failed = await failures_of(
            tenant_ids, lambda some: transact(self.context, lambda unit: self._issue(unit, some))
        )
        for tenant_id, error in failed.items():
            await self._record_failure(tenant_id, error)

    async def _issue(self, unit: UnitOfWork, tenant_ids: Sequence[UUID]) -> None:
        left = await self._lock(unit, tenant_ids)
        rows = await unit.connection.fetch(_LOCK_DRAFTS, left, self.period_start)
        due = [row for row in rows if not (row["stale"] and self.except_stale)]
        if due:
            await issue_drafts(
                unit, self.context, [DraftInvoice(row["tenant_id"], row["id"], row["currency"]) for row in due]
            )
            await unit.connection.execute(_MONTHS_WERE_ISSUED, [row["tenant_id"] for row in due], self.period_start)
        issued = {row["id"] for row in due}
        outcomes = [
            IssuedDraft(row["tenant_id"], DraftOutcome.ISSUED, row["id"], row["total_cents"])
            if row["id"] in issued
            else IssuedDraft(row["tenant_id"], DraftOutcome.STALE, row["id"])
            for row in rows
        ]
        gone = set(left) - {row["tenant_id"] for row in rows}
        outcomes += [IssuedDraft(tenant_id, DraftOutcome.SKIPPED) for tenant_id in sorted(gone)]
        await record_outcomes(unit, self.run_id, outcomes)

    async def _lock(self, unit: UnitOfWork, tenant_ids: Sequence[UUID]) -> list[UUID]:
        """Locks the tenants and their months, and gives those that have no outcome in this run yet."""
        await lock_tenants(unit, tenant_ids)
        left = [row["id"] for row in await unit.connection.fetch(_WITHOUT_OUTCOME, self.run_id, list(tenant_ids))]
        months = await unit.connection.fetch(_MONTHS, left, self.period_start)
        tenants, starts = [row["tenant_id"] for row in months], [row["period_start"] for row in months]
        await unit.connection.fetch(_LOCK_MONTHS, tenants, starts)
        return left

    async def _record_failure(self, tenant_id: UUID, error: Exception) -> None:
        logger.error("Run %s cannot issue the draft of tenant %s.", self.run_id, tenant_id, exc_info=error)
        failure = f"{type(error).__name__}: {error}"

        async def work(unit: UnitOfWork) -> None:
            if await self._lock(unit, [tenant_id]):
                outcome = IssuedDraft(tenant_id, DraftOutcome.FAILED, failure=failure)
                await record_outcomes(unit, self.run_id, [outcome])

        await transact(self.context, work)
