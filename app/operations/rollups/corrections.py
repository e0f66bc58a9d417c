"""Adds corrections to a rollup's invoices: earlier months that are due are rated again, and the difference from what
live invoices have billed for them is added to this invoice. See app/billing/corrections.py.

A month that is rated as a whole once more takes off what other invoices have billed of it in the same way.
Differences above 0 are added at once. Those below 0 of earlier months are credited on the invoices that billed them, by
credit notes (correction_notes.py). Credits that no invoice has billed, such as charges below 0, wait until all else is
known: in order of month and line they are taken as far as the invoice stays at or above 0, and the rest stays due.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from app.billing import (
    BilledSeries,
    ChargeInputs,
    CorrectionInputs,
    Line,
    Period,
    QuoteHeader,
    Series,
    SeriesDifference,
    SubscriptionInputs,
    billed_of,
    differences,
    merged,
    rate_subject,
    taken_parts,
)
from app.database import UnitOfWork
from app.operations.billing_months.billed_amounts import (
    Replaced,
    billed_charges,
    billed_deployments,
    billed_elsewhere,
    billed_series,
)
from app.operations.billing_months.invoice_changes import record_replaced
from app.operations.billing_months.month_locks import Month, TenantMonths
from app.operations.invoices.draft import Draft
from app.operations.monthly_charges import charges_of
from app.operations.rating_inputs import (
    BillableDeployment,
    billable_deployments,
    billable_deployments_of,
    gather,
    tenant_headers,
)
from app.operations.rollups.absorbed import with_released
from app.operations.rollups.correction_notes import CorrectionNotes, falls_of
from app.operations.rollups.month_credits import MonthWithCredits
from app.operations.rollups.run import Run
from app.tables.billing_months import BillingMonthState

CORRECTION_FAULTS = (ValueError, ArithmeticError)
"""Raised by rating a month whose inputs cannot be rated."""


@dataclass(slots=True)
class Corrections:
    """The corrections on the invoices of some tenants, whose months are locked."""

    unit: UnitOfWork
    run: Run
    months: Mapping[UUID, TenantMonths]
    replaced: Replaced
    notes: CorrectionNotes = field(init=False)
    elsewhere: Mapping[str, list[BilledSeries]] = field(default_factory=dict)
    corrected: set[tuple[UUID, date]] = field(default_factory=set)
    failed: dict[tuple[UUID, date], str] = field(default_factory=dict)
    _credits: dict[UUID, list[MonthWithCredits]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.notes = CorrectionNotes(self.unit, self.run, self.replaced.invoice_ids)

    async def look_up(self) -> None:
        """What other invoices have billed of the month that is rolled up. A month rated for the first time has none.

        Locks the invoices that may have to be credited.
        """
        await self.notes.lock(self.months.values())
        for months in self.months.values():
            months.rolled_up_month.open_credit_deployments = []
        rated_before = [tenant_id for tenant_id, months in self.months.items() if months.rolled_up_month.was_rated]
        if rated_before:
            start, replaced = self.run.period.start, self.replaced.invoice_ids
            self.elsewhere = await billed_elsewhere(self.unit, rated_before, start, replaced)

    def note(self, draft: Draft, inputs: SubscriptionInputs, lines: Iterable[Line]) -> None:
        """Registers a subscription's month that was rated as a whole: what other invoices have billed for it will be
        subtracted.
        """
        if self.elsewhere and (billed := self.elsewhere.get(str(inputs.subscription_id))):
            self._add_own(draft, inputs, [*billed_of(lines), *billed])

    def note_charges(self, draft: Draft, charges: ChargeInputs) -> bool:
        """Registers the month's charges without a subscription: what other invoices have billed for them will be
        subtracted.

        Returns whether other invoices have billed any of them; if not, nothing is registered.
        """
        billed = self.elsewhere.get(str(draft.tenant_id))
        if billed:
            self._add_own(draft, charges, billed)
        return bool(billed)

    async def add_to(self, drafts: Mapping[UUID, Draft], slice_size: int) -> AsyncIterator[None]:
        """Adds the corrections of earlier months, month by month; yields after each `slice_size` subscriptions."""
        due: dict[date, dict[UUID, Month]] = defaultdict(dict)
        for tenant_id in drafts:
            for month in self.months[tenant_id].earlier:
                if self._is_due(month):
                    due[month.period_start][tenant_id] = month
        for start in sorted(due):
            async for _ in self._correct(drafts, Period(start, self.run.period.zone), due[start], slice_size):
                yield
        each = [one for tenant_id in drafts for one in sorted(self._credits[tenant_id], key=MonthWithCredits.order)]
        if falls := [fall for one in each for fall in one.falls.values()]:
            await self.notes.cover(falls)
            yield

    def settle(self, draft: Draft, own_charges: ChargeInputs) -> None:
        """Applies the tenant's credits as far as its invoice allows; charges below 0 of the month itself come last."""
        owed = sorted(self._credits.pop(draft.tenant_id, ()), key=MonthWithCredits.order)
        if not owed and not own_charges.charges:
            return
        base = draft.invoice.tax_base.copy()
        for credit in owed:
            base.add(
                credit.inputs.header, sum(one.amount_cents for one in credit.series_differences if one.amount_cents > 0)
            )
        amounts = [
            (credit.inputs.header, credit.owed_cents(one))
            for credit in owed
            for one in credit.series_differences
            if one.amount_cents < 0
        ]
        amounts += [(draft.header, charged.charge.net_cents) for charged in own_charges.charges]
        parts = iter(taken_parts(base, amounts))
        for credit in owed:
            self._add_credit(
                draft, credit, {one.series: next(parts) for one in credit.series_differences if one.amount_cents < 0}
            )
        charged = tuple(
            one._replace(charge=replace(one.charge, taken_cents=next(parts))) for one in own_charges.charges
        )
        if any(one.charge.taken_cents for one in charged):
            draft.add_charges(ChargeInputs(charged))

    async def keep_due(self, now: datetime) -> None:
        """Records what failed to be corrected as changed, where only a replaced invoice told of it; and drafts that
        have something of what fell.
        """
        await self.notes.record_stale_drafts(now)
        for tenant_id, month in self.failed:
            deployments = self.replaced.deployments.get((tenant_id, month), set())
            if deployments:
                await record_replaced(self.unit, tenant_id, month, deployments, now)

    def _is_due(self, month: Month) -> bool:
        key = month.tenant_id, month.period_start
        return month.can_be_corrected and (month.is_due_for_correction or key in self.replaced.deployments)

    async def _correct(
        self, drafts: Mapping[UUID, Draft], period: Period, due: Mapping[UUID, Month], slice_size: int
    ) -> AsyncIterator[None]:
        headers = await tenant_headers(self.unit, due, period)
        billable = await self._enrolled(period, due)
        for month in due.values():
            month.open_credit_deployments = []
        for start in range(0, len(billable), slice_size):
            portion = billable[start : start + slice_size]
            subscriptions = [
                (deployment.tenant_id, deployment.subscription_id)
                for deployment in portion
                if deployment.subscription_id
            ]
            billed = await billed_series(self.unit, subscriptions, period.start, self.replaced.invoice_ids)
            for deployment, inputs in zip(portion, await gather(self.unit, period, portion), strict=True):
                month, of_subscription = due[deployment.tenant_id], billed.get(deployment.subscription_id, [])
                correction = _correction(month, headers[deployment.tenant_id], inputs, of_subscription)
                self._add(drafts[deployment.tenant_id], month, correction)
            yield
        await self._correct_charges(drafts, period, due, headers)
        self.corrected |= {(tenant_id, period.start) for tenant_id in due} - self.failed.keys()

    async def _correct_charges(
        self,
        drafts: Mapping[UUID, Draft],
        period: Period,
        due: Mapping[UUID, Month],
        headers: Mapping[UUID, QuoteHeader],
    ) -> None:
        charges = await charges_of(self.unit, period, due)
        if not charges:
            return
        billed = await billed_charges(self.unit, list(charges), period, self.replaced.invoice_ids)
        for tenant_id, subject in charges.items():
            month = due[tenant_id]
            correction = _correction(month, headers[tenant_id], subject, billed.get(tenant_id, []))
            self._add(drafts[tenant_id], month, correction)

    async def _enrolled(self, period: Period, due: Mapping[UUID, Month]) -> list[BillableDeployment]:
        """Returns the subscriptions to rate again: all of a tenant's if a change affects the whole tenant, otherwise
        those of deployments with changes, open credits or replaced corrections.
        """
        waived = [tenant_id for tenant_id, month in due.items() if month.state is BillingMonthState.WAIVED]
        fully_changed = [
            tenant_id for tenant_id, month in due.items() if None in month.changed and tenant_id not in waived
        ]
        named: set[UUID] = set()
        for tenant_id in due.keys() - {*waived, *fully_changed}:
            month = due[tenant_id]
            changed = {*month.changed, *self.replaced.deployments.get((tenant_id, period.start), ())}
            named |= {one for one in changed if one} | set(month.open_credit_deployments)
        if waived:
            named |= set(await billed_deployments(self.unit, waived, period.start, self.replaced.invoice_ids))
        billable = await billable_deployments(self.unit, period, fully_changed) if fully_changed else []
        if named:
            billable += [one for one in await billable_deployments_of(self.unit, period, named) if one.subscription_id]
        return sorted((one for one in billable if one.tenant_id in due), key=lambda one: (one.tenant_id, one.slug))

    def _add_own(self, draft: Draft, subject: SubscriptionInputs | ChargeInputs, billed: list[BilledSeries]) -> None:
        rolled_up_month = self.months[draft.tenant_id].rolled_up_month
        self._add_inputs(draft, rolled_up_month, _correction(rolled_up_month, draft.header, subject, billed))

    def _add(self, draft: Draft, month: Month, inputs: CorrectionInputs) -> None:
        try:
            self._add_inputs(draft, month, inputs)
        except CORRECTION_FAULTS as error:
            slug = _slug(inputs)
            self.failed[month.tenant_id, month.period_start] = f"{slug}: {error}" if slug else str(error)

    def _add_inputs(self, draft: Draft, month: Month, inputs: CorrectionInputs) -> None:
        lines = rate_subject(inputs)
        found = tuple(differences(inputs, lines))
        releases = self.notes.releases(month, inputs, found)
        if releases:
            inputs = with_released(inputs, releases)
        series_differences = tuple(differences(inputs, lines)) if releases else found
        if series_differences:
            self._add_differences(draft, month, inputs, series_differences)
        self.notes.release(releases)
        month.difference_cents += sum(difference.amount_cents for difference in found)

    def _add_differences(
        self, draft: Draft, month: Month, inputs: CorrectionInputs, series_differences: tuple[SeriesDifference, ...]
    ) -> None:
        _refuse_too_large(draft, inputs.header, series_differences)
        if any(difference.amount_cents < 0 for difference in series_differences):
            falls = (
                {}
                if month is self.months[draft.tenant_id].rolled_up_month
                else falls_of(month, inputs, series_differences)
            )
            self._credits[draft.tenant_id].append(
                MonthWithCredits(month, _slug(inputs), inputs, series_differences, falls)
            )
        else:
            draft.add_correction(inputs)

    def _add_credit(self, draft: Draft, credit: MonthWithCredits, taken: Mapping[Series, int]) -> None:
        partly = tuple(
            (difference.series, taken[difference.series])
            for difference in credit.series_differences
            if difference.series in taken and taken[difference.series] != difference.amount_cents
        )
        if any(taken.values()) or any(difference.amount_cents > 0 for difference in credit.series_differences):
            draft.add_correction(replace(credit.inputs, taken=partly))
        subject = credit.inputs.subject
        is_open = any(
            credit.open_cents(difference, taken[difference.series])
            for difference in credit.series_differences
            if difference.series in taken
        )
        if is_open and isinstance(subject, SubscriptionInputs) and subject.deployment_id:
            credit.month.open_credit_deployments.append(UUID(subject.deployment_id))


def _refuse_too_large(draft: Draft, header: QuoteHeader, series_differences: Iterable[SeriesDifference]) -> None:
    """Raises AmountTooLarge if the invoice cannot hold the differences above 0 with their tax."""
    base = draft.invoice.tax_base.copy()
    base.add(header, sum(difference.amount_cents for difference in series_differences if difference.amount_cents > 0))
    _ = base.total_cents


def _correction(
    month: Month, header: QuoteHeader, subject: SubscriptionInputs | ChargeInputs, billed: list[BilledSeries]
) -> CorrectionInputs:
    """Returns the correction's inputs, under the rules by which the month was first rated."""
    waived = month.state is BillingMonthState.WAIVED
    return CorrectionInputs(header.under(month.rules_version), subject, tuple(merged(billed)), waived=waived)


def _slug(inputs: CorrectionInputs) -> str:
    """Returns the slug by which the corrections of a month are ordered; charges without a subscription come first."""
    return inputs.subject.slug if isinstance(inputs.subject, SubscriptionInputs) else ""
