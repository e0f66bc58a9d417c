"""The results of rating: lines of an invoice or quote, and the explanation of each line."""

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
    """The part of the billable quantity in one tier, (from_quantity, to_quantity], and its price.

    The amount is exact and includes the tier's flat price. For a MAX kind it is the amount before multiplication by the
    share of the month.
    """

    from_quantity: Decimal
    to_quantity: Decimal | None
    quantity: Decimal
    unit_price_cents: Decimal
    amount_cents: Decimal


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a line's amount was computed; quantities, days and tiers only where the line has them.

    exact_cents is the amount before rounding. The lines of one series (a subscription's base prices, or its overage of
    one kind) are rounded cumulatively, so that they add up to the rounded sum of their exact amounts. daily_usage is
    the sum over the resources; resource_usage is the part of each resource, without events that name no resource.
    Decimals are exact to 12 fractional digits.
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
    """The source of a line, from which its explanation is derived."""

    def explanation(self) -> Explanation: ...


class Line(NamedTuple):
    """One line, rounded to cents. `key` is unique in its quote and the same whenever the same inputs are rated.

    A base, add-on or tax line has quantity 1 and its full price as unit price. An overage line has the billable
    quantity and the unit price of the tier in which it ends (of one package for PACKAGE). An adjustment has quantity 1,
    its amount as unit price, and the charge_id of the one-off charge that it bills.
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
        """Derives the line's explanation from its charge."""
        return self.charge.explanation()


@dataclass(frozen=True, slots=True)
class RatedMonth:
    """A tenant's month as lines; total = subtotal + tax = the sum of all lines."""

    period: Period
    currency: str
    lines: tuple[Line, ...]
    subtotal_cents: int
    tax_cents: int
    total_cents: int
