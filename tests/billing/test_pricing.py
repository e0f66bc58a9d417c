from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import PriceModel, Tier
from app.billing.pricing import TierSlice, price
from tests.billing.examples import D, ratio, resource

TIERS = (Tier(D(500), D(1)), Tier(None, D("0.8")))
WITH_FLAT = (Tier(D(100), D(2), 10), Tier(D(200), D(1), 20), Tier(None, D("0.5"), 30))

quantities = st.fractions(min_value=Fraction(1, 1000), max_value=10**9, max_denominator=30 * 1000)
prices = st.decimals(min_value=0, max_value=100, places=4)
flats = st.integers(0, 10_000)


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    bounds = draw(st.lists(st.decimals(min_value="0.001", max_value=10**6, places=3), max_size=5, unique=True))
    return tuple(Tier(bound, draw(prices), draw(flats)) for bound in [*sorted(bounds), None])


def slices(
    model: PriceModel, tiers: tuple[Tier, ...], quantity: Fraction, size: Decimal | None = None
) -> list[tuple[TierSlice, Fraction, Fraction]]:
    """Each slice with its quantity and its cents."""
    priced = ratio(quantity)
    return [
        (piece, Fraction(piece.quantity) / priced.denominator, Fraction(piece.cents) / priced.denominator)
        for piece in price(resource(tiers=tiers, model=model, package_size=size), priced)
    ]


def cost(model: PriceModel, tiers: tuple[Tier, ...], quantity: Fraction, size: Decimal | None = None) -> Fraction:
    return sum((cents for _, _, cents in slices(model, tiers, quantity, size)), Fraction())


@pytest.mark.parametrize(
    ("model", "tiers", "size", "quantity", "cents"),
    [
        (PriceModel.PER_UNIT, (Tier(None, D(1)),), None, "672", "672"),
        (PriceModel.GRADUATED, TIERS, None, "672", "637.6"),
        (PriceModel.VOLUME, TIERS, None, "672", "537.6"),
        (PriceModel.PACKAGE, (Tier(None, D(90)),), 100, "672", "630"),
        (PriceModel.PER_UNIT, (Tier(None, D("0.00015")),), None, "1000000001", "150000.00015"),
        # a tier is (previous bound, bound]: a bound still belongs to it, and 99.5 falls in one
        (PriceModel.GRADUATED, WITH_FLAT, None, "99.5", "209"),
        (PriceModel.GRADUATED, WITH_FLAT, None, "100", "210"),
        (PriceModel.GRADUATED, WITH_FLAT, None, "100.5", "230.5"),
        (PriceModel.GRADUATED, WITH_FLAT, None, "300", "410"),
        (PriceModel.VOLUME, WITH_FLAT, None, "100", "210"),
        (PriceModel.VOLUME, WITH_FLAT, None, "100.5", "120.5"),
        (PriceModel.VOLUME, WITH_FLAT, None, "300", "180"),
        (PriceModel.PACKAGE, (Tier(None, D(90)),), 100, "700", "630"),
        (PriceModel.PACKAGE, (Tier(None, D(90)),), 100, "700.001", "720"),
        (PriceModel.PACKAGE, (Tier(None, D(90)),), 100, "0.1", "90"),
    ],
)
def test_what_a_quantity_costs(
    model: PriceModel, tiers: tuple[Tier, ...], size: int | None, quantity: str, cents: str
) -> None:
    assert cost(model, tiers, Fraction(quantity), None if size is None else D(size)) == Fraction(cents)


@given(st.sampled_from([PriceModel.GRADUATED, PriceModel.VOLUME]), tiers(), quantities)
def test_slices_hold_the_quantity_in_their_tiers(
    model: PriceModel, tiers: tuple[Tier, ...], quantity: Fraction
) -> None:
    pieces = slices(model, tiers, quantity)
    assert sum(part for _, part, _ in pieces) == quantity
    last = pieces[-1][0]
    assert Fraction(last.lower_bound) < quantity
    assert last.tier.up_to is None or quantity <= Fraction(last.tier.up_to)


@given(tiers(), quantities, quantities)
def test_graduated_is_monotone(tiers: tuple[Tier, ...], one: Fraction, other: Fraction) -> None:
    less, more = sorted([one, other])
    assert cost(PriceModel.GRADUATED, tiers, less) <= cost(PriceModel.GRADUATED, tiers, more)


@given(tiers(), quantities)
def test_graduated_is_continuous_but_for_flat_prices(tiers: tuple[Tier, ...], quantity: Fraction) -> None:
    tiers = tuple(Tier(tier.up_to, tier.unit_price_cents) for tier in tiers)
    step = Fraction(1, 10**9)
    rise = cost(PriceModel.GRADUATED, tiers, quantity + step) - cost(PriceModel.GRADUATED, tiers, quantity)
    assert 0 <= rise <= step * max(Fraction(tier.unit_price_cents) for tier in tiers)


@given(prices, quantities)
def test_one_tier_costs_the_same_under_every_model_by_quantity(unit_price: Decimal, quantity: Fraction) -> None:
    tier = (Tier(None, unit_price),)
    models = [PriceModel.PER_UNIT, PriceModel.GRADUATED, PriceModel.VOLUME]
    assert {cost(model, tier, quantity) for model in models} == {quantity * Fraction(unit_price)}


@given(prices, quantities, st.decimals(min_value="0.001", max_value=1000, places=3))
def test_packages_hold_the_quantity_and_no_more_than_one_is_broken(
    unit_price: Decimal, quantity: Fraction, size: Decimal
) -> None:
    charged = cost(PriceModel.PACKAGE, (Tier(None, unit_price),), quantity, size)
    whole = quantity / Fraction(size) * Fraction(unit_price)
    assert whole <= charged
    assert charged == whole or charged < whole + Fraction(unit_price)


def test_a_bounded_last_tier_or_a_missing_size_is_not_rated() -> None:
    with pytest.raises(ValueError, match="last tier of droplet_hours"):
        cost(PriceModel.VOLUME, (Tier(D(10), D(1)),), Fraction(11))
    with pytest.raises(ValueError, match="last tier of droplet_hours"):
        cost(PriceModel.GRADUATED, (Tier(D(10), D(1)),), Fraction(11))
    with pytest.raises(ValueError, match="no package size"):
        cost(PriceModel.PACKAGE, (Tier(None, D(1)),), Fraction(11))
