"""Corrections: the difference between a rated month's amount now and what live invoices have billed, series by series.

A series is what stays the same over time: a subscription's base price, its overage of one kind, an add-on, a charge;
never a plan version. Amounts are differences of rounded amounts, so however often a month is corrected, its lines add
up to what rating it once gives. A difference below 0 is a credit: more usage can cost less under VOLUME, a level can
turn out lower, a month may be waived. What an issued invoice billed of it is taken off by a credit note. Other credits,
such as charges below 0, are taken by the next invoice, only as far as it stays at or above 0.
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
"""Begins the keys of correction lines."""

_ORDER = {LineKind.PLAN_BASE: 0, LineKind.ADDON: 1, LineKind.OVERAGE: 2, LineKind.ADJUSTMENT: 3}


class Series(NamedTuple):
    """part: the add-on's id, the resource kind or the charge's id; empty for the base price."""

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
        """Sorts as lines do."""
        return _ORDER[self.kind], self.part


class Billed(NamedTuple):
    """What live invoices have charged for one series of a month so far."""

    series: Series
    quantity: Decimal
    amount_cents: int


@dataclass(frozen=True, slots=True)
class CorrectionInputs:
    """A rated month of one subscription, or of the charges without one: its inputs as they are now, what was billed.

    taken: of credits that the invoice takes in part, that part (below 0, or 0 for none). waived: the month is worth 0.
    """

    header: QuoteHeader
    subject: SubscriptionInputs | ChargeInputs
    billed: tuple[Billed, ...] = ()
    taken: tuple[tuple[Series, int], ...] = ()
    waived: bool = False


class Difference(NamedTuple):
    """One series: its lines as rated now, and what was billed before."""

    series: Series
    lines: tuple[Line, ...]
    billed: Billed

    @property
    def amount_cents(self) -> int:
        return sum(line.amount_cents for line in self.lines) - self.billed.amount_cents


class CorrectionCharge(NamedTuple):
    """A series as rated now, less what was billed before, less what stays open."""

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
            formula += f", less {self.open_cents}c that stays open"
        exact = subtract(exact, Decimal(self.billed_cents + self.open_cents))
        if len(parts) == 1:
            return replace(parts[0], formula=formula, exact_cents=exact)
        return Explanation(formula, exact)


def rate_subject(inputs: CorrectionInputs) -> list[Line]:
    """The month's lines as they are now. Raises as rate_subscription does."""
    if inputs.waived:
        return []
    if isinstance(inputs.subject, ChargeInputs):
        return rate_charges(inputs.header, inputs.subject)
    return rate_subscription(inputs.header, inputs.subject)


def differences(inputs: CorrectionInputs, now: Iterable[Line]) -> list[Difference]:
    """Each series whose amount is no longer what was billed, in line order."""
    lines: dict[Series, list[Line]] = {}
    for line in now:
        lines.setdefault(Series.of(line), []).append(line)
    billed = {one.series: one for one in inputs.billed}
    found = [
        Difference(series, tuple(lines.get(series, ())), billed.get(series, Billed(series, ZERO, 0)))
        for series in sorted(lines.keys() | billed.keys(), key=lambda series: series.order)
    ]
    return [difference for difference in found if difference.amount_cents]


def rate_correction(inputs: CorrectionInputs) -> list[Line]:
    """The lines of a correction: each difference, a credit as far as it is taken. Raises as rate_subscription does."""
    taken = dict(inputs.taken)
    lines = []
    for difference in differences(inputs, rate_subject(inputs)):
        amount = taken.get(difference.series, difference.amount_cents)
        if amount:
            lines.append(_line(inputs, difference, storable_cents(_key(inputs, difference.series), amount)))
    return lines


def billed_of(lines: Iterable[Line]) -> list[Billed]:
    """What lines of the month itself have charged, by series."""
    return merged(Billed(Series.of(line), line.quantity, line.amount_cents) for line in lines)


def merged(billed: Iterable[Billed]) -> list[Billed]:
    """One a series, in line order."""
    sums: dict[Series, Billed] = {}
    for one in billed:
        other = sums.get(one.series)
        sums[one.series] = (
            one
            if other is None
            else Billed(one.series, add(other.quantity, one.quantity), other.amount_cents + one.amount_cents)
        )
    return sorted(sums.values(), key=lambda one: one.series.order)


def taken_parts(base: TaxBase, owed: Sequence[tuple[QuoteHeader, int]]) -> list[int]:
    """How much of each credit (an amount below 0, of a month with that header) an invoice takes, in their order.

    base: all its other lines. Its subtotal and its total stay at or above 0.
    """
    room, parts = base.copy(), []
    for header, amount in owed:
        part = -_largest(room, header, min(-amount, max(room.subtotal_cents, 0)))
        room.add(header, part)
        parts.append(part)
    return parts


def _largest(room: TaxBase, header: QuoteHeader, most: int) -> int:
    """The largest part of `most` that leaves a total at or above 0. The total falls as the part rises."""

    def leaves_nothing_below_zero(part: int) -> bool:
        after = room.copy()
        after.add(header, -part)
        return after.total_cents >= 0

    if leaves_nothing_below_zero(most):
        return most
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if leaves_nothing_below_zero(middle) else (low, middle)
    return low


def _line(inputs: CorrectionInputs, difference: Difference, amount: int) -> Line:
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


def _quantity(difference: Difference, amount: int) -> tuple[Decimal, Decimal]:
    """Quantity and unit price: of overage at one price what it grew by, where that makes up the amount; else 1."""
    if difference.series.kind is LineKind.OVERAGE and len(difference.lines) == 1:
        line = difference.lines[0]
        grown = subtract(line.quantity, difference.billed.quantity)
        if grown and round_half_away(Ratio(multiply(grown, line.unit_price_cents))) == amount:
            return grown, line.unit_price_cents
    return Decimal(1), Decimal(amount)


def _description(inputs: CorrectionInputs, difference: Difference) -> str:
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
    """None: it was billed, and is no longer attached in the month."""
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
