"""Bills some tenants for a month, in one transaction.

Their months are locked first, so that of several concurrent rollups only one rates them and the others see its result.
A later change of a month is recorded for it: see app/operations/billing_months.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.billing import ChargeInputs, QuoteHeader, SubscriptionInputs, unpriced_usage
from app.database import UnitOfWork
from app.operations.billing_months.billed_amounts import replaced_by
from app.operations.billing_months.month_locks import Month, TenantMonths, lock_months, write_months
from app.operations.events import record_invoices
from app.operations.invoices.draft import Draft
from app.operations.invoices.draft_store import clear_drafts, write_inputs, write_invoices, write_lines
from app.operations.invoices.voiding import void_receivables
from app.operations.monthly_charges import charges_of
from app.operations.rating_inputs import BillableDeployment, billable_portions, gather, tenant_headers
from app.operations.rollups.correction_notes import lock_tenants_to_correct
from app.operations.rollups.corrections import Corrections
from app.operations.rollups.existing_invoices import ExistingInvoice, existing_invoices_of, settle_without_rating
from app.operations.rollups.progress import BatchOutcome, Settlement, TenantWarning, UnpricedUsageRow, record
from app.operations.rollups.rated_months import note_ratings, record_corrected
from app.operations.rollups.run import Run
from app.operations.rollups.unsubscribed import unsubscribed_usage
from app.tables.events import EventType
from app.tables.rollups import RollupWarningCode, TenantOutcome

SLICE = 500
"""Subscriptions read, rated and written at a time."""

BillablePortions = AsyncIterator[list[BillableDeployment]]
"""The deployments to rate, a slice at a time."""

_SETTLED_IN_RUN = "SELECT tenant_id FROM rollup_outcomes WHERE run_id = $1 AND tenant_id = any($2::uuid[])"
_VOID = """
UPDATE tenant_invoices SET status = 'VOID', paid_at = NULL, voided_at = $2, void_reason = $3
WHERE tenant_id = any($4::uuid[]) AND id = any($1::uuid[])
"""


async def bill(
    unit: UnitOfWork,
    run: Run,
    tenant_ids: Sequence[UUID],
    now: datetime,
    rating_lock: AbstractAsyncContextManager[object],
) -> None:
    """Bills those of the tenants that have no outcome in the run yet. If one of them cannot be rated, all fail.

    No row is locked while waiting for the rating lock, which is released as soon as only inputs and outcomes remain to
    be written.
    """
    written: list[Draft] = []
    async with rating_lock:
        billed = await _bill(unit, run, tenant_ids, now, written)
    if written:
        await write_inputs(unit, written)
    await record(unit, run, billed.settled, billed.unpriced, billed.warnings)


async def preview(
    unit: UnitOfWork,
    run: Run,
    tenant_ids: Sequence[UUID],
    now: datetime,
    rating_lock: AbstractAsyncContextManager[object],
) -> BatchOutcome:
    """Returns what `bill` would do, from one snapshot: it locks nothing and writes nothing."""
    await unit.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    async with rating_lock:
        return await _bill(unit, run, tenant_ids, now, [])


async def record_once(unit: UnitOfWork, run: Run, billed: BatchOutcome) -> None:
    """Records the results of a dry run's batch, except for tenants whose outcome another process has recorded
    meanwhile.
    """
    await unit.connection.execute("SELECT FROM rollup_runs WHERE id = $1 FOR NO KEY UPDATE", run.id)
    tenant_ids = [settlement.tenant_id for settlement in billed.settled]
    settled = {row["tenant_id"] for row in await unit.connection.fetch(_SETTLED_IN_RUN, run.id, tenant_ids)}
    await record(
        unit,
        run,
        [settlement for settlement in billed.settled if settlement.tenant_id not in settled],
        [unpriced for unpriced in billed.unpriced if unpriced.tenant_id not in settled],
        [warning for warning in billed.warnings if warning.tenant_id not in settled],
    )


async def _bill(
    unit: UnitOfWork, run: Run, tenant_ids: Sequence[UUID], now: datetime, written: list[Draft]
) -> BatchOutcome:
    months = await lock_unsettled(unit, run, tenant_ids)
    existing_by_tenant = await existing_invoices_of(unit, run, months)
    billed = BatchOutcome()
    due: dict[UUID, ExistingInvoice] = {}
    for tenant_id, existing in existing_by_tenant.items():
        if (settlement := settle_without_rating(run, existing)) is not None:
            billed.settled.append(settlement)
        else:
            due[tenant_id] = existing
    if due:
        replaced = await replaced_by(
            unit, [existing.invoice_id for existing in due.values() if existing.invoice_id], run.period.start
        )
        corrections = Corrections(unit, run, {tenant_id: months[tenant_id] for tenant_id in due}, replaced)
        await corrections.look_up()
        headers = await tenant_headers(unit, due, run.period)
        await _Billing(unit, run, due, now, headers, corrections, billed, written).settle()
    return billed


async def lock_unsettled(unit: UnitOfWork, run: Run, tenant_ids: Sequence[UUID]) -> dict[UUID, TenantMonths]:
    """Locks the tenants' months, and returns those of tenants that have no outcome in the run yet."""
    ordered = sorted(tenant_ids)
    if not run.dry_run:
        await lock_tenants_to_correct(unit, run.period.start, ordered)
    months = await lock_months(unit, run.period.start, ordered, read_only=run.dry_run)
    settled = {row["tenant_id"] for row in await unit.connection.fetch(_SETTLED_IN_RUN, run.id, ordered)}
    return {tenant_id: month for tenant_id, month in months.items() if tenant_id not in settled}


