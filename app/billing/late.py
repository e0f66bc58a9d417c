"""Late usage: what a month that was invoiced comes to with the usage that came since, less what was billed for it.

Amounts are differences of rounded amounts, so however often a month is billed late, its lines sum to what rating it
once with all of its usage gives. A difference below 0 is a credit: more usage can cost less under VOLUME, and a level
can turn out lower.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from app.billing.inputs import QuoteHeader, SubscriptionInputs
from app.billing.lines import Charge, Explanation, Line, LineKind
from app.billing.money import ZERO, add, decimal_text, subtract
from app.billing.period import Period
from app.billing.rating import rate_subscription

LATE = "late:"
"""Begins the keys of late lines."""


class Billed(NamedTuple):
    """What invoices have charged for one overage of a month so far; the key is that of its line in the month itself."""

    key: str
    resource_kind: str
    quantity: Decimal
    unit_price_cents: Decimal
    amount_cents: int

    def plus(self, other: "Billed") -> "Billed":
        quantity, amount = add(self.quantity, other.quantity), self.amount_cents + other.amount_cents
        return self._replace(quantity=quantity, amount_cents=amount)


@dataclass(frozen=True, slots=True)
class LateInputs:
    """An invoiced month of one subscription: the terms it was billed on, its usage as it is now, what was billed."""

    header: QuoteHeader
    subscription: SubscriptionInputs
    billed: tuple[Billed, ...] = ()


class LateCharge(NamedTuple):
    """An overage as it is now, None where there is none any more, less what was billed."""

    now: Charge | None
    billed_cents: int

    def explanation(self) -> Explanation:
        if self.now is None:
            return Explanation(f"0c, less {self.billed_cents}c billed before", Decimal(-self.billed_cents))
        now = self.now.explanation()
        return replace(
            now,
            formula=f"{now.formula} = {decimal_text(now.exact_cents)}c, less {self.billed_cents}c billed before",
            exact_cents=subtract(now.exact_cents, Decimal(self.billed_cents)),
        )


def rate_late(inputs: LateInputs) -> list[Line]:
    """The OVERAGE lines that are still owed, or credited, for the month. Raises as rate_subscription does."""
    return difference(inputs, overages(rate_subscription(inputs.header, inputs.subscription)))


def overages(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line.kind is LineKind.OVERAGE]


def difference(inputs: LateInputs, now: Sequence[Line]) -> list[Line]:
    """Each overage of the month as it is now less what was billed of it, where the amounts differ; then, by key, what
    was billed of overages that are none any more.
    """
    before = {billed.key: billed for billed in inputs.billed}
    period = inputs.header.period
    lines = [_less(period, line, before.pop(line.key, None)) for line in now]
    lines += [_taken_back(inputs, billed) for _, billed in sorted(before.items())]
    return [line for line in lines if line.amount_cents]


def as_billed(line: Line) -> Billed:
    """What an overage line of the month itself has charged."""
    if line.resource_kind is None:
        raise ValueError(f"{line.key} is no overage")
    return Billed(line.key, line.resource_kind, line.quantity, line.unit_price_cents, line.amount_cents)


def merged(billed: Iterable[Billed]) -> tuple[Billed, ...]:
    """One a key, in order of the keys."""
    sums: dict[str, Billed] = {}
    for one in billed:
        sums[one.key] = sums[one.key].plus(one) if one.key in sums else one
    return tuple(one for _, one in sorted(sums.items()))


def _less(period: Period, line: Line, billed: Billed | None) -> Line:
    quantity, cents = (billed.quantity, billed.amount_cents) if billed else (ZERO, 0)
    return line._replace(
        key=late_key(period, line.key),
        description=_description(period, line.description),
        quantity=subtract(line.quantity, quantity),
        amount_cents=line.amount_cents - cents,
        charge=LateCharge(line.charge, cents),
    )


def _taken_back(inputs: LateInputs, billed: Billed) -> Line:
    period = inputs.header.period
    return Line(
        key=late_key(period, billed.key),
        kind=LineKind.OVERAGE,
        description=_description(period, "none over what is included"),
        resource_kind=billed.resource_kind,
        quantity=subtract(ZERO, billed.quantity),
        unit_price_cents=billed.unit_price_cents,
        amount_cents=-billed.amount_cents,
        deployment_id=inputs.subscription.deployment_id,
        subscription_id=inputs.subscription.subscription_id,
        addon_id=None,
        charge=LateCharge(None, billed.amount_cents),
    )


def late_key(period: Period, key: str) -> str:
    return f"{LATE}{period.start:%Y-%m}:{key}"


def _description(period: Period, text: str) -> str:
    return f"Late usage of {period.start:%Y-%m}: {text}"
