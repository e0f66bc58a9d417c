"""Writes a month's usage of one kind as canonical text, with the days of the month as numbers, and reads it back."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.billing.daily import DailyQuantities, DailyQuantity, day_ranges, mask_of_ranges
from app.billing.json_text import instant_text, list_text, optional_text, quoted
from app.billing.money import decimal_text
from app.billing.period import Period
from app.billing.terms import Aggregation
from app.billing.usage import DailyLevel, LevelStream, LevelUsage, MaxUsage, PeakStream, SumUsage, Usage


def usage_text(usage: Usage, period: Period) -> str:
    kind = f'{quoted(usage.resource_kind)},"{usage.aggregation}"'
    match usage:
        case SumUsage():
            return f"[{kind},{_quantities_text(usage.days, period)}]"
        case MaxUsage():
            peaks = (
                f"[{optional_text(stream.resource_id)},{_quantities_text(stream.days, period)}]"
                for stream in usage.streams
            )
            return f"[{kind},{list_text(peaks)}]"
        case LevelUsage():
            levels = (_level_stream_text(stream, usage.resource_kind, period) for stream in usage.streams)
            return f"[{kind},{list_text(levels)}]"


def _quantities_text(rows: Sequence[DailyQuantity], period: Period) -> str:
    days = DailyQuantities.of(rows, period)
    return f'"{day_ranges(days.mask)}","{days.text}"'


def _level_stream_text(stream: LevelStream, kind: str, period: Period) -> str:
    if any(not period.start <= row.date < period.end for row in stream.days):
        raise ValueError(f"usage of {kind} is outside the period from {period.start}")
    levels = [
        f'[{row.date.day},"{instant_text(row.first_at)}"'
        f',"{decimal_text(row.last_level)}","{decimal_text(row.level_microseconds)}"]'
        for row in stream.days
    ]
    return f'[{optional_text(stream.resource_id)},{list_text(levels)},"{decimal_text(stream.carried_level)}"]'


def usage_of(value: list[Any], period: Period) -> Usage:
    match value:
        case [str(kind), Aggregation.SUM, str(ranges), str(text)]:
            return SumUsage(kind, _quantities(kind, ranges, text, period))
        case [str(kind), Aggregation.MAX, list(streams)]:
            return MaxUsage(
                kind,
                tuple(
                    PeakStream(resource_id, _quantities(kind, ranges, text, period))
                    for resource_id, ranges, text in streams
                ),
            )
        case [str(kind), Aggregation.TIME_WEIGHTED, list(streams)]:
            return LevelUsage(
                kind,
                tuple(
                    LevelStream(resource_id, tuple(_level(row, period) for row in rows), Decimal(carried))
                    for resource_id, rows, carried in streams
                ),
            )
        case _:
            raise ValueError(f"this is not usage: {value!r}")


def _quantities(kind: str, ranges: str, text: str, period: Period) -> DailyQuantities:
    days = DailyQuantities(period.start, mask_of_ranges(ranges), text)
    if len(text.split()) != len(days) or days.mask.bit_length() > len(period.days):
        raise ValueError(f"usage of {kind} has another number of quantities than of days")
    return days


def _level(row: list[Any], period: Period) -> DailyLevel:
    day, first_at, last_level, level_microseconds = row
    return DailyLevel(
        period.days[day - 1], datetime.fromisoformat(first_at), Decimal(last_level), Decimal(level_microseconds)
    )
