from decimal import Decimal, Inexact, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import AmountTooLarge, decimal_text, storable_cents
from app.billing.money import EXACT, Ratio, round_cumulatively, round_half_away, to_decimal
from tests.billing.examples import ratio


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("642.5", 643),
        ("642.4", 642),
        ("642.2", 642),
        ("0.5", 1),
        ("1.5", 2),
        ("2.5", 3),
        ("-0.5", -1),
        ("-2.5", -3),
        ("-2.4", -2),
        ("0", 0),
        ("150000.00015", 150000),
    ],
)
def test_halves_go_away_from_zero(exact: str, rounded: int) -> None:
    assert round_half_away(ratio(Fraction(exact))) == rounded
    assert round_half_away(Ratio(Decimal(exact))) == rounded


@given(st.fractions())
def test_rounding_is_nearest_and_symmetric(exact: Fraction) -> None:
    rounded = round_half_away(ratio(exact))
    assert abs(rounded - exact) <= Fraction(1, 2)
    assert round_half_away(ratio(-exact)) == -rounded
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2160", "2160"),
        ("2160.000", "2160"),
        ("1E+3", "1000"),
        ("1E-9", "0.000000001"),
        ("0.50", "0.5"),
        ("-0.0", "0"),
        ("-1.50", "-1.5"),
        ("100", "100"),
    ],
)
def test_decimal_text_is_plain_and_trimmed(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


@pytest.mark.parametrize(
    ("exact", "text"),
    [
        (Fraction(5456, 10), "545.6"),
        (Fraction(1, 3), "0.333333333333"),
        (Fraction(2, 3), "0.666666666667"),
        (Fraction(100), "100"),
        (Fraction(1, 10**12), "0.000000000001"),
    ],
)
def test_a_fraction_is_shown_to_twelve_digits(exact: Fraction, text: str) -> None:
    assert decimal_text(to_decimal(ratio(exact))) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=0, max_value=10**15))
def test_decimals_survive_as_fraction_and_as_text(value: Decimal) -> None:
    assert to_decimal(ratio(Fraction(value))) == to_decimal(Ratio(value)) == value
    assert Decimal(decimal_text(value)) == value


def test_exact_arithmetic_ignores_the_ambient_precision_and_never_rounds() -> None:
    with localcontext() as ambient:
        ambient.prec = 3
        assert EXACT.add(Decimal("123456.5"), Decimal("0.25")) == Decimal("123456.75")
        assert to_decimal(Ratio(Decimal(1234567), 4)) == Decimal("308641.75")
    with pytest.raises(Inexact):
        EXACT.divide(Decimal(1), Decimal(3))


@pytest.mark.parametrize(
    ("amounts", "rounded"),
    [
        (["2500.5", "2500.5"], [2501, 2500]),
        (["0.5", "0.5", "0.5", "0.5"], [1, 0, 1, 0]),
        (["0.4", "0.4", "0.4"], [0, 1, 0]),
        (["1/3", "1/3", "1/3"], [0, 1, 0]),
        ([], []),
    ],
)
def test_running_totals_are_rounded(amounts: list[str], rounded: list[int]) -> None:
    assert list(round_cumulatively(ratio(Fraction(exact)) for exact in amounts)) == rounded


@given(st.lists(st.fractions(min_value=0, max_value=10**6), max_size=8))
def test_amounts_rounded_cumulatively_add_up_to_the_rounded_sum(amounts: list[Fraction]) -> None:
    rounded = list(round_cumulatively(map(ratio, amounts)))
    assert sum(rounded) == round_half_away(sum(amounts, Fraction()))
    assert all(abs(cents - exact) < 1 or cents == exact for cents, exact in zip(rounded, amounts, strict=True))
    assert all(cents >= 0 for cents in rounded)


@pytest.mark.parametrize("cents", [0, 1, -1, 2**63 - 1, -(2**63)])
def test_an_amount_of_64_bits_can_be_stored(cents: int) -> None:
    assert storable_cents("a/base/studio@1", cents) == cents


@pytest.mark.parametrize("cents", [2**63, -(2**63) - 1])
def test_a_larger_amount_is_refused_with_its_key(cents: int) -> None:
    with pytest.raises(AmountTooLarge, match=f"^a/base/studio@1: {cents} cents do not fit in 64 bits") as refused:
        storable_cents("a/base/studio@1", cents)
    assert (refused.value.key, refused.value.cents) == ("a/base/studio@1", cents)
