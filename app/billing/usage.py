"""Metered usage of one resource kind as daily rows, and its aggregation over days.

A day is a day in the billing time zone. Usage of a period has rows of that period only, in ascending order. Amounts
(SUM) add up per deployment. Readings (MAX) and levels (TIME_WEIGHTED) belong to a resource: each resource has a stream
of its own, and events without a resource form one more stream.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from itertools import pairwise
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from app.billing.daily import DailyQuantities, DailyQuantity, ResourceDailyUsage
from app.billing.money import ZERO, Ratio, add, fma, multiply, to_decimal
from app.billing.period import Period, day_microseconds, day_start, microseconds
from app.billing.terms import Aggregation

MICROSECONDS_PER_HOUR = 3_600_000_000


class DailyLevel(NamedTuple):
    """One day of a resource's level. Before `first_at`, the level of the earlier days applies; from then on, the day's
    own levels.

    level_microseconds is the sum of level x microseconds from first_at to the end of the day.
    """

    date: date
    first_at: datetime
    last_level: Decimal
    level_microseconds: Decimal


class PeakStream(NamedTuple):
    """The highest reading of each day, of one resource or (resource_id None) of the events without a resource."""

    resource_id: str | None
    days: Sequence[DailyQuantity]


class LevelStream(NamedTuple):
    """The levels of one resource or (resource_id None) of the events without a resource.

    carried_level is the last level of earlier months, which applies from the period's start; 0 if there was none.
    """

    resource_id: str | None
    days: tuple[DailyLevel, ...]
    carried_level: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class SumUsage:
    """Usage of a resource kind aggregated by SUM: daily amounts."""

    aggregation: ClassVar = Aggregation.SUM
    resource_kind: str
    days: Sequence[DailyQuantity]

    def used(self, period: Period, days: Sequence[date]) -> Ratio:
        rows = DailyQuantities.of(self.days, period)
        if "." not in rows.text:
            return Ratio(Decimal(sum(rows.integers_on(days, period))))
        return Ratio(reduce(add, map(Decimal, rows.on(days, period)), ZERO))

    def daily(self, period: Period, days: Sequence[date]) -> tuple[DailyQuantity, ...]:
        return _rows_on(self.days, period, days)

    def by_resource(self, period: Period, days: Sequence[date]) -> tuple[ResourceDailyUsage, ...]:
        """Returns an empty tuple: amounts are not stored per resource."""
        return ()


@dataclass(frozen=True, slots=True)
class MaxUsage:
    """Usage of a resource kind aggregated by MAX: the highest day counts. A day's quantity is the sum of each stream's
    peak on it.

    The streams are in order: resource_id None first, then by resource_id. Raises ValueError for any other order.
    """

    aggregation: ClassVar = Aggregation.MAX
    resource_kind: str
    streams: tuple[PeakStream, ...]

    def __post_init__(self) -> None:
        if len(self.streams) > 1:
            _check_order(self.resource_kind, self.streams)

    def used(self, period: Period, days: Sequence[date]) -> Ratio:
        if len(self.streams) != 1:
            return Ratio(max((row.quantity for row in self.daily(period, days)), default=ZERO))
        rows = DailyQuantities.of(self.streams[0].days, period)
        if "." not in rows.text:
            return Ratio(Decimal(max(rows.integers_on(days, period), default=0)))
        return Ratio(max(map(Decimal, rows.on(days, period)), default=ZERO))

    def daily(self, period: Period, days: Sequence[date]) -> tuple[DailyQuantity, ...]:
        return _added_up(_rows_on(stream.days, period, days) for stream in self.streams)

    def by_resource(self, period: Period, days: Sequence[date]) -> tuple[ResourceDailyUsage, ...]:
        return _of_resources((stream.resource_id, _rows_on(stream.days, period, days)) for stream in self.streams)


@dataclass(frozen=True, slots=True)
class LevelUsage:
    """Usage of a resource kind aggregated by TIME_WEIGHTED: each level lasts until its stream's next event; `used` is
    in unit-hours.

    The streams are in order: resource_id None first, then by resource_id. Raises ValueError for any other order.
    """

    aggregation: ClassVar = Aggregation.TIME_WEIGHTED
    resource_kind: str
    streams: tuple[LevelStream, ...]

    def __post_init__(self) -> None:
        if len(self.streams) > 1:
            _check_order(self.resource_kind, self.streams)

    def used(self, period: Period, days: Sequence[date]) -> Ratio:
        amounts = (amount for stream in self.streams for _, amount in _level_microseconds(stream, period, days))
        return Ratio(reduce(add, amounts, ZERO), MICROSECONDS_PER_HOUR)

    def daily(self, period: Period, days: Sequence[date]) -> tuple[DailyQuantity, ...]:
        # The streams are added up before the division, so that the sum is rounded once.
        totals: dict[date, Decimal] = defaultdict(lambda: ZERO)
        for stream in self.streams:
            for day, amount in _level_microseconds(stream, period, days):
                totals[day] = add(totals[day], amount)
        return _unit_hours(sorted(totals.items()))

    def by_resource(self, period: Period, days: Sequence[date]) -> tuple[ResourceDailyUsage, ...]:
        return _of_resources(
            (stream.resource_id, _unit_hours(_level_microseconds(stream, period, days))) for stream in self.streams
        )


Usage = SumUsage | MaxUsage | LevelUsage


def aggregated(resource_kind: str, aggregation: Aggregation, quantity: Decimal, period: Period) -> Usage:
    """Returns usage of a period of which only the aggregate is known, as if all of it occurred on the first day."""
    match aggregation:
        case Aggregation.SUM:
            return SumUsage(resource_kind, (DailyQuantity(period.start, quantity),))
        case Aggregation.MAX:
            return MaxUsage(resource_kind, (PeakStream(None, (DailyQuantity(period.start, quantity),)),))
        case Aggregation.TIME_WEIGHTED:
            level_microseconds = multiply(quantity, MICROSECONDS_PER_HOUR)
            day = DailyLevel(period.start, period.starts_at, ZERO, level_microseconds)
            return LevelUsage(resource_kind, (LevelStream(None, (day,)),))


def _level_microseconds(stream: LevelStream, period: Period, days: Sequence[date]) -> Iterator[tuple[date, Decimal]]:
    _check_rows(stream.days, period)
    rows = {row.date: row for row in stream.days}
    requested_days = set(days)
    level = stream.carried_level
    for day in period.days:
        row = rows.get(day)
        if day in requested_days:
            yield day, _day_level_microseconds(level, day, row, period.zone)
        if row is not None:
            level = row.last_level


def _day_level_microseconds(level: Decimal, day: date, row: DailyLevel | None, zone: ZoneInfo) -> Decimal:
    if row is None:
        return multiply(level, day_microseconds(day, zone))
    before = microseconds(day_start(day, zone), row.first_at)
    return fma(level, before, row.level_microseconds)


def _unit_hours(amounts: Iterable[tuple[date, Decimal]]) -> tuple[DailyQuantity, ...]:
    return tuple(
        DailyQuantity(day, to_decimal(Ratio(amount, MICROSECONDS_PER_HOUR))) for day, amount in amounts if amount
    )


def _check_order(resource_kind: str, streams: Sequence[PeakStream | LevelStream]) -> None:
    """Raises ValueError unless the streams are in order: None before any text (an empty text can be a
    resource's id).
    """
    order = [(stream.resource_id is not None, stream.resource_id or "") for stream in streams]
    if any(following <= before for before, following in pairwise(order)):
        raise ValueError(f"the streams of {resource_kind} are not in order of resource, each once: {order}")


def _check_rows(rows: Sequence[DailyLevel], period: Period) -> None:
    if rows and not period.start <= rows[0].date <= rows[-1].date < period.end:
        raise ValueError(f"usage from {rows[0].date} to {rows[-1].date} is not in the period from {period.start}")


def _rows_on(rows: Sequence[DailyQuantity], period: Period, days: Sequence[date]) -> tuple[DailyQuantity, ...]:
    requested_days = set(days)
    return tuple(row for row in DailyQuantities.of(rows, period) if row.date in requested_days)


def _added_up(streams: Iterable[tuple[DailyQuantity, ...]]) -> tuple[DailyQuantity, ...]:
    totals: dict[date, Decimal] = {}
    for rows in streams:
        for day, quantity in rows:
            totals[day] = add(totals[day], quantity) if day in totals else quantity
    return tuple(DailyQuantity(day, totals[day]) for day in sorted(totals))


def _of_resources(
    streams: Iterable[tuple[str | None, tuple[DailyQuantity, ...]]],
) -> tuple[ResourceDailyUsage, ...]:
    return tuple(
        ResourceDailyUsage(resource_id, days) for resource_id, days in streams if resource_id is not None and days
    )
