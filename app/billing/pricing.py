"""The four price models: the exact price of a billable quantity, tier by tier."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from app.billing.money import EXACT, ZERO, Ratio, fma, multiply, subtract
from app.billing.terms import PriceModel, ResourceTerms, Tier


class Slice(NamedTuple):
    """The part of a quantity in one tier, (above, tier.up_to], and its price.

    quantity and cents are numerators over the denominator of the quantity that was priced.
    """

    above: Decimal
    tier: Tier
    quantity: Decimal
    cents: Decimal


def price(resource: ResourceTerms, quantity: Ratio) -> list[Slice]:
    """Returns the slices of a positive `quantity`: their quantities add up to it, their cents to its price."""
    return _MODELS[resource.price_model](resource, quantity)


def packages(resource: ResourceTerms, quantity: Ratio) -> Decimal:
    """Returns the number of packages that contain `quantity`; the last one may be partly used."""
    count, rest = EXACT.divmod(quantity.numerator, multiply(package_size(resource), quantity.denominator))
    return count + 1 if rest else count


def package_size(resource: ResourceTerms) -> Decimal:
    if resource.package_size is None:
        raise ValueError(f"{resource.resource_kind} has price model PACKAGE but no package size")
    return resource.package_size


def _per_unit(resource: ResourceTerms, quantity: Ratio) -> list[Slice]:
    tier = resource.tiers[0]
    return [Slice(ZERO, tier, quantity.numerator, multiply(quantity.numerator, tier.unit_price_cents))]


def _package(resource: ResourceTerms, quantity: Ratio) -> list[Slice]:
    tier = resource.tiers[0]
    cents = multiply(packages(resource, quantity), multiply(tier.unit_price_cents, quantity.denominator))
    return [Slice(ZERO, tier, quantity.numerator, cents)]


def _graduated(resource: ResourceTerms, quantity: Ratio) -> list[Slice]:
    slices: list[Slice] = []
    above, rest = ZERO, quantity.numerator
    for tier in resource.tiers:
        if tier.up_to is None:
            return [*slices, _slice(above, tier, rest, quantity)]
        width = min(rest, multiply(subtract(tier.up_to, above), quantity.denominator))
        slices.append(_slice(above, tier, width, quantity))
        rest = subtract(rest, width)
        if not rest:
            return slices
        above = tier.up_to
    raise _bounded(resource)


def _volume(resource: ResourceTerms, quantity: Ratio) -> list[Slice]:
    above = ZERO
    for tier in resource.tiers:
        if tier.up_to is None or quantity.numerator <= multiply(tier.up_to, quantity.denominator):
            return [_slice(above, tier, quantity.numerator, quantity)]
        above = tier.up_to
    raise _bounded(resource)


def _slice(above: Decimal, tier: Tier, part: Decimal, quantity: Ratio) -> Slice:
    flat = multiply(tier.flat_price_cents, quantity.denominator)
    return Slice(above, tier, part, fma(part, tier.unit_price_cents, flat))


def _bounded(resource: ResourceTerms) -> ValueError:
    return ValueError(f"the last tier of {resource.resource_kind} must have no upper bound")


_MODELS: Mapping[PriceModel, Callable[[ResourceTerms, Ratio], list[Slice]]] = {
    PriceModel.PER_UNIT: _per_unit,
    PriceModel.GRADUATED: _graduated,
    PriceModel.VOLUME: _volume,
    PriceModel.PACKAGE: _package,
}