@dataclass(frozen=True, slots=True)
class _Billing:
    """Rates the due tenants and writes their invoices. `written`: invoices whose inputs are not written yet."""

    unit: UnitOfWork
    run: Run
    due: dict[UUID, ExistingInvoice]
    now: datetime
    headers: dict[UUID, QuoteHeader]
    corrections: Corrections
    billed: BatchOutcome
    written: list[Draft]
    rated_cents: dict[UUID, int] = field(default_factory=dict)

    async def settle(self) -> None:
        drafts = {tenant_id: self._draft(tenant_id, existing) for tenant_id, existing in self.due.items()}
        charges = await charges_of(self.unit, self.run.period, self.due)
        portions = billable_portions(self.unit, self.run.period, self.due, SLICE)
        first: list[BillableDeployment] = await anext(portions, [])
        rated = self._rated(drafts, charges, _all_of(first, portions))
        if self.run.dry_run:
            async for _ in rated:
                for draft in drafts.values():
                    draft.forget()
        elif len(first) == SLICE and len(drafts) == 1:
            await self._write_slice_by_slice(next(iter(drafts.values())), rated)
        else:
            await self._write_whole(drafts, rated)
        self._warn(drafts.values())
        self.billed.unpriced += await unsubscribed_usage(self.unit, self.run.period, list(self.due))
        self.billed.settled += [self._settlement(draft) for draft in drafts.values()]
        if not self.run.dry_run:
            await self._write_months(drafts)

    def _draft(self, tenant_id: UUID, existing: ExistingInvoice) -> Draft:
        """Starts a tenant's invoice: an existing draft is rated again in place; otherwise a new invoice with the next
        revision is created.
        """
        draft_id = existing.draft_id
        revision = existing.revision + (draft_id is None)
        header = self.headers[tenant_id].under(existing.month.rules_version)
        return Draft(tenant_id, header, invoice_id=draft_id, revision=revision)

    async def _write_whole(self, drafts: dict[UUID, Draft], rated: AsyncIterator[None]) -> None:
        async for _ in rated:
            pass
        await self._void_emptied([draft for draft in drafts.values() if not draft.billable])
        if billable := [draft for draft in drafts.values() if draft.billable]:
            await self._make_room(billable)
            await write_invoices(self.unit, billable, self.now)
            await self._record_drafted(billable)
            await write_lines(self.unit, billable)
            self.written.extend(billable)

    async def _write_slice_by_slice(self, draft: Draft, rated: AsyncIterator[None]) -> None:
        """Writes one huge tenant in bounded memory: its invoice first, its totals last. Everything is rolled back if
        there is nothing to bill.
        """
        before = await self.unit.savepoint()
        await self._make_room([draft])
        await write_invoices(self.unit, [draft], self.now)
        async for _ in rated:
            await self._write_slice(draft)
        if draft.billable:
            await self._write_slice(draft)
            await write_invoices(self.unit, [draft], self.now)
            await self._record_drafted([draft])
        else:
            await before.rollback_to()
            await self._void_emptied([draft])

    async def _write_slice(self, draft: Draft) -> None:
        await write_lines(self.unit, [draft])
        await write_inputs(self.unit, [draft])

    async def _rated(
        self, drafts: dict[UUID, Draft], charges: dict[UUID, ChargeInputs], billable: BillablePortions
    ) -> AsyncGenerator[None, None]:
        """Rates a large tenant slice by slice: the month's subscriptions, its charges, the corrections; then credits
        and tax.
        """
        self.rated_cents.update(dict.fromkeys(drafts, 0))
        async for portion in billable:
            gathered = await gather(self.unit, self.run.period, portion)
            for deployment, inputs in zip(portion, gathered, strict=True):
                self._add(drafts[deployment.tenant_id], inputs)
            yield
        below_zero = {tenant_id: self._add_charges(drafts[tenant_id], each) for tenant_id, each in charges.items()}
        async for _ in self.corrections.add_to(drafts, SLICE):
            yield
        for tenant_id, draft in drafts.items():
            self.corrections.settle(draft, below_zero.get(tenant_id, ChargeInputs(())))
            draft.close()
        yield

    def _add(self, draft: Draft, inputs: SubscriptionInputs) -> None:
        lines = draft.add(inputs)
        self.rated_cents[draft.tenant_id] += sum([line.amount_cents for line in lines])
        self.corrections.note(draft, inputs, lines)
        for usage in unpriced_usage(draft.header, inputs):
            self.billed.unpriced.append(UnpricedUsageRow(draft.tenant_id, inputs.deployment_id, *usage))

    def _add_charges(self, draft: Draft, charges: ChargeInputs) -> ChargeInputs:
        """Adds the charges above 0 and returns the others (credits): how much of them is applied is decided last."""
        self.rated_cents[draft.tenant_id] += sum(unsubscribed.charge.net_cents for unsubscribed in charges.charges)
        if self.corrections.note_charges(draft, charges):
            return ChargeInputs(())
        positive = tuple(unsubscribed for unsubscribed in charges.charges if unsubscribed.charge.net_cents > 0)
        if positive:
            draft.add_charges(ChargeInputs(positive))
        return ChargeInputs(
            tuple(unsubscribed for unsubscribed in charges.charges if unsubscribed.charge.net_cents < 0)
        )

    async def _make_room(self, drafts: Iterable[Draft]) -> None:
        """Clears the drafts that are rated again, and voids the issued invoices that the next revision replaces."""
        existing_by_tenant = [self.due[draft.tenant_id] for draft in drafts]
        await clear_drafts(self.unit, {one.month.tenant_id: one.draft_id for one in existing_by_tenant if one.draft_id})
        await self._void(
            [existing for existing in existing_by_tenant if not existing.draft_id], "replaced by the next revision"
        )

    async def _void_emptied(self, drafts: Iterable[Draft]) -> None:
        await self._void([self.due[draft.tenant_id] for draft in drafts], "rated again: nothing to bill")

    async def _void(self, existing_by_tenant: Sequence[ExistingInvoice], reason: str) -> None:
        if invoices := {one.month.tenant_id: one.invoice_id for one in existing_by_tenant if one.invoice_id}:
            receivables = [one.receivable for one in existing_by_tenant if one.receivable]
            await void_receivables(self.unit, self.run.period.zone, receivables, self.now)
            await self.unit.connection.execute(_VOID, list(invoices.values()), self.now, reason, list(invoices))
            await record_invoices(self.unit, EventType.INVOICE_VOIDED, invoices.items(), self.now)

    async def _record_drafted(self, drafts: Iterable[Draft]) -> None:
        invoices = [(draft.tenant_id, draft.invoice_id) for draft in drafts]
        await record_invoices(self.unit, EventType.INVOICE_DRAFTED, invoices, self.now)

    async def _write_months(self, drafts: dict[UUID, Draft]) -> None:
        await self.corrections.notes.issue(self.now)
        months: list[Month] = []
        for tenant_id, draft in drafts.items():
            months += note_ratings(draft, self.corrections, self.rated_cents[tenant_id], self.now)
            record_corrected(draft, self.corrections, self.now)
        await write_months(self.unit, months)
        await self.corrections.keep_due(self.now)

    def _warn(self, drafts: Iterable[Draft]) -> None:
        start = self.run.period.start
        for draft in drafts:
            if draft.billable and not draft.header.taxes and not draft.header.tax_exempt:
                message = "the tenant's country has no tax rate; the invoice has no tax"
                self.billed.warnings.append(
                    TenantWarning(draft.tenant_id, start, RollupWarningCode.NO_TAX_RATE, message)
                )
        for (tenant_id, month), message in self.corrections.failed.items():
            self.billed.warnings.append(TenantWarning(tenant_id, month, RollupWarningCode.CORRECTION_FAILED, message))

    def _settlement(self, draft: Draft) -> Settlement:
        if self.run.dry_run:
            return Settlement(draft.tenant_id, TenantOutcome.PREVIEWED, None, draft.invoice.total_cents)
        if not draft.billable:
            return Settlement(draft.tenant_id, TenantOutcome.SETTLED)
        replaced = self.due[draft.tenant_id].invoice_id is not None
        outcome = TenantOutcome.REPLACED if replaced else TenantOutcome.CREATED
        return Settlement(draft.tenant_id, outcome, draft.invoice_id, draft.invoice.total_cents)


async def _all_of(
    first: list[BillableDeployment], rest: BillablePortions
) -> AsyncGenerator[list[BillableDeployment], None]:
    if first:
        yield first
    async for portion in rest:
        yield portion
