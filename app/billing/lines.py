"""What rating yields: lines of an invoice or quote, and the explanation of each."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from app.billing.daily import DailyQuantity, ResourceDailyUsage
from app.billing.period import Period


class LineKind(StrEnum):
    PLAN_BASE = "PLAN_BASE"
    ADDON = "ADDON"
    OVERAGE = "OVERAGE"
    ADJUSTMENT = "ADJUSTMENT"  # a one-off charge or credit
    TAX = "TAX"


class TierAmount(NamedTuple):
    """What one tier, (from_quantity, to_quantity], took of the billable quantity.

    The amount is exact, holds the tier's flat price, and stands before the share of the month that a MAX kind's
    charge is multiplied by.
    """

    from_quantity: Decimal
    to_quantity: Decimal | None
    quantity: Decimal
    unit_price_cents: Decimal
    amount_cents: Decimal


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a line's amount came about; quantities, days and tiers only where the line has them.

    exact_cents is the amount before rounding; the lines of one series (a subscription's bases, or its overage of one
    kind) are rounded cumulatively, so that they add up to the rounded sum of their exact amounts. daily_usage is the
    sum over the resources; resource_usage is the part of each, without events that name no resource. Decimals are exact
    to 12 fractional digits.
    """

    formula: str
    exact_cents: Decimal
    used_quantity: Decimal | None = None
    included_quantity: Decimal | None = None
    billable_quantity: Decimal | None = None
    billable_days: int | None = None
    period_days: int | None = None
    tiers: tuple[TierAmount, ...] = ()
    daily_usage: tuple[DailyQuantity, ...] = ()
    resource_usage: tuple[ResourceDailyUsage, ...] = ()


class Explainable(Protocol):
    """What a line was made from, and can be explained by."""

    def explanation(self) -> Explanation: ...


class Line(NamedTuple):
    """One line, rounded to cents. `key` is unique in its quote and the same whenever the same inputs are rated.

    A base, add-on or tax line has quantity 1 at its full price; an overage line has the billable quantity at the price
    of the tier that holds its end (of one package under PACKAGE); an adjustment has quantity 1 at its amount, and the
    charge_id of the one-off charge that it bills.
    """

    key: str
    kind: LineKind
    description: str
    resource_kind: str | None
    quantity: Decimal
    unit_price_cents: Decimal
    amount_cents: int
    deployment_id: str | None
    subscription_id: str | None
    addon_id: str | None
    charge: Explainable
    charge_id: str | None = None

    @property
    def explanation(self) -> Explanation:
        """Derived when asked for."""
        return self.charge.explanation()


@dataclass(frozen=True, slots=True)
class RatedMonth:
    """A tenant's month in lines; total = subtotal + tax = the sum of all lines."""

    period: Period
    currency: str
    lines: tuple[Line, ...]
    subtotal_cents: int
    tax_cents: int
    total_cents: int
