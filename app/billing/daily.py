"""A month of daily quantities in a compact form that is read, rated and stored: two short values instead of thirty
rows.

Reading usage takes most of a rollup's time. Iterating over the quantities gives rows.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from json import JSONDecoder
from typing import NamedTuple, overload

from app.billing.money import decimal_text
from app.billing.period import ONE_DAY, Period

_json_integers: Callable[[str], tuple[list[int], int]] = JSONDecoder().raw_decode


class DailyQuantity(NamedTuple):
    """One day's total (SUM), peak (MAX) or, in reports of usage, unit-hours (TIME_WEIGHTED)."""

    date: date
    quantity: Decimal


class ResourceDailyUsage(NamedTuple):
    """One resource's part of daily usage: peaks (MAX) or unit-hours (TIME_WEIGHTED), on the days that have any."""

    resource_id: str
    days: tuple[DailyQuantity, ...]


class DailyQuantities(Sequence[DailyQuantity]):
    """The daily quantities of one resource kind in the month that begins on `start`, at most one per day.

    mask: bit n stands for the n-th day after `start`. text: the quantities of those days in order, as plain decimals
    (see decimal_text), separated by spaces. An instance is equal to any sequence of the same rows.
    """

    __slots__ = ("mask", "start", "text")

    def __init__(self, start: date, mask: int, text: str) -> None:
        self.start = start
        self.mask = mask
        self.text = text

    @classmethod
    def of(cls, rows: Sequence[DailyQuantity], period: Period) -> "DailyQuantities":
        """Builds the compact form of a month's daily quantities. Raises ValueError for a day of another month, or two
        quantities of one day.
        """
        if isinstance(rows, cls):
            if rows.start != period.start:
                raise ValueError(f"usage of the month from {rows.start} is outside the period from {period.start}")
            return rows
        mask = 0
        for row in rows:
            if not period.start <= row.date < period.end:
                raise ValueError(f"usage of {row.date} is outside the period from {period.start}")
            bit = 1 << (row.date - period.start).days
            if mask >= bit:
                raise ValueError(f"usage of {row.date} appears twice or out of order")
            mask |= bit
        return cls(period.start, mask, " ".join([decimal_text(row.quantity) for row in rows]))

    @property
    def dates(self) -> tuple[date, ...]:
        return _dates(self.start, self.mask)

    def on(self, days: Sequence[date], period: Period) -> list[str]:
        """Returns the texts of the quantities on the given days of the period."""
        texts = self.text.split()
        if len(days) == len(period.days):
            return texts
        requested_days = set(days)
        return [text for day, text in zip(self.dates, texts, strict=True) if day in requested_days]

    def integers_on(self, days: Sequence[date], period: Period) -> list[int]:
        """Returns the quantities on the given days of the period. All quantities must be integers."""
        if len(days) == len(period.days):
            # Takes half the time of calling int() for each, which dominates the time of rating a month.
            return _json_integers(f"[{self.text.replace(' ', ',')}]")[0]
        return list(map(int, self.on(days, period)))

    def __len__(self) -> int:
        return self.mask.bit_count()

    def __iter__(self) -> Iterator[DailyQuantity]:
        return map(DailyQuantity, self.dates, map(Decimal, self.text.split()))

    @overload
    def __getitem__(self, index: int) -> DailyQuantity: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[DailyQuantity]: ...
    def __getitem__(self, index: int | slice) -> DailyQuantity | Sequence[DailyQuantity]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DailyQuantities):
            return (self.start, self.mask, self.text) == (other.start, other.mask, other.text)
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"DailyQuantities({self.start}, {day_ranges(self.mask)!r}, {self.text!r})"


@lru_cache(maxsize=4096)
def _dates(start: date, mask: int) -> tuple[date, ...]:
    return tuple(start + ONE_DAY * offset for offset in range(mask.bit_length()) if mask >> offset & 1)


@lru_cache(maxsize=4096)
def day_ranges(mask: int) -> str:
    """Formats the days of a month for people: "1-30", "1 3-5"."""
    ranges = []
    day = 1
    while mask:
        skipped = (mask & -mask).bit_length() - 1
        mask >>= skipped
        length = (~mask & mask + 1).bit_length() - 1
        first, last = day + skipped, day + skipped + length - 1
        ranges.append(str(first) if length == 1 else f"{first}-{last}")
        mask >>= length
        day = last + 1
    return " ".join(ranges)


@lru_cache(maxsize=4096)
def mask_of_ranges(text: str) -> int:
    """Parses day numbers in the format of `day_ranges`."""
    mask = 0
    for part in text.split():
        first, _, last = part.partition("-")
        for day in range(int(first), int(last or first) + 1):
            mask |= 1 << (day - 1)
    return mask
