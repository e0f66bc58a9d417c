"""Bills a few tenants for a month, in one transaction.

Every tenant's row is locked first, so of all the runs at once only one bills it and the others see what that one did.
What comes to the month after that makes its draft stale, or is late once that is issued: see closing.py.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.billing import QuoteHeader, SubscriptionInputs, unpriced_usage
from app.database import UnitOfWork
from app.database.locks import lock_rows
from app.operations.invoices.draft import Draft
from app.operations.invoices.late import open_again
from app.operations.invoices.store import clear_drafts, write_inputs, write_invoices, write_lines
from app.operations.rating import Enrolment, enrolled_portions, gather, tenant_headers
from app.operations.refusal import ProblemCode
from app.operations.rollups.late import LateBilling, late_billing
from app.operations.rollups.progress import Failure, Settlement, Unpriced, record
from app.operations.rollups.run import Run
from app.tables.invoices import InvoiceStatus
from app.tables.rollups import RollupOutcome
from app.tables.tenants import Tenants

SLICE = 500
"""Subscriptions gathered, rated and written at a time."""

Enrolled = AsyncIterator[list[Enrolment]]
"""The deployments that are rated, a slice at a time."""

_SETTLED_IN_RUN = "SELECT tenant_id FROM rollup_outcomes WHERE run_id = $1 AND tenant_id = any($2::uuid[])"
_REVISIONS = """
SELECT tenant_id, id, revision, status FROM tenant_invoices
WHERE tenant_id = any($1::uuid[]) AND period_start = $2 ORDER BY id
"""
_REVISIONS_LOCKED = f"{_REVISIONS} FOR NO KEY UPDATE"
# Settled at nothing, and neither did anything come nor was an invoice made since (keys rise with time).
SETTLED_AT_NOTHING = """
EXISTS (
    SELECT FROM rollup_outcomes o
    WHERE o.tenant_id = {tenant_id} AND o.period_start = {period_start} AND o.outcome = 'SETTLED'
      AND o.reopened_at IS NULL
      AND NOT EXISTS (
          SELECT FROM tenant_invoices i
          WHERE i.tenant_id = o.tenant_id AND i.period_start = o.period_start AND i.id > o.id))
