"""What is charged: the base, an add-on, overage and tax, each with its exact amount and the reasons for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from app.billing.lines import Explanation, TierCharge
from app.billing.money import decimal_text, to_decimal, to_fraction
from app.billing.period import Period
from app.billing.pricing import Slice, package_size, packages
from app.billing.terms import AddonTerms, PlanTerms, PriceModel, ResourceTerms, TaxTerms
from app.billing.usage import Usage

_UNIT_SYMBOLS = {"hour": "h"}


class Share(NamedTuple):
    """The part of a month that is charged: all of it unless prorated, else its billable days."""

    billable_days: int
    period_days: int
    prorated: bool

    @property
    def whole(self) -> bool:
        return not self.prorated or self.billable_days == self.period_days

    def of(self, value: Fraction) -> Fraction:
        return value if self.whole else value * Fraction(self.billable_days, self.period_days)

    def factor(self) -> str:
        return "" if self.whole else f" x {self.billable_days}/{self.period_days} days"


@dataclass(frozen=True, slots=True)
class BaseCharge:
    terms: PlanTerms
    share: Share

    def exact_cents(self) -> Fraction:
        return self.share.of(Fraction(self.terms.base_price_cents))

    def explanation(self) -> Explanation:
        return _explain_share(self.terms.base_price_cents, self.share, self.exact_cents())


@dataclass(frozen=True, slots=True)
class AddonCharge:
    addon: AddonTerms
    share: Share

    def exact_cents(self) -> Fraction:
        return self.share.of(Fraction(self.addon.price_cents))

    def explanation(self) -> Explanation:
        return _explain_share(self.addon.price_cents, self.share, self.exact_cents())


@dataclass(frozen=True, slots=True)
class OverageCharge:
    """Usage of one kind on a segment's days beyond what is included; `charged` is what the MAX rule multiplies by."""

    resource: ResourceTerms
    usage: Usage
    period: Period
    days: Sequence[date]
    used: Fraction
    included: Fraction
    slices: Sequence[Slice]
    charged: Share

    @property
    def quantity(self) -> Fraction:
        return self.used - self.included

    def exact_cents(self) -> Fraction:
        first, *rest = self.slices
        return self.charged.of(sum((piece.exact_cents for piece in rest), first.exact_cents))

    def explanation(self) -> Explanation:
        return Explanation(
            formula=self._formula(),
            exact_cents=to_decimal(self.exact_cents()),
            used_quantity=to_decimal(self.used),
            included_quantity=to_decimal(self.included),
            billable_quantity=to_decimal(self.quantity),
            billable_days=len(self.days),
            period_days=len(self.period.days),
            tiers=tuple(map(_tier_charge, self.slices)),
            daily_usage=self.usage.daily(self.period, self.days),
        )

    def _formula(self) -> str:
        unit = _UNIT_SYMBOLS.get(self.resource.unit, self.resource.unit)
        priced = f"{_text(self.quantity)} {unit} over {_text(self.included)} included{self._price_text(unit)}"
        factor = self.charged.factor()
        return f"({priced}){factor}" if factor and "+" in priced else f"{priced}{factor}"

    def _price_text(self, unit: str) -> str:
        price = _cents(self.slices[-1].tier.unit_price_cents)
        match self.resource.price_model:
            case PriceModel.PER_UNIT:
                return f" x {price}"
            case PriceModel.PACKAGE:
                size = to_fraction(package_size(self.resource))
                return f" = {packages(self.resource, self.quantity)} x {_text(size)} {unit} x {price}"
            case PriceModel.GRADUATED | PriceModel.VOLUME:
                return " = " + " + ".join(map(_slice_text, self.slices))


@dataclass(frozen=True, slots=True)
class TaxCharge:
    tax: TaxTerms
    taxable_cents: int

    def exact_cents(self) -> Fraction:
        return self.taxable_cents * to_fraction(self.tax.rate)

    def percent(self) -> str:
        return f"{_text(100 * to_fraction(self.tax.rate))}%"

    def explanation(self) -> Explanation:
        exact = to_decimal(self.exact_cents())
        return Explanation(f"{self.percent()} of {self.taxable_cents}c = {_cents(exact)}", exact)


def _explain_share(price_cents: int, share: Share, exact_cents: Fraction) -> Explanation:
    return Explanation(
        formula=f"{price_cents}c{share.factor()}",
        exact_cents=to_decimal(exact_cents),
        billable_days=share.billable_days,
        period_days=share.period_days,
    )


def _tier_charge(piece: Slice) -> TierCharge:
    return TierCharge(
        piece.above,
        piece.tier.up_to,
        to_decimal(piece.quantity),
        piece.tier.unit_price_cents,
        to_decimal(piece.exact_cents),
    )


def _slice_text(piece: Slice) -> str:
    flat = piece.tier.flat_price_cents
    return f"{_text(piece.quantity)} x {_cents(piece.tier.unit_price_cents)}" + (f" + {flat}c flat" if flat else "")


def _text(exact: Fraction) -> str:
    return decimal_text(to_decimal(exact))


def _cents(value: Decimal) -> str:
    return f"{decimal_text(value)}c"
