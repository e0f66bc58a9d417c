"""The four price models: the exact price of a billable quantity, tier by tier."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from app.billing.money import EXACT, ZERO, Ratio, fma, multiply, subtract
from app.billing.terms import PriceModel, ResourceTerms, Tier


class TierSlice(NamedTuple):
    """The part of a quantity in one tier, (above, tier.up_to], and its price.

    quantity and cents are numerators over the denominator of the quantity that was priced.
    """

    lower_bound: Decimal
    tier: Tier
    quantity: Decimal
    cents: Decimal


def price(resource: ResourceTerms, quantity: Ratio) -> list[TierSlice]:
    """Divides a positive quantity by price tier and prices each part: the quantities of the slices add up to
    `quantity`, their cents to its price.
    """
    return _MODELS[resource.price_model](resource, quantity)


def packages(resource: ResourceTerms, quantity: Ratio) -> Decimal:
    """Returns the number of packages that contain `quantity`; the last one may be partly used."""
    count, remaining = EXACT.divmod(quantity.numerator, multiply(package_size(resource), quantity.denominator))
    return count + 1 if remaining else count


def package_size(resource: ResourceTerms) -> Decimal:
    if resource.package_size is None:
        raise ValueError(f"{resource.resource_kind} has price model PACKAGE but no package size")
    return resource.package_size


def _per_unit(resource: ResourceTerms, quantity: Ratio) -> list[TierSlice]:
    tier = resource.tiers[0]
    return [TierSlice(ZERO, tier, quantity.numerator, multiply(quantity.numerator, tier.unit_price_cents))]


def _package(resource: ResourceTerms, quantity: Ratio) -> list[TierSlice]:
    tier = resource.tiers[0]
    cents = multiply(packages(resource, quantity), multiply(tier.unit_price_cents, quantity.denominator))
    return [TierSlice(ZERO, tier, quantity.numerator, cents)]


def _graduated(resource: ResourceTerms, quantity: Ratio) -> list[TierSlice]:
    slices: list[TierSlice] = []
    lower_bound, remaining = ZERO, quantity.numerator
    for tier in resource.tiers:
        if tier.up_to is None:
            return [*slices, _slice(lower_bound, tier, remaining, quantity)]
        width = min(remaining, multiply(subtract(tier.up_to, lower_bound), quantity.denominator))
        slices.append(_slice(lower_bound, tier, width, quantity))
        remaining = subtract(remaining, width)
        if not remaining:
            return slices
        lower_bound = tier.up_to
    raise _bounded(resource)


def _volume(resource: ResourceTerms, quantity: Ratio) -> list[TierSlice]:
    lower_bound = ZERO
    for tier in resource.tiers:
        if tier.up_to is None or quantity.numerator <= multiply(tier.up_to, quantity.denominator):
            return [_slice(lower_bound, tier, quantity.numerator, quantity)]
        lower_bound = tier.up_to
    raise _bounded(resource)


def _slice(lower_bound: Decimal, tier: Tier, part: Decimal, quantity: Ratio) -> TierSlice:
    flat = multiply(tier.flat_price_cents, quantity.denominator)
    return TierSlice(lower_bound, tier, part, fma(part, tier.unit_price_cents, flat))


def _bounded(resource: ResourceTerms) -> ValueError:
    return ValueError(f"the last tier of {resource.resource_kind} must have no upper bound")


_MODELS: Mapping[PriceModel, Callable[[ResourceTerms, Ratio], list[TierSlice]]] = {
    PriceModel.PER_UNIT: _per_unit,
    PriceModel.GRADUATED: _graduated,
    PriceModel.VOLUME: _volume,
    PriceModel.PACKAGE: _package,
}
