"""Credit notes of a rollup: what earlier months fell in value is taken off the invoices that billed it.

The latest invoice comes first, with one LATE_CORRECTION note an invoice. What other credit notes have taken off a line
before is recorded as absorbed. What a draft has is left to the draft: its month becomes stale. See docs/adr/0037.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from app.billing import (
    CorrectionInputs,
    CreditAmounts,
    CreditedLine,
    LineKind,
    Series,
    SeriesDifference,
    SubscriptionInputs,
)
from app.database import UnitOfWork
from app.operations.billing_months.billed_amounts import SERIES_PART
from app.operations.billing_months.invoice_changes import record_stale_draft
from app.operations.billing_months.month_locks import Month, TenantMonths
from app.operations.credit_notes import CreditableInvoice, NewCreditNote, creditable_invoice, enter_credit_note
from app.operations.ledger import Receivable, lock_receivables, read_receivables
from app.operations.rollups.absorbed import (
    AbsorbedLine,
    Release,
    SeriesKey,
    absorbed_lines,
    releases_of,
    series_key,
    subscription_of,
)
from app.operations.rollups.run import Run
from app.tables.credit_notes import CreditReason
from app.tables.ids import new_ids

ISSUED_BY = "system:rollup"

# Taken before the months, as everyone does who changes receivables. Others have no earlier month to correct.
_LOCK_TENANTS = """
SELECT t.id FROM tenants t
WHERE t.id = any($1::uuid[]) AND (
    EXISTS (SELECT FROM billing_month_changes c WHERE c.tenant_id = t.id AND c.period_start < $2)
    OR EXISTS (SELECT FROM billing_months b
               WHERE b.tenant_id = t.id AND b.period_start < $2 AND b.rated_cents <> b.billed_cents))
ORDER BY t.id FOR NO KEY UPDATE
"""
# Issued invoices with lines of the months: their own, and those that corrected them.
_ISSUED = """
SELECT DISTINCT i.id FROM unnest($1::uuid[], $2::date[]) AS m (tenant_id, month)
JOIN tenant_invoices i ON i.tenant_id = m.tenant_id AND i.status IN ('ISSUED', 'PAID')
WHERE i.period_start = m.month
   OR EXISTS (SELECT FROM tenant_invoice_inputs n
              WHERE n.tenant_id = i.tenant_id AND n.invoice_id = i.id AND n.late_month = m.month)
"""
# $1: the invoices that are about to be replaced. The latest invoice first.
_LINES = f"""
SELECT l.id, l.tenant_id, l.invoice_id, i.period_start AS invoice_month, i.status = 'DRAFT' AS is_draft, l.position,
       l.period_start AS month, l.subscription_id, l.kind, {SERIES_PART} AS part,
       l.amount_cents - invoice_line_corrected_cents(l.tenant_id, l.id) AS billed_cents,
       l.amount_cents - (SELECT coalesce(sum(c.amount_cents), 0)::bigint FROM credit_note_lines c
                         WHERE c.tenant_id = l.tenant_id AND c.invoice_line_id = l.id) AS rest_cents
FROM unnest($2::uuid[], $3::date[]) AS m (tenant_id, month)
JOIN tenant_invoice_lines l ON l.tenant_id = m.tenant_id AND l.period_start = m.month
    AND l.kind <> 'TAX'
    AND (l.subscription_id = any($4::uuid[]) OR l.charge_id = any($5::uuid[]))
JOIN tenant_invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
    AND i.status <> 'VOID' AND i.id <> all($1::uuid[])
ORDER BY i.period_start DESC, i.id DESC, l.position DESC
"""  # noqa: S608 - made of constants
_ABSORB = """
INSERT INTO absorbed_corrections (id, tenant_id, invoice_line_id, run_id, absorbed_cents, recorded_at)
SELECT a.id, a.tenant_id, a.line_id, $5, a.cents, $6
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) AS a (id, tenant_id, line_id, cents)
"""


@dataclass(slots=True)
class Fall:
    """By how much one series of an earlier month fell in value, above 0.

    corrected_cents: of it, what a note takes off invoices or what is absorbed. deferred_cents: what stands on drafts.
    """

    tenant_id: UUID
    month: date
    subscription_id: UUID | None
    deployment_id: UUID | None
    series: Series
    cents: int
    corrected_cents: int = 0
    deferred_cents: int = 0

    @property
    def key(self) -> SeriesKey:
        return series_key(self.tenant_id, self.month, self.subscription_id, self.series)

    @property
    def left_cents(self) -> int:
        """What no invoice has to take back: a credit for the tenant's next invoices."""
        return self.cents - self.corrected_cents - self.deferred_cents


