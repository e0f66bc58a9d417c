"""Exact numbers: the one rounding of money, and decimals as they are shown and kept."""

from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from functools import lru_cache

# Sums and products of valid quantities and prices fit many times over; a result that did not would raise, never round.
EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])
SHOWN_DIGITS = 12
_SHOWN_SCALE = 10**SHOWN_DIGITS


def round_half_away(exact: Fraction) -> int:
    """The nearest integer, halves away from zero: 642.5 -> 643, -0.5 -> -1."""
    numerator, denominator = exact.numerator, exact.denominator
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


@lru_cache(maxsize=16384)
def to_fraction(value: Decimal) -> Fraction:
    """The same number; prices and allowances recur in every subscription of a plan, so they are remembered."""
    return Fraction(value)


def to_decimal(exact: Fraction) -> Decimal:
    """The value as a decimal: exact where 12 fractional digits hold it, else rounded there (a third, a 30th)."""
    if exact.denominator == 1:
        return Decimal(exact.numerator)
    return Decimal(round_half_away(exact * _SHOWN_SCALE)).scaleb(-SHOWN_DIGITS, EXACT).normalize(EXACT)


def decimal_text(value: Decimal) -> str:
    """Plain decimal text: no exponent, no trailing zeros, no negative zero."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
