"""Aggregates the events of one resource kind into daily usage."""

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
    """A metered quantity at a time-zone-aware instant: an amount (SUM), a reading (MAX) or a new level (TIME_WEIGHTED).

    resource_id is the resource that was metered; None if the event names none.
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
    """Returns one kind's events, in any order, as daily usage; readings and levels have a stream for each resource.

    If a stream has several levels at the same instant, the highest counts. carried_levels: for each resource, its level
    at the end of the earlier months. ended_at: for each resource that ended on a day of the events' month, the instant
    at which it ended: its level is 0 from then on, and its readings and levels at or after that instant do not count.
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
            streams[resource_id]  # creates the stream, also if no reading counts
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