class _BilledLine(NamedTuple):
    """A line of a live invoice. billed_cents: less corrections; rest_cents: less all its credit notes."""

    id: UUID
    invoice_id: UUID
    invoice_month: date
    is_draft: bool
    position: int
    billed_cents: int
    rest_cents: int

    @property
    def absorbable_cents(self) -> int:
        """What credit notes for other reasons took off the line and no correction has used up."""
        return self.billed_cents - self.rest_cents


class _Wanted(NamedTuple):
    """What is to be credited of a line, at most its rest, for a fall."""

    line: _BilledLine
    cents: int
    fall: Fall


class _Planned(NamedTuple):
    """A note that is to be issued, and the months that it corrects."""

    invoice: Receivable
    creditable: CreditableInvoice
    amounts: CreditAmounts
    months: tuple[date, ...]


def falls_of(month: Month, inputs: CorrectionInputs, found: Iterable[SeriesDifference]) -> dict[Series, Fall]:
    """The differences below 0 of an earlier month."""
    subject, deployment_id, subscription_id = inputs.subject, None, subscription_of(inputs)
    if isinstance(subject, SubscriptionInputs):
        deployment_id = UUID(subject.deployment_id) if subject.deployment_id else None
    return {
        one.series: Fall(
            month.tenant_id, month.period_start, subscription_id, deployment_id, one.series, -one.amount_cents
        )
        for one in found
        if one.amount_cents < 0
    }


async def lock_tenants_to_correct(unit: UnitOfWork, period_start: date, tenant_ids: Sequence[UUID]) -> None:
    """Locks those of the tenants that have earlier months to correct, before any month is held."""
    await unit.connection.fetch(_LOCK_TENANTS, list(tenant_ids), period_start)


