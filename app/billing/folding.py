"""Folds the events of one resource kind into their daily form."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.billing.daily import DailyQuantity
from app.billing.money import ZERO, add, fma
from app.billing.period import ONE_DAY, day_of, day_start, microseconds
from app.billing.terms import Aggregation
from app.billing.usage import DailyLevel, LevelStream, LevelUsage, MaxUsage, PeakStream, SumUsage, Usage

_quantity = attrgetter("quantity")
_occurrence = attrgetter("occurred_at", "quantity")
_NO_LEVELS: Mapping[str | None, Decimal] = MappingProxyType({})
_NO_ENDS: Mapping[str, datetime] = MappingProxyType({})


class UsageEvent(NamedTuple):
    """A metered quantity at an aware instant: an amount (SUM), a reading (MAX) or a new level (TIME_WEIGHTED).

    resource_id is the resource that it was metered of, None if the event names none.
    """

    occurred_at: datetime
    quantity: Decimal
    resource_id: str | None = None


def fold(  # noqa: PLR0917 - the events and what is known of them
    resource_kind: str,
    aggregation: Aggregation,
    events: Iterable[UsageEvent],
    zone: ZoneInfo,
    carried_levels: Mapping[str | None, Decimal] = _NO_LEVELS,
    ended_at: Mapping[str, datetime] = _NO_ENDS,
) -> Usage:
    """One kind's events, in any order, in daily form; readings and levels in a stream for each resource.

    Of levels that one stream has at the same instant the highest holds. carried_levels: by resource, the levels that
    earlier months ended with. ended_at: by resource, the instant at which it ended, for those that ended on a day of
    the events' month: from then on its level is 0, and its readings and levels at or after it do not count.
    """
    if aggregation is Aggregation.SUM:
        totals = (DailyQuantity(day, reduce(add, map(_quantity, group))) for day, group in _by_day(events, zone))
        return SumUsage(resource_kind, tuple(totals))
    streams: dict[str | None, list[UsageEvent]] = defaultdict(list)
    for event in events:
        end = ended_at.get(event.resource_id) if event.resource_id is not None else None
        if end is None or event.occurred_at < end:
            streams[event.resource_id].append(event)
    if aggregation is Aggregation.MAX:
        return MaxUsage(resource_kind, tuple(_peaks(resource_id, streams, zone) for resource_id in _in_order(streams)))
    for resource_id, level in carried_levels.items():
        if level:
            streams[resource_id]  # exists from here on
    for resource_id, end in ended_at.items():
        if resource_id in streams:
            streams[resource_id].append(UsageEvent(end, ZERO, resource_id))
    levels = (
        LevelStream(
            resource_id,
            tuple(_fold_levels(day, group, zone) for day, group in _by_day(streams[resource_id], zone)),
            carried_levels.get(resource_id, ZERO),
        )
        for resource_id in _in_order(streams)
    )
    return LevelUsage(resource_kind, tuple(levels))


def _by_day(events: Iterable[UsageEvent], zone: ZoneInfo) -> list[tuple[date, list[UsageEvent]]]:
    ordered = sorted(events, key=_occurrence)
    return [(day, list(group)) for day, group in groupby(ordered, lambda event: day_of(event.occurred_at, zone))]


def _in_order(resource_ids: Iterable[str | None]) -> list[str | None]:
    return sorted(resource_ids, key=lambda resource_id: (resource_id is not None, resource_id or ""))


def _peaks(resource_id: str | None, streams: Mapping[str | None, list[UsageEvent]], zone: ZoneInfo) -> PeakStream:
    days = (DailyQuantity(day, max(map(_quantity, group))) for day, group in _by_day(streams[resource_id], zone))
    return PeakStream(resource_id, tuple(days))


def _fold_levels(day: date, events: Sequence[UsageEvent], zone: ZoneInfo) -> DailyLevel:
    ends = [*(event.occurred_at for event in events[1:]), day_start(day + ONE_DAY, zone)]
    total = ZERO
    for event, end in zip(events, ends, strict=True):
        total = fma(event.quantity, microseconds(event.occurred_at, end), total)
    return DailyLevel(day, events[0].occurred_at, events[-1].quantity, total)
