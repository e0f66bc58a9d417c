"""Exact numbers: the one rounding of money, and decimals as they are shown and kept."""

from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction

# Sums and products of quantities and prices fit many times over; a result that did not would raise, never round.
EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])
SHOWN_DIGITS = 12
_SHOWN_SCALE = 10**SHOWN_DIGITS
_SHOWN_STEP = Decimal(1).scaleb(-SHOWN_DIGITS)


def round_half_away(exact: Fraction) -> int:
    """The nearest integer, halves away from zero: 642.5 -> 643, -0.5 -> -1."""
    doubled = 2 * abs(exact.numerator) + exact.denominator
    rounded = doubled // (2 * exact.denominator)
    return rounded if exact.numerator >= 0 else -rounded


def to_decimal(exact: Fraction) -> Decimal:
    """The value as a decimal: exact where 12 fractional digits hold it, else rounded there (a third, a 30th)."""
    if exact.denominator == 1:
        return Decimal(exact.numerator)
    return EXACT.multiply(Decimal(round_half_away(exact * _SHOWN_SCALE)), _SHOWN_STEP)


def decimal_text(value: Decimal) -> str:
    """Plain decimal text: no exponent, no trailing zeros, no negative zero."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
