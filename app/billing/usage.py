"""Metered usage of one resource kind in its daily form: one row a day, folded from events, aggregated over days.

A day is a day of the billing zone. Usage rated for a period holds rows of that period only, in ascending order.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from itertools import groupby
from operator import attrgetter
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from app.billing.daily import DailyQuantities, DailyQuantity
from app.billing.money import ZERO, Ratio, add, fma, multiply, to_decimal
from app.billing.period import ONE_DAY, Period, day_microseconds, day_of, day_start, microseconds
from app.billing.terms import Aggregation

MICROSECONDS_PER_HOUR = 3_600_000_000


class UsageEvent(NamedTuple):
    """A metered quantity at an aware instant: an amount (SUM), a reading (MAX) or a new level (TIME_WEIGHTED)."""

    occurred_at: datetime
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
    """Amounts that add up."""

    aggregation: ClassVar = Aggregation.SUM
    resource_kind: str
    days: Sequence[DailyQuantity]

    def used(self, period: Period, days: Sequence[date]) -> Ratio:
        rows = DailyQuantities.of(self.days, period)
        amounts = rows.on(days, period)
        if "." not in rows.text:
            return Ratio(Decimal(sum(map(int, amounts))))
        return Ratio(reduce(add, map(Decimal, amounts), ZERO))

    def daily(self, period: Period, days: Sequence[date]) -> tuple[DailyQuantity, ...]:
        return _rows_on(self.days, period, days)


@dataclass(frozen=True, slots=True)
class MaxUsage:
    """Readings of which the highest counts."""

    aggregation: ClassVar = Aggregation.MAX
    resource_kind: str
    days: Sequence[DailyQuantity]

    def used(self, period: Period, days: Sequence[date]) -> Ratio:
        rows = DailyQuantities.of(self.days, period)
        readings = rows.on(days, period)
        if "." not in rows.text:
            return Ratio(Decimal(max(map(int, readings), default=0)))
        return Ratio(max(map(Decimal, readings), default=ZERO))

    def daily(self, period: Period, days: Sequence[date]) -> tuple[DailyQuantity, ...]:
        return _rows_on(self.days, period, days)


@dataclass(frozen=True, slots=True)
class LevelUsage:
    """A level that holds until the next event, in unit-hours over time.

    carried_level: what earlier months left standing at the period's start (0 when none did).
    """

    aggregation: ClassVar = Aggregation.TIME_WEIGHTED
    resource_kind: str
    days: tuple[DailyLevel, ...]
    carried_level: Decimal = ZERO

    def used(self, period: Period, days: Sequence[date]) -> Ratio:
        total = reduce(add, (amount for _, amount in self._level_microseconds(period, days)), ZERO)
        return Ratio(total, MICROSECONDS_PER_HOUR)

    def daily(self, period: Period, days: Sequence[date]) -> tuple[DailyQuantity, ...]:
        return tuple(
            DailyQuantity(day, to_decimal(Ratio(amount, MICROSECONDS_PER_HOUR)))
            for day, amount in self._level_microseconds(period, days)
            if amount
        )

    def _level_microseconds(self, period: Period, days: Sequence[date]) -> Iterator[tuple[date, Decimal]]:
        _check_rows(self.days, period)
        rows = {row.date: row for row in self.days}
        wanted = set(days)
        level = self.carried_level
        for day in period.days:
            row = rows.get(day)
            if day in wanted:
                yield day, _day_level_microseconds(level, day, row, period.zone)
            if row is not None:
                level = row.last_level


Usage = SumUsage | MaxUsage | LevelUsage


def _day_level_microseconds(level: Decimal, day: date, row: DailyLevel | None, zone: ZoneInfo) -> Decimal:
    if row is None:
        return multiply(level, day_microseconds(day, zone))
    before = microseconds(day_start(day, zone), row.first_at)
    return fma(level, before, row.level_microseconds)


def _check_rows(rows: Sequence[DailyLevel], period: Period) -> None:
    if rows and not period.start <= rows[0].date <= rows[-1].date < period.end:
        raise ValueError(f"usage from {rows[0].date} to {rows[-1].date} is not in the period from {period.start}")


def _rows_on(rows: Sequence[DailyQuantity], period: Period, days: Sequence[date]) -> tuple[DailyQuantity, ...]:
    wanted = set(days)
    return tuple(row for row in DailyQuantities.of(rows, period) if row.date in wanted)


def fold(
    resource_kind: str,
    aggregation: Aggregation,
    events: Iterable[UsageEvent],
    zone: ZoneInfo,
    carried_level: Decimal = ZERO,
) -> Usage:
    """One kind's events, in any order, in daily form. Of levels set at the same instant the highest holds."""
    days = [(day, list(group)) for day, group in groupby(sorted(events), lambda event: day_of(event.occurred_at, zone))]
    match aggregation:
        case Aggregation.SUM:
            totals = (DailyQuantity(day, reduce(add, map(_quantity, group))) for day, group in days)
            return SumUsage(resource_kind, tuple(totals))
        case Aggregation.MAX:
            return MaxUsage(resource_kind, tuple(DailyQuantity(day, max(map(_quantity, group))) for day, group in days))
        case Aggregation.TIME_WEIGHTED:
            levels = tuple(_fold_levels(day, group, zone) for day, group in days)
            return LevelUsage(resource_kind, levels, carried_level)


def aggregated(resource_kind: str, aggregation: Aggregation, quantity: Decimal, period: Period) -> Usage:
    """Usage of a period of which only the aggregate is known, as if it all fell on the first day."""
    match aggregation:
        case Aggregation.SUM:
            return SumUsage(resource_kind, (DailyQuantity(period.start, quantity),))
        case Aggregation.MAX:
            return MaxUsage(resource_kind, (DailyQuantity(period.start, quantity),))
        case Aggregation.TIME_WEIGHTED:
            level_microseconds = multiply(quantity, MICROSECONDS_PER_HOUR)
            return LevelUsage(resource_kind, (DailyLevel(period.start, period.starts_at, ZERO, level_microseconds),))


_quantity = attrgetter("quantity")


def _fold_levels(day: date, events: Sequence[UsageEvent], zone: ZoneInfo) -> DailyLevel:
    ends = [*(event.occurred_at for event in events[1:]), day_start(day + ONE_DAY, zone)]
    total = ZERO
    for event, end in zip(events, ends, strict=True):
        total = fma(event.quantity, microseconds(event.occurred_at, end), total)
    return DailyLevel(day, events[0].occurred_at, events[-1].quantity, total)
