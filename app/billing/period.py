"""A billing period is a calendar month in the billing time zone, half-open; its days are what is billable or not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


class ActiveSpan(NamedTuple):
    """Days on which a subscription was active, both ends included; last_day None is still open."""

    first_day: date
    last_day: date | None


@lru_cache(maxsize=4096)
def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in a zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The day of the zone that holds an aware instant."""
    return instant.astimezone(zone).date()


def last_active_day(ended_at: datetime, zone: ZoneInfo) -> date:
    """The last day of a subscription that was paused or cancelled at an aware instant.

    It is the day of that instant, unless the instant is the day's very first: then the subscription was active at no
    time of that day, and its last day is the one before.
    """
    day = day_of(ended_at, zone)
    return day - ONE_DAY if ended_at == day_start(day, zone) else day


def microseconds(start: datetime, end: datetime) -> int:
    """Real time between two aware instants."""
    return (end.astimezone(UTC) - start.astimezone(UTC)) // MICROSECOND


@lru_cache(maxsize=4096)
def day_microseconds(day: date, zone: ZoneInfo) -> int:
    """How long a day of a zone really is: 23 or 25 hours where clocks change."""
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
        """The month that holds a day or an aware instant."""
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
    """The period's days on which the subscription was active at any time, those before its trial's end day left out.

    The day on which a trial ends is billable, as a start day is.
    """
    first = period.start if trial_ends_at is None else max(period.start, day_of(trial_ends_at, period.zone))
    if first == period.start and any(_covers(span, period) for span in spans):
        return period.days
    return tuple(day for day in period.days if day >= first and any(_holds(span, day) for span in spans))


def _covers(span: ActiveSpan, period: Period) -> bool:
    return span.first_day <= period.start and (span.last_day is None or span.last_day >= period.last_day)


def _holds(span: ActiveSpan, day: date) -> bool:
    return span.first_day <= day and (span.last_day is None or day <= span.last_day)
