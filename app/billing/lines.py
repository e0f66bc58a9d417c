"""What rating yields: lines of an invoice or quote, and the explanation of each."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from app.billing.period import Period
from app.billing.usage import DailyQuantity


class LineKind(StrEnum):
    PLAN_BASE = "PLAN_BASE"
    ADDON = "ADDON"
    OVERAGE = "OVERAGE"
    TAX = "TAX"


class TierCharge(NamedTuple):
    """What one tier, (from_quantity, to_quantity], took of the billable quantity, its flat price in the amount."""

    from_quantity: Decimal
    to_quantity: Decimal | None
    quantity: Decimal
    unit_price_cents: Decimal
    amount_cents: Decimal


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a line's amount came about; quantities, days and tiers only where the line has them."""

    formula: str
    exact_cents: Decimal
    used_quantity: Decimal | None = None
    included_quantity: Decimal | None = None
    billable_quantity: Decimal | None = None
    billable_days: int | None = None
    period_days: int | None = None
    tiers: tuple[TierCharge, ...] = ()
    daily_usage: tuple[DailyQuantity, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line, rounded to cents. `key` is unique in its quote and the same whenever the same inputs are rated."""

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

    @property
    def explanation(self) -> Explanation:
        """Derived when asked for."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Quote:
    """A tenant's month in lines; total = subtotal + tax = the sum of all lines."""

    period: Period
    currency: str
    lines: tuple[Line, ...]
    subtotal_cents: int
    tax_cents: int
    total_cents: int
