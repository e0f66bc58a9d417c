"""Exact numbers: ratios, rounding of money, and reading and writing decimals."""

import re
from collections.abc import Iterable, Iterator
from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from typing import NamedTuple

# Sums and products of valid quantities and prices are far within this precision; a result beyond it raises, never
# rounds.
EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])
add, subtract, multiply, fma = EXACT.add, EXACT.subtract, EXACT.multiply, EXACT.fma

ZERO = Decimal(0)
SHOWN_DIGITS = 12
_SHOWN_SCALE = 10**SHOWN_DIGITS
_DECIMAL = re.compile(r"-?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,4})?|NaN|-?Infinity", re.ASCII)
MIN_CENTS, MAX_CENTS = -(2**63), 2**63 - 1


class AmountTooLarge(ValueError):
    """An amount that does not fit 64 bits. `key` names the line, or is the subtotal, the tax or the total."""

    def __init__(self, key: str, cents: int) -> None:
        super().__init__(f"{key}: {cents} cents do not fit in 64 bits; lower the price or the quantity")
        self.key = key
        self.cents = cents


def storable_cents(key: str, cents: int) -> int:
    """Returns the amount unchanged. Raises AmountTooLarge with the key if it does not fit 64 bits."""
    if MIN_CENTS <= cents <= MAX_CENTS:
        return cents
    raise AmountTooLarge(key, cents)


class Ratio(NamedTuple):
    """An exact fraction, numerator / denominator, that is not reduced.

    Billing divides only by numbers known beforehand: the days of a month and the microseconds of an hour. All other
    values are decimals. Without reducing, no common divisors are computed, which is most of Fraction's run time.
    """

    numerator: Decimal
    denominator: int = 1


def round_half_away(exact: Ratio | Fraction) -> int:
    """Returns the nearest integer, halves away from zero: 642.5 -> 643, -0.5 -> -1."""
    numerator, denominator = exact.numerator.as_integer_ratio()
    return divide_half_away(numerator, denominator * exact.denominator)


def divide_half_away(numerator: int, denominator: int) -> int:
    """Returns the integer nearest to a quotient with a positive denominator, halves away from zero."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def round_cumulatively(amounts: Iterable[Ratio]) -> Iterator[int]:
    """Yields each amount rounded so that the sum up to it equals the rounded exact sum: 2500.5 twice is
    2501 and 2500.
    """
    total, before = Fraction(), 0
    for exact in amounts:
        total += Fraction(exact.numerator) / exact.denominator
        rounded = round_half_away(total)
        yield rounded - before
        before = rounded


def to_decimal(exact: Ratio) -> Decimal:
    """Returns the fraction as a decimal: exact if its denominator is 1, otherwise to 12 fractional digits."""
    if exact.denominator == 1:
        return exact.numerator
    scaled = round_half_away(Ratio(multiply(exact.numerator, _SHOWN_SCALE), exact.denominator))
    return Decimal(scaled).scaleb(-SHOWN_DIGITS, EXACT).normalize(EXACT)


def parse_decimal(text: str) -> Decimal | None:
    """Parses a number exactly: "2160", "-0.50" or "1e-7", as JSON writes numbers; leading zeros are allowed.

    NaN and the infinities are returned as numbers, for the caller to refuse. None for any other text: with spaces,
    separators, a plus sign, digits of other scripts, or more than 40 digits before or after the point.
    """
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def decimal_text(value: Decimal) -> str:
    """Formats a decimal as plain text: no exponent, no trailing zeros, no negative zero."""
    text = str(value)
    if "E" in text:
        text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
