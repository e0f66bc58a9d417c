"""The day of the billing time zone in which an event occurred: decided here, once, and stored with the event.

PostgreSQL has time zone data of its own, which may differ: no statement makes a day of an instant.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.billing import day_of
from app.database import copy_format

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER_HOUR = 900_000_000
_MAX_QUARTERS = 100_000
"""Nearly three years of quarter hours. More are forgotten: events of any instant may come."""


class EventDay(NamedTuple):
    """A day, and the field of a row to copy that holds it."""

    date: date
    encoded: bytes


class EventDays:
    """The days of one zone, remembered by the quarter hour: days begin, and clocks change, on the quarter hour nearly
    everywhere. A quarter hour that two days share is not remembered.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._quarters: dict[int, EventDay] = {}

    def of(self, microseconds: int) -> EventDay:
        """The day of an instant, given in microseconds since 1970."""
        return self._quarters.get(microseconds // _QUARTER_HOUR) or self._find(microseconds)

    def _find(self, microseconds: int) -> EventDay:
        quarter = microseconds // _QUARTER_HOUR
        day = self._day(microseconds)
        event_day = EventDay(day, copy_format.day(day))
        if self._day(quarter * _QUARTER_HOUR) == self._day((quarter + 1) * _QUARTER_HOUR - 1):
            if len(self._quarters) >= _MAX_QUARTERS:
                self._quarters.clear()
            self._quarters[quarter] = event_day
        return event_day

    def _day(self, microseconds: int) -> date:
        return day_of(_EPOCH + timedelta(microseconds=microseconds), self._zone)


@lru_cache(maxsize=8)
def event_days(zone: ZoneInfo) -> EventDays:
    """Those of the zone, shared by all batches."""
    return EventDays(zone)
