"""Metered usage of one resource kind in its daily form: one row a day, folded from events, aggregated over days.

A day is a day of the billing zone. Usage of a period carries only that period's days, ascending.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.billing.terms import Aggregation


class UsageEvent(NamedTuple):
    """A metered quantity at an aware instant: an amount (SUM), a reading (MAX) or a new level (TIME_WEIGHTED)."""

    occurred_at: datetime
    quantity: Decimal


class DailyQuantity(NamedTuple):
    """One day's total (SUM), peak (MAX) or unit-hours (TIME_WEIGHTED, shown only)."""

    date: date
    quantity: Decimal


class DailyLevel(NamedTuple):
    """One day of a level. Before `first_at` the level of earlier days holds, from then on the day's own.

    level_microseconds is the sum of level x microseconds from first_at to the end of the day.
    """

    date: date
    first_at: datetime
    last_level: Decimal
    level_microseconds: Decimal


@dataclass(frozen=True, slots=True)
class SumUsage:
    resource_kind: str
    days: tuple[DailyQuantity, ...]


@dataclass(frozen=True, slots=True)
class MaxUsage:
    resource_kind: str
    days: tuple[DailyQuantity, ...]


@dataclass(frozen=True, slots=True)
class LevelUsage:
    """carried_level: the level that earlier months left standing at the period's start (0 when none did)."""

    resource_kind: str
    days: tuple[DailyLevel, ...]
    carried_level: Decimal = Decimal(0)


Usage = SumUsage | MaxUsage | LevelUsage


def fold(
    resource_kind: str,
    aggregation: Aggregation,
    events: Iterable[UsageEvent],
    zone: ZoneInfo,
    carried_level: Decimal = Decimal(0),
) -> Usage:
    """One kind's events, in any order, in daily form. Of levels set at the same instant the highest holds."""
    raise NotImplementedError
