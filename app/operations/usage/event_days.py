"""Determines the day in the billing time zone on which an event occurred. It is stored with the event.

PostgreSQL has its own time zone data, which may differ, so no SQL statement computes the day of an instant.
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
"""Nearly three years of quarter hours. Beyond that, the cache is cleared: events can be of any instant."""


class EventDay(NamedTuple):
    """A day, and its encoded field for COPY."""

    date: date
    encoded: bytes


class EventDays:
    """Caches the days of one zone by quarter hour: nearly everywhere days begin, and clocks change, on the quarter
    hour. A quarter hour that contains two days is not cached.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._quarters: dict[int, EventDay] = {}

    def of(self, microseconds: int) -> EventDay:
        """Returns the day on which an instant lies, given in microseconds since 1970."""
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
    """Returns the cache of the days of a time zone, which all batches share."""
    return EventDays(zone)
