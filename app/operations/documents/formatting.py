"""How amounts, quantities, days and explanations read in documents."""

from datetime import date
from decimal import Decimal

from app.billing import Explanation, TierAmount, decimal_text, unit_symbol
from app.operations.currencies import CURRENCIES

MINUS = "\N{MINUS SIGN}"


def amount_text(cents: int, currency: str) -> str:
    """Formats an amount in the currency's minor unit: 123456 in AUD is 1,234.56."""
    return _grouped(Decimal(cents).scaleb(-_digits(currency)), _digits(currency))


def price_text(cents: Decimal, currency: str) -> str:
    """Formats the price of a unit, with all of its decimal places: 0.5 in AUD is 0.005."""
    price = cents.scaleb(-_digits(currency)).normalize()
    return _grouped(price, max(_digits(currency), -int(price.as_tuple().exponent)))


def quantity_text(quantity: Decimal) -> str:
    """Formats a quantity with all of its decimal places: 1488 is 1,488."""
    plain = Decimal(decimal_text(quantity))
    return _grouped(plain, max(0, -int(plain.as_tuple().exponent)))


def day_text(day: date) -> str:
    """Formats a day as in 5 June 2026."""
    return f"{day.day} {day:%B %Y}"


def month_text(month: date) -> str:
    return f"{month:%B %Y}"


def percent_text(rate: Decimal) -> str:
    return f"{decimal_text(rate * 100)}%"


def abn_text(abn: str) -> str:
    """Formats an ABN's 11 digits as it is written: 51 824 753 556."""
    return f"{abn[:2]} {abn[2:5]} {abn[5:8]} {abn[8:]}"


def explanation_text(explanation: Explanation, unit: str | None, currency: str) -> str:
    """Says how overage came about: what was used, what is included, and what is charged at which price."""
    unit = f" {unit_symbol(unit)}" if unit else ""
    used, included = explanation.used_quantity, explanation.included_quantity
    parts = []
    if used is not None and included is not None:
        parts.append(f"Used {quantity_text(used)}{unit}, of which {quantity_text(included)}{unit} included")
    prices = [_tier_text(tier, currency) for tier in explanation.tiers if tier.quantity]
    if prices:
        parts.append(f"charged: {', '.join(prices)}")
    if sum(tier.amount_cents for tier in explanation.tiers) != explanation.exact_cents:
        parts.append(f"for {explanation.billable_days} of {explanation.period_days} days")
    return "; ".join(parts)


def _tier_text(tier: TierAmount, currency: str) -> str:
    """A tier's quantity with its price; where packages or a flat price count, with its amount."""
    quantity, price = quantity_text(tier.quantity), tier.unit_price_cents
    if tier.quantity * price == tier.amount_cents:
        return f"{quantity} at {price_text(price, currency)}"
    return f"{quantity} for {price_text(tier.amount_cents, currency)}"


def _digits(currency: str) -> int:
    return CURRENCIES[currency].minor_units


def _grouped(number: Decimal, digits: int) -> str:
    text = f"{abs(number):,.{digits}f}"
    return f"{MINUS}{text}" if number < 0 else text
