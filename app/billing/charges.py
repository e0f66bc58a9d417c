"""The kinds of charge (base price, add-on, overage, one-off charge, tax), each with its exact amount and
explanation.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import NamedTuple

from app.billing.lines import Explanation, TierAmount
from app.billing.money import Ratio, add, decimal_text, divide_half_away, multiply, to_decimal
from app.billing.period import Period
from app.billing.pricing import TierSlice, package_size, packages
from app.billing.terms import ChargeTerms, PlanTerms, PriceModel, ResourceTerms, TaxTerms
from app.billing.usage import Usage

_UNIT_SYMBOLS = {"hour": "h"}


def unit_symbol(unit: str) -> str:
    """Returns a unit as lines show it: h for hour; others as they are."""
    return _UNIT_SYMBOLS.get(unit, unit)


class MonthShare(NamedTuple):
    """The part of a month that is charged: the whole month, or the billable days if it is prorated."""

    billable_days: int
    period_days: int
    prorated: bool

    @property
    def denominator(self) -> int:
        return self.period_days if self.prorated else 1

    @property
    def numerator(self) -> int:
        return self.billable_days if self.prorated else 1

    def unprorated(self) -> "MonthShare":
        return MonthShare(self.billable_days, self.period_days, prorated=False) if self.prorated else self

    def of(self, cents: int) -> Ratio:
        return Ratio(Decimal(cents * self.numerator), self.denominator)

    @property
    def _is_whole_month(self) -> bool:
        return not self.prorated or self.billable_days == self.period_days

    def factor(self) -> str:
        """Returns the proration factor as text for a formula, such as " x 10/30 days"; empty for a whole month."""
        return "" if self._is_whole_month else f" x {self.billable_days}/{self.period_days} days"

    def days_text(self) -> str:
        """Returns the billable days as text for a line's description, such as ", 10 of 30 days"; empty for a whole
        month.
        """
        return "" if self._is_whole_month else f", {self.billable_days} of {self.period_days} days"


class PriceCharge(NamedTuple):
    """The charge for a fixed monthly price (a plan's base price or an add-on's), or for a part of the month."""

    price_cents: int
    share: MonthShare

    def exact_cents(self) -> Ratio:
        return self.share.of(self.price_cents)

    def rounded_cents(self) -> int:
        """Returns the exact amount rounded to whole cents, computed from its integer numerator and denominator."""
        share = self.share
        return divide_half_away(self.price_cents * share.numerator, share.denominator)

    def explanation(self) -> Explanation:
        return Explanation(
            formula=f"{self.price_cents}c{self.share.factor()}",
            exact_cents=to_decimal(self.exact_cents()),
            billable_days=self.share.billable_days,
            period_days=self.share.period_days,
        )


class OverageCharge(NamedTuple):
    """Usage of one kind above the included quantity, on the days of plan versions with equal terms for the kind.

    terms: the version of the first of these days. used and included have the same denominator as their difference,
    `quantity`. The charge of all slices is multiplied by `share`, which is prorated for kinds aggregated by MAX only.
    """

    resource: ResourceTerms
    terms: PlanTerms
    usage: Usage
    period: Period
    days: Sequence[date]
    used: Decimal
    included: Decimal
    quantity: Ratio
    slices: Sequence[TierSlice]
    share: MonthShare

    def __repr__(self) -> str:
        return f"OverageCharge({self._formula()!r})"

    def exact_cents(self) -> Ratio:
        cents = reduce(add, [piece.cents for piece in self.slices])
        return Ratio(multiply(cents, self.share.numerator), self.quantity.denominator * self.share.denominator)

    def shown(self, numerator: Decimal) -> Decimal:
        """Converts a numerator over the quantity's denominator to a decimal."""
        return to_decimal(Ratio(numerator, self.quantity.denominator))

    def explanation(self) -> Explanation:
        return Explanation(
            formula=self._formula(),
            exact_cents=to_decimal(self.exact_cents()),
            used_quantity=self.shown(self.used),
            included_quantity=self.shown(self.included),
            billable_quantity=to_decimal(self.quantity),
            billable_days=len(self.days),
            period_days=len(self.period.days),
            tiers=tuple(map(self._tier_charge, self.slices)),
            daily_usage=self.usage.daily(self.period, self.days),
            resource_usage=self.usage.by_resource(self.period, self.days),
        )

    def description(self) -> str:
        """Returns the line's description, such as "droplet_hours: 672 h over 1488 h included"."""
        unit = self._unit()
        quantity, included = decimal_text(to_decimal(self.quantity)), decimal_text(self.shown(self.included))
        return f"{self.resource.resource_kind}: {quantity} {unit} over {included} {unit} included"

    def _unit(self) -> str:
        return unit_symbol(self.resource.unit)

    def _formula(self) -> str:
        unit = self._unit()
        quantity, included = decimal_text(to_decimal(self.quantity)), decimal_text(self.shown(self.included))
        priced = f"{quantity} {unit} over {included} included{self._price_text(unit)}"
        factor = self.share.factor()
        return f"({priced}){factor}" if factor and "+" in priced else f"{priced}{factor}"

    def _price_text(self, unit: str) -> str:
        price = _cents(self.slices[-1].tier.unit_price_cents)
        match self.resource.price_model:
            case PriceModel.PER_UNIT:
                return f" x {price}"
            case PriceModel.PACKAGE:
                count, size = packages(self.resource, self.quantity), package_size(self.resource)
                return f" = {decimal_text(count)} x {decimal_text(size)} {unit} x {price}"
            case PriceModel.GRADUATED | PriceModel.VOLUME:
                return " = " + " + ".join(map(self._slice_text, self.slices))

    def _slice_text(self, piece: TierSlice) -> str:
        flat = piece.tier.flat_price_cents
        text = f"{decimal_text(self.shown(piece.quantity))} x {_cents(piece.tier.unit_price_cents)}"
        return f"{text} + {flat}c flat" if flat else text

    def _tier_charge(self, piece: TierSlice) -> TierAmount:
        return TierAmount(
            piece.lower_bound,
            piece.tier.up_to,
            self.shown(piece.quantity),
            piece.tier.unit_price_cents,
            self.shown(piece.cents),
        )


class OneOffCharge(NamedTuple):
    terms: ChargeTerms

    def explanation(self) -> Explanation:
        net, billed = self.terms.net_cents, self.terms.billed_cents
        formula = f"{net}c" if billed == net else f"{billed}c applied of {net}c"
        return Explanation(formula, Decimal(billed))


class TaxCharge(NamedTuple):
    tax: TaxTerms
    taxable_cents: int

    def exact_cents(self) -> Ratio:
        return Ratio(multiply(self.tax.rate, self.taxable_cents))

    def percent(self) -> str:
        return f"{decimal_text(multiply(self.tax.rate, 100))}%"

    def explanation(self) -> Explanation:
        exact = to_decimal(self.exact_cents())
        return Explanation(f"{self.percent()} of {self.taxable_cents}c = {_cents(exact)}", exact)


def _cents(value: Decimal) -> str:
    return f"{decimal_text(value)}c"
