"""Corrections: for each series, the difference between a rated month's amount now and what live invoices billed for it.

A series is what stays the same over time: a subscription's base price, its overage of one kind, an add-on or a charge.
A plan version is not part of it. Amounts are differences of rounded amounts, so the lines of any number of corrections
of a month add up to the amount of rating it once. A difference below 0 is a credit: more usage can cost less under
VOLUME, a level can turn out lower, a month can be waived. A credit note takes it off the issued invoice that billed it.
Other credits, such as charges below 0, are applied to the next invoice, as far as its totals stay at or above 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from app.billing.inputs import ChargeInputs, QuoteHeader, SubscriptionInputs, UnsubscribedCharge
from app.billing.lines import Explanation, Line, LineKind
from app.billing.money import ZERO, Ratio, add, decimal_text, multiply, round_half_away, storable_cents, subtract
from app.billing.rating import rate_charges, rate_subscription
from app.billing.taxes import TaxBase
from app.billing.terms import AddonTerms

CORRECTION = "late:"
"""The prefix of the keys of correction lines."""

_ORDER = {LineKind.PLAN_BASE: 0, LineKind.ADDON: 1, LineKind.OVERAGE: 2, LineKind.ADJUSTMENT: 3}


class Series(NamedTuple):
    """Identifies a series. part: the add-on's id, the resource kind or the charge's id; empty for the base price."""

    kind: LineKind
    part: str

    @classmethod
    def of(cls, line: Line) -> "Series":
        parts = {
            LineKind.ADDON: line.addon_id,
            LineKind.OVERAGE: line.resource_kind,
            LineKind.ADJUSTMENT: line.charge_id,
        }
        return cls(line.kind, parts.get(line.kind) or "")

    @property
    def order(self) -> tuple[int, str]:
        """Returns a sort key that orders series as invoices order their lines."""
        return _ORDER[self.kind], self.part


class BilledSeries(NamedTuple):
    """The amount that live invoices have billed so far for one series of a month."""

    series: Series
    quantity: Decimal
    amount_cents: int


@dataclass(frozen=True, slots=True)
class CorrectionInputs:
    """A month that may need a correction, of one subscription or of the charges without a subscription.

    It has the month's present inputs and what was billed. taken: for a credit that the invoice applies only in part,
    that part in cents (below 0, or 0 for none). waived: the month's amount counts as 0.
    """

    header: QuoteHeader
    subject: SubscriptionInputs | ChargeInputs
    billed: tuple[BilledSeries, ...] = ()
    taken: tuple[tuple[Series, int], ...] = ()
    waived: bool = False


class SeriesDifference(NamedTuple):
    """One series whose amount changed: its lines as rated now, and what was billed before."""

    series: Series
    lines: tuple[Line, ...]
    billed: BilledSeries

    @property
    def amount_cents(self) -> int:
        return sum(line.amount_cents for line in self.lines) - self.billed.amount_cents


class CorrectionCharge(NamedTuple):
    """The amount of a correction line: the series as rated now, less what was billed before, less the part of a credit
    that this invoice does not apply (`open_cents`).
    """

    lines: tuple[Line, ...]
    billed_cents: int
    open_cents: int

    def explanation(self) -> Explanation:
        parts = [line.explanation for line in self.lines]
        exact = ZERO
        for part in parts:
            exact = add(exact, part.exact_cents)
        now = " + ".join(part.formula for part in parts)
        formula = f"{now} = {decimal_text(exact)}c" if now else "0c"
        formula += f", less {self.billed_cents}c billed before"
        if self.open_cents:
            formula += f", less {self.open_cents}c of credit not applied yet"
        exact = subtract(exact, Decimal(self.billed_cents + self.open_cents))
        if len(parts) == 1:
            return replace(parts[0], formula=formula, exact_cents=exact)
        return Explanation(formula, exact)


def rate_subject(inputs: CorrectionInputs) -> list[Line]:
    """Rates a month's present inputs and returns the lines, for a correction. Raises as rate_subscription does."""
    if inputs.waived:
        return []
    if isinstance(inputs.subject, ChargeInputs):
        return rate_charges(inputs.header, inputs.subject)
    return rate_subscription(inputs.header, inputs.subject)


def differences(inputs: CorrectionInputs, now: Iterable[Line]) -> list[SeriesDifference]:
    """Returns each series whose amount differs from what was billed, in line order."""
    lines: dict[Series, list[Line]] = {}
    for line in now:
        lines.setdefault(Series.of(line), []).append(line)
    billed = {series_billed.series: series_billed for series_billed in inputs.billed}
    changed_series = [
        SeriesDifference(series, tuple(lines.get(series, ())), billed.get(series, BilledSeries(series, ZERO, 0)))
        for series in sorted(lines.keys() | billed.keys(), key=lambda series: series.order)
    ]
    return [difference for difference in changed_series if difference.amount_cents]


def rate_correction(inputs: CorrectionInputs) -> list[Line]:
    """Returns the lines of a correction: one for each difference, a credit only as far as it is applied. Raises as
    rate_subscription does.
    """
    taken = dict(inputs.taken)
    lines = []
    for difference in differences(inputs, rate_subject(inputs)):
        amount = taken.get(difference.series, difference.amount_cents)
        if amount:
            lines.append(_line(inputs, difference, storable_cents(_key(inputs, difference.series), amount)))
    return lines


