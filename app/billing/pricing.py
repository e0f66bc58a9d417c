"""The four price models: what a billable quantity costs, tier by tier, exactly."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from app.billing.money import to_fraction
from app.billing.terms import PriceModel, ResourceTerms, Tier

_ZERO = Decimal(0)


class Slice(NamedTuple):
    """The part of a quantity that one tier, (above, tier.up_to], prices."""

    above: Decimal
    tier: Tier
    quantity: Fraction
    exact_cents: Fraction


def price(resource: ResourceTerms, quantity: Fraction) -> list[Slice]:
    """Slices of a positive `quantity`; their quantities sum to it, their exact cents to what it costs."""
    return _MODELS[resource.price_model](resource, quantity)


def packages(resource: ResourceTerms, quantity: Fraction) -> int:
    """How many packages hold `quantity`, the last one perhaps in part."""
    return -(-quantity // to_fraction(package_size(resource)))


def package_size(resource: ResourceTerms) -> Decimal:
    if resource.package_size is None:
        raise ValueError(f"{resource.resource_kind} is priced by the package but has no package size")
    return resource.package_size


def _per_unit(resource: ResourceTerms, quantity: Fraction) -> list[Slice]:
    tier = resource.tiers[0]
    return [Slice(_ZERO, tier, quantity, quantity * to_fraction(tier.unit_price_cents))]


def _package(resource: ResourceTerms, quantity: Fraction) -> list[Slice]:
    tier = resource.tiers[0]
    return [Slice(_ZERO, tier, quantity, packages(resource, quantity) * to_fraction(tier.unit_price_cents))]


def _graduated(resource: ResourceTerms, quantity: Fraction) -> list[Slice]:
    slices: list[Slice] = []
    above, rest = _ZERO, quantity
    for tier in resource.tiers:
        width = rest if tier.up_to is None else min(rest, to_fraction(tier.up_to) - to_fraction(above))
        slices.append(_slice(above, tier, width))
        rest -= width
        if not rest or tier.up_to is None:
            return slices
        above = tier.up_to
    raise _bounded(resource)


def _volume(resource: ResourceTerms, quantity: Fraction) -> list[Slice]:
    above = _ZERO
    for tier in resource.tiers:
        if tier.up_to is None or quantity <= to_fraction(tier.up_to):
            return [_slice(above, tier, quantity)]
        above = tier.up_to
    raise _bounded(resource)


def _bounded(resource: ResourceTerms) -> ValueError:
    return ValueError(f"the last tier of {resource.resource_kind} has a bound")


def _slice(above: Decimal, tier: Tier, quantity: Fraction) -> Slice:
    return Slice(above, tier, quantity, quantity * to_fraction(tier.unit_price_cents) + tier.flat_price_cents)


_MODELS: Mapping[PriceModel, Callable[[ResourceTerms, Fraction], list[Slice]]] = {
    PriceModel.PER_UNIT: _per_unit,
    PriceModel.GRADUATED: _graduated,
    PriceModel.VOLUME: _volume,
    PriceModel.PACKAGE: _package,
}