"""
_AT_NOTHING = f"""
SELECT t.id FROM unnest($1::uuid[]) AS t (id) WHERE {SETTLED_AT_NOTHING.format(tenant_id="t.id", period_start="$2")}
"""  # noqa: S608 - made of constants
_VOID = """
UPDATE tenant_invoices SET status = 'VOID', voided_at = $2, void_reason = $3 WHERE id = any($1::uuid[])
"""


@dataclass(slots=True)
class Standing:
    """What a tenant has for the month already: its live invoice, if any, and the highest revision."""

    invoice_id: UUID | None = None
    status: InvoiceStatus | None = None
    revision: int = 0
    settled_at_nothing: bool = False

    @property
    def draft_id(self) -> UUID | None:
        return self.invoice_id if self.status is InvoiceStatus.DRAFT else None


async def bill(
    unit: UnitOfWork, run: Run, tenant_ids: Sequence[UUID], now: datetime, turn: AbstractAsyncContextManager[object]
) -> None:
    """Settles those of the tenants that the run has not settled yet. One that cannot be rated fails them all.

    The turn is waited for with nothing locked, and over once only inputs and outcomes are left to be written.
    """
    unpriced: list[Unpriced] = []
    written: list[Draft] = []
    async with turn:
        standings = await _standings(unit, run, await lock_unsettled(unit, run, tenant_ids))
        settled, due = [], {}
        for tenant_id, standing in standings.items():
            if (settlement := _without_rating(run, tenant_id, standing)) is not None:
                settled.append(settlement)
            else:
                due[tenant_id] = standing
        if due:
            headers = await tenant_headers(unit, due, run.period)
            billing = _Billing(unit, run, due, now, headers, unpriced, written)
            settled += await billing.settle(await _late(unit, run, due))
    if written:
        await write_inputs(unit, written)
    await record(unit, run, settled, unpriced)


async def _late(unit: UnitOfWork, run: Run, due: dict[UUID, Standing]) -> LateBilling:
    rated_before = [tenant_id for tenant_id, standing in due.items() if standing.revision]
    replaced = [standing.invoice_id for standing in due.values() if standing.invoice_id]
    late = await late_billing(unit, run, due, rated_before, replaced)
    if replaced and not run.dry_run:
        await open_again(unit, replaced)
    return late


async def lock_unsettled(unit: UnitOfWork, run: Run, tenant_ids: Sequence[UUID]) -> list[UUID]:
    """Locks the tenants, and gives those that the run has not settled."""
    locked = [row["id"] for row in await lock_rows(Tenants, tenant_ids, Tenants.id)]
    settled = {row["tenant_id"] for row in await unit.connection.fetch(_SETTLED_IN_RUN, run.id, locked)}
    return [tenant_id for tenant_id in locked if tenant_id not in settled]


def _without_rating(run: Run, tenant_id: UUID, standing: Standing) -> Settlement | None:
    if not run.force and (standing.invoice_id is not None or standing.settled_at_nothing):
        return Settlement(tenant_id, RollupOutcome.SKIPPED, standing.invoice_id)
    if standing.status is InvoiceStatus.PAID:
        failure = Failure(ProblemCode.INVOICE_PAID, "the invoice is paid and is not rated again", 1)
        return Settlement(tenant_id, RollupOutcome.FAILED, standing.invoice_id, failure=failure)
    return None


async def _standings(unit: UnitOfWork, run: Run, tenant_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    standings = {tenant_id: Standing() for tenant_id in tenant_ids}
    revisions = _REVISIONS_LOCKED if run.force else _REVISIONS
    for row in await unit.connection.fetch(revisions, tenant_ids, run.period.start):
        standing = standings[row["tenant_id"]]
        standing.revision = max(standing.revision, row["revision"])
        if row["status"] != InvoiceStatus.VOID:
            standing.invoice_id, standing.status = row["id"], InvoiceStatus(row["status"])
    for row in await unit.connection.fetch(_AT_NOTHING, tenant_ids, run.period.start):
        standings[row["id"]].settled_at_nothing = True
    return standings


@dataclass(frozen=True, slots=True)
class _Billing:
    """Rates the tenants that are due and writes their invoices; of those `written`, the inputs are not yet."""

    unit: UnitOfWork
    run: Run
    due: dict[UUID, Standing]
    now: datetime
    headers: dict[UUID, QuoteHeader]
    unpriced: list[Unpriced]
    written: list[Draft]

    async def settle(self, late: LateBilling) -> list[Settlement]:
        drafts = {tenant_id: self._draft(tenant_id, standing) for tenant_id, standing in self.due.items()}
        portions = enrolled_portions(self.unit, self.run.period, self.due, SLICE)
        first: list[Enrolment] = await anext(portions, [])
        enrolled = _all_of(first, portions)
        if self.run.dry_run:
            await self._preview(drafts, enrolled, late)
        elif len(first) == SLICE and len(drafts) == 1:
            await self._write_slice_by_slice(next(iter(drafts.values())), enrolled, late)
        else:
            await self._write_whole(drafts, enrolled, late)
        if not self.run.dry_run:
            await late.record(drafts, [tenant_id for tenant_id, standing in self.due.items() if standing.revision])
        return [self._settlement(draft) for draft in drafts.values()]

    def _draft(self, tenant_id: UUID, standing: Standing) -> Draft:
        """A draft is rated again in place; anything else gets the next revision."""
        draft_id = standing.draft_id
        revision = standing.revision + (draft_id is None)
        return Draft(tenant_id, self.headers[tenant_id], invoice_id=draft_id, revision=revision)

    async def _preview(self, drafts: dict[UUID, Draft], enrolled: Enrolled, late: LateBilling) -> None:
        async for _ in self._rated(drafts, enrolled, late):
            for draft in drafts.values():
                draft.forget()
        for draft in drafts.values():
            draft.close()

    async def _write_whole(self, drafts: dict[UUID, Draft], enrolled: Enrolled, late: LateBilling) -> None:
        async for _ in self._rated(drafts, enrolled, late):
            pass
        for draft in drafts.values():
            draft.close()
        await self._void_emptied([draft for draft in drafts.values() if not draft.billable])
        if billable := [draft for draft in drafts.values() if draft.billable]:
            await self._make_room(billable)
            await write_invoices(self.unit, billable, self.now)
            await write_lines(self.unit, billable)
            self.written.extend(billable)

    async def _write_slice_by_slice(self, draft: Draft, enrolled: Enrolled, late: LateBilling) -> None:
        """One huge tenant in flat memory: its invoice first, its totals last; all undone if they are nothing."""
        before = await self.unit.savepoint()
        await self._make_room([draft])
        await write_invoices(self.unit, [draft], self.now)
        async for _ in self._rated({draft.tenant_id: draft}, enrolled, late):
            await self._write_slice(draft)
        draft.close()
        if draft.billable:
            await self._write_slice(draft)
            await write_invoices(self.unit, [draft], self.now)
        else:
            await before.rollback_to()
            await self._void_emptied([draft])

    async def _write_slice(self, draft: Draft) -> None:
        await write_lines(self.unit, [draft])
        await write_inputs(self.unit, [draft])

    async def _rated(self, drafts: dict[UUID, Draft], enrolled: Enrolled, late: LateBilling) -> AsyncIterator[None]:
        """Rates slice by slice, the late usage last."""
        async for portion in enrolled:
            gathered = await gather(self.unit, self.run.period, portion)
            for enrolment, inputs in zip(portion, gathered, strict=True):
                draft = drafts[enrolment.tenant_id]
                late.note(draft, inputs, draft.add(inputs))
                self._note_unpriced(draft, inputs)
            yield
        async for _ in late.add_to(drafts, SLICE):
            yield

    def _note_unpriced(self, draft: Draft, inputs: SubscriptionInputs) -> None:
        for usage in unpriced_usage(draft.header, inputs):
            self.unpriced.append(Unpriced(draft.tenant_id, inputs.deployment_id, *usage))

    async def _make_room(self, drafts: Iterable[Draft]) -> None:
        """Empties the drafts that are rated again, and voids the issued invoices that the next revision replaces."""
        standings = [self.due[draft.tenant_id] for draft in drafts]
        await clear_drafts(self.unit, [standing.draft_id for standing in standings if standing.draft_id])
        await self._void([standing for standing in standings if not standing.draft_id], "replaced by the next revision")

    async def _void_emptied(self, drafts: Iterable[Draft]) -> None:
        await self._void([self.due[draft.tenant_id] for draft in drafts], "rated again: nothing to bill")

    async def _void(self, standings: Iterable[Standing], reason: str) -> None:
        if invoice_ids := [standing.invoice_id for standing in standings if standing.invoice_id]:
            await self.unit.connection.execute(_VOID, invoice_ids, self.now, reason)

    def _settlement(self, draft: Draft) -> Settlement:
        if self.run.dry_run:
            return Settlement(draft.tenant_id, RollupOutcome.PREVIEWED, None, draft.total_cents)
        if not draft.billable:
            return Settlement(draft.tenant_id, RollupOutcome.SETTLED)
        replaced = self.due[draft.tenant_id].invoice_id is not None
        outcome = RollupOutcome.REPLACED if replaced else RollupOutcome.CREATED
        return Settlement(draft.tenant_id, outcome, draft.invoice_id, draft.total_cents)


async def _all_of(first: list[Enrolment], rest: Enrolled) -> AsyncGenerator[list[Enrolment], None]:
    if first:
        yield first
    async for portion in rest:
        yield portion