def billed_of(lines: Iterable[Line]) -> list[BilledSeries]:
    """Adds up the amounts of a month's own lines by series."""
    return merged(BilledSeries(Series.of(line), line.quantity, line.amount_cents) for line in lines)


def merged(billed: Iterable[BilledSeries]) -> list[BilledSeries]:
    """Adds up the amounts of equal series; returns one entry per series, in line order."""
    sums: dict[Series, BilledSeries] = {}
    for series_billed in billed:
        other = sums.get(series_billed.series)
        sums[series_billed.series] = (
            series_billed
            if other is None
            else BilledSeries(
                series_billed.series,
                add(other.quantity, series_billed.quantity),
                other.amount_cents + series_billed.amount_cents,
            )
        )
    return sorted(sums.values(), key=lambda series_billed: series_billed.series.order)


def taken_parts(base: TaxBase, owed: Sequence[tuple[QuoteHeader, int]]) -> list[int]:
    """Returns how much of each credit an invoice applies, in order. A credit is an amount below 0 and the header of its
    month.

    base: the invoice's other lines. Its subtotal and total stay at or above 0.
    """
    tax_base, parts = base.copy(), []
    for header, amount in owed:
        part = -_largest(tax_base, header, min(-amount, max(tax_base.subtotal_cents, 0)))
        tax_base.add(header, part)
        parts.append(part)
    return parts


def _largest(tax_base: TaxBase, header: QuoteHeader, max_part: int) -> int:
    """Returns the largest part of a credit, at most `max_part`, with which the invoice's total stays at or above 0. A
    larger part means a lower total.
    """

    def leaves_nothing_below_zero(part: int) -> bool:
        after = tax_base.copy()
        after.add(header, -part)
        return after.total_cents >= 0

    if leaves_nothing_below_zero(max_part):
        return max_part
    low, high = 0, max_part
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if leaves_nothing_below_zero(middle) else (low, middle)
    return low


def _line(inputs: CorrectionInputs, difference: SeriesDifference, amount: int) -> Line:
    series, subject = difference.series, inputs.subject
    quantity, price = _quantity(difference, amount)
    if isinstance(subject, SubscriptionInputs):
        deployment_id, subscription_id = subject.deployment_id, subject.subscription_id
    else:
        deployment_id, subscription_id = _charged(subject, series.part).deployment_id, None
    return Line(
        key=_key(inputs, series),
        kind=series.kind,
        description=f"Correction of {inputs.header.period.start:%Y-%m}: {_description(inputs, difference)}",
        resource_kind=_resource_kind(inputs, series),
        quantity=quantity,
        unit_price_cents=price,
        amount_cents=amount,
        deployment_id=deployment_id,
        subscription_id=subscription_id,
        addon_id=series.part if series.kind is LineKind.ADDON else None,
        charge=CorrectionCharge(difference.lines, difference.billed.amount_cents, difference.amount_cents - amount),
        charge_id=series.part if series.kind is LineKind.ADJUSTMENT else None,
    )


def _quantity(difference: SeriesDifference, amount: int) -> tuple[Decimal, Decimal]:
    """Returns the quantity and unit price of a correction line. For overage at one unit price, the quantity is the
    change of the overage if it explains the amount; otherwise the quantity is 1.
    """
    if difference.series.kind is LineKind.OVERAGE and len(difference.lines) == 1:
        line = difference.lines[0]
        grown = subtract(line.quantity, difference.billed.quantity)
        if grown and round_half_away(Ratio(multiply(grown, line.unit_price_cents))) == amount:
            return grown, line.unit_price_cents
    return Decimal(1), Decimal(amount)


def _description(inputs: CorrectionInputs, difference: SeriesDifference) -> str:
    if len(difference.lines) == 1:
        return difference.lines[0].description
    kind, part = difference.series
    if kind is LineKind.OVERAGE:
        return f"{part}: {'overage' if difference.lines else 'no overage'}"
    if kind is LineKind.ADDON:
        addon = _addon(inputs, part)
        return f"Addon: {addon.code}" if addon else "Addon: detached before the month"
    if kind is LineKind.ADJUSTMENT and isinstance(inputs.subject, ChargeInputs):
        return _charged(inputs.subject, part).charge.description
    return "Plan" if kind is LineKind.PLAN_BASE else "Charge"


def _addon(inputs: CorrectionInputs, addon_id: str) -> AddonTerms | None:
    """Returns the add-on; None if it was billed but is no longer attached in the month."""
    addons = inputs.subject.addons if isinstance(inputs.subject, SubscriptionInputs) else ()
    return next((addon for addon in addons if addon.id == addon_id), None)


def _charged(subject: ChargeInputs, charge_id: str) -> UnsubscribedCharge:
    return next(charged for charged in subject.charges if charged.charge.id == charge_id)


def _resource_kind(inputs: CorrectionInputs, series: Series) -> str | None:
    if series.kind is LineKind.OVERAGE:
        return series.part
    addon = _addon(inputs, series.part) if series.kind is LineKind.ADDON else None
    return addon.resource_kind if addon else None


def _key(inputs: CorrectionInputs, series: Series) -> str:
    names = {LineKind.PLAN_BASE: "base", LineKind.ADDON: "addon", LineKind.OVERAGE: "overage"}
    path = [names.get(series.kind, "charge"), series.part]
    if isinstance(inputs.subject, SubscriptionInputs):
        path.insert(0, inputs.subject.slug)
    return f"{CORRECTION}{inputs.header.period.start:%Y-%m}:{'/'.join(filter(None, path))}"
