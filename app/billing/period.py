"""A billing period: a calendar month in the billing time zone, half-open, and its billable days."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


class ActiveSpan(NamedTuple):
    """Days on which a subscription was active, both ends included; last_day None: it is still active."""

    first_day: date
    last_day: date | None


@lru_cache(maxsize=4096)
def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Returns the first instant of a day in a zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """Returns the day in the zone that contains a time-zone-aware instant."""
    return instant.astimezone(zone).date()


def last_active_day(ended_at: datetime, zone: ZoneInfo) -> date:
    """Returns the last active day of a subscription that was paused or cancelled at a time-zone-aware instant.

    It is the day of that instant. If the instant is the first of its day, the subscription was not active on that day,
    and its last active day is the previous one.
    """
    day = day_of(ended_at, zone)
    return day - ONE_DAY if ended_at == day_start(day, zone) else day


def microseconds(start: datetime, end: datetime) -> int:
    """Returns the real time between two time-zone-aware instants, in microseconds."""
    return (end.astimezone(UTC) - start.astimezone(UTC)) // MICROSECOND


@lru_cache(maxsize=4096)
def day_microseconds(day: date, zone: ZoneInfo) -> int:
    """Returns the length of a day in a zone in microseconds: 23 or 25 hours where clocks change."""
    return microseconds(day_start(day, zone), day_start(day + ONE_DAY, zone))


@dataclass(frozen=True, slots=True)
class Period:
    """One calendar month, [start, end) in `zone`; `start` is its first day."""

    start: date
    zone: ZoneInfo
    end: date = field(init=False, compare=False)
    days: tuple[date, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.start.day != 1:
            raise ValueError(f"a period starts on the first of a month, not on {self.start}")
        end = (self.start + timedelta(days=31)).replace(day=1)
        object.__setattr__(self, "end", end)
        object.__setattr__(self, "days", tuple(self.start + ONE_DAY * n for n in range((end - self.start).days)))

    @classmethod
    def holding(cls, moment: date | datetime, zone: ZoneInfo) -> Self:
        """Returns the month that contains a day or a time-zone-aware instant."""
        day = day_of(moment, zone) if isinstance(moment, datetime) else moment
        return cls(day.replace(day=1), zone)

    @property
    def starts_at(self) -> datetime:
        return day_start(self.start, self.zone)

    @property
    def ends_at(self) -> datetime:
        return day_start(self.end, self.zone)

    @property
    def last_day(self) -> date:
        return self.days[-1]

    def next(self) -> "Period":
        return Period(self.end, self.zone)

    def previous(self) -> "Period":
        return Period((self.start - ONE_DAY).replace(day=1), self.zone)


def billable_days(
    period: Period, spans: Sequence[ActiveSpan], trial_ends_at: datetime | None = None
) -> tuple[date, ...]:
    """Returns the period's days on which the subscription was active at any time, without the days before the trial's
    end day.

    The day on which a trial ends is billable, and so is the day on which a subscription starts.
    """
    first = period.start if trial_ends_at is None else max(period.start, day_of(trial_ends_at, period.zone))
    if first == period.start and any(_covers(span, period) for span in spans):
        return period.days
    return tuple(day for day in period.days if day >= first and any(_holds(span, day) for span in spans))


def _covers(span: ActiveSpan, period: Period) -> bool:
    return span.first_day <= period.start and (span.last_day is None or span.last_day >= period.last_day)


def _holds(span: ActiveSpan, day: date) -> bool:
    return span.first_day <= day and (span.last_day is None or day <= span.last_day)