@dataclass(slots=True)
class CorrectionNotes:
    """The notes of a few tenants, whose months are held. replaced: invoices whose place the run's own take."""

    unit: UnitOfWork
    run: Run
    replaced: Sequence[UUID]
    corrected: dict[tuple[UUID, date], int] = field(default_factory=lambda: defaultdict(int))
    stale: dict[tuple[UUID, date], set[UUID | None]] = field(default_factory=lambda: defaultdict(set))
    _receivables: dict[UUID, Receivable] = field(default_factory=dict)
    _planned: list[_Planned] = field(default_factory=list)
    _absorbed: list[tuple[UUID, UUID, int]] = field(default_factory=list)
    _absorbed_before: Mapping[SeriesKey, Sequence[AbsorbedLine]] = field(default_factory=dict)

    async def lock(self, months: Iterable[TenantMonths]) -> None:
        """Locks the issued invoices that have lines of the earlier months, a dry run reads them; and reads what was
        absorbed of the months.
        """
        keys = [(month.tenant_id, month.period_start) for each in months for month in each.earlier]
        if not keys:
            return
        tenant_ids, starts = [key[0] for key in keys], [key[1] for key in keys]
        ids = [row["id"] for row in await self.unit.connection.fetch(_ISSUED, tenant_ids, starts)]
        receivables_of = read_receivables if self.run.dry_run else lock_receivables
        receivables = await receivables_of(self.unit, sorted(set(tenant_ids)), ids)
        self._receivables = {one.id: one for one in receivables if one.id not in self.replaced}
        self._absorbed_before = await absorbed_lines(self.unit, tenant_ids, starts)

    def releases(self, month: Month, inputs: CorrectionInputs, found: Iterable[SeriesDifference]) -> list[Release]:
        """What rises of an earlier month use up of what was absorbed of it."""
        return releases_of(self._absorbed_before, month.tenant_id, month.period_start, inputs, found)

    def release(self, releases: Iterable[Release]) -> None:
        """Takes these parts of what was absorbed back: they count as billed again."""
        for one in releases:
            self._absorbed.append((one.tenant_id, one.line_id, -one.cents))
            self.corrected[one.tenant_id, one.month] -= one.cents

    async def cover(self, falls: Sequence[Fall]) -> None:
        """Finds for each fall, in their order, which invoices take it back. Nothing is written yet.

        Only what the tenant still pays for the series is credited; what other notes have taken off it before absorbs
        the rest of the fall.
        """
        lines = await self._lines(falls)
        wanted: dict[UUID, list[_Wanted]] = defaultdict(list)
        for fall in falls:
            of_series = lines.get(fall.key, ())
            creditable = min(fall.cents, max(sum(line.rest_cents for line in of_series), 0))
            for line, part in _parts(of_series, [line.rest_cents for line in of_series], creditable):
                if line.is_draft:
                    fall.deferred_cents += part
                    self.stale[fall.tenant_id, line.invoice_month].add(fall.deployment_id)
                else:
                    wanted[line.invoice_id].append(_Wanted(line, part, fall))
            absorbable = [line.absorbable_cents for line in of_series]
            for line, part in _parts(of_series, absorbable, fall.cents - creditable):
                self._absorbed.append((fall.tenant_id, line.id, part))
                self._count(fall, part)
        for invoice_id, of_invoice in wanted.items():
            await self._plan(self._receivables[invoice_id], of_invoice)

    async def issue(self, now: datetime) -> None:
        """Writes the notes and what is absorbed."""
        for planned in self._planned:
            named = ", ".join(f"{month:%Y-%m}" for month in planned.months)
            note = NewCreditNote(
                planned.invoice,
                planned.creditable,
                planned.amounts,
                CreditReason.LATE_CORRECTION,
                f"Correction of {named}: it fell in value after it was invoiced",
                ISSUED_BY,
            )
            await enter_credit_note(self.unit, self.run.period.zone, note, now)
        if self._absorbed:
            columns = [list(column) for column in zip(*self._absorbed, strict=True)]
            await self.unit.connection.execute(_ABSORB, new_ids(len(self._absorbed)), *columns, self.run.id, now)

    async def record_stale_drafts(self, now: datetime) -> None:
        """Makes the drafts stale that have something of what fell."""
        for (tenant_id, month), deployments in sorted(self.stale.items(), key=str):
            await record_stale_draft(self.unit, tenant_id, month, deployments, now)

    async def _plan(self, invoice: Receivable, wanted: Sequence[_Wanted]) -> None:
        creditable = await creditable_invoice(self.unit, invoice.tenant_id, invoice.id)
        amounts = creditable.remaining.credit_up_to([CreditedLine(one.line.position, one.cents) for one in wanted])
        if not amounts.lines:
            return
        credited = dict(amounts.lines)
        for one in wanted:
            self._count(one.fall, credited.get(one.line.position, 0))
        months = tuple(sorted({one.fall.month for one in wanted if one.line.position in credited}))
        self._planned.append(_Planned(invoice, creditable, amounts, months))

    def _count(self, fall: Fall, cents: int) -> None:
        fall.corrected_cents += cents
        self.corrected[fall.tenant_id, fall.month] += cents

    async def _lines(self, falls: Sequence[Fall]) -> Mapping[SeriesKey, Sequence[_BilledLine]]:
        months = sorted({(fall.tenant_id, fall.month) for fall in falls}, key=str)
        subscriptions = [fall.subscription_id for fall in falls if fall.subscription_id]
        charges = [UUID(fall.series.part) for fall in falls if fall.series.kind is LineKind.ADJUSTMENT]
        rows = await self.unit.connection.fetch(
            _LINES,
            self.replaced,
            [tenant_id for tenant_id, _ in months],
            [month for _, month in months],
            subscriptions,
            charges,
        )
        lines: dict[SeriesKey, list[_BilledLine]] = defaultdict(list)
        for row in rows:
            series = Series(LineKind(row["kind"]), row["part"])
            line = _BilledLine(*(row[name] for name in _BilledLine._fields))
            lines[series_key(row["tenant_id"], row["month"], row["subscription_id"], series)].append(line)
        return lines


def _parts(lines: Sequence[_BilledLine], limits: Sequence[int], cents: int) -> Iterator[tuple[_BilledLine, int]]:
    """Divides an amount over the lines in their order, each up to its limit."""
    for line, limit in zip(lines, limits, strict=True):
        if (part := min(cents, limit)) > 0:
            cents -= part
            yield line, part
