"""The inputs of the running month: cut off now (month to date) or extrapolated to the month's end (forecast).

The extrapolation is linear. Amounts (SUM) keep the average rate of the active time so far, including trial days; for
readings (MAX), the highest day repeats; levels (TIME_WEIGHTED) stay as they are. Days that will not be active get no
usage. A plan change that is already pending takes effect on its day.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from app.billing.daily import DailyQuantity
from app.billing.inputs import SubscriptionInputs
from app.billing.money import ZERO, Ratio, add, multiply, subtract, to_decimal
from app.billing.period import (
    ONE_DAY,
    ActiveSpan,
    Period,
    billable_days,
    day_microseconds,
    day_of,
    day_start,
    microseconds,
)
from app.billing.usage import DailyLevel, LevelStream, LevelUsage, MaxUsage, PeakStream, SumUsage, Usage


def month_to_date(subscription: SubscriptionInputs, period: Period, now: datetime) -> SubscriptionInputs:
    """Returns the subscription as if the month ended now: today is its last day, and levels end at this instant."""
    if now >= period.ends_at:
        return subscription
    today = day_of(now, period.zone)
    spans = tuple(
        ActiveSpan(span.first_day, min(span.last_day or today, today))
        for span in subscription.active_spans
        if span.first_day <= today
    )
    usage = tuple(_until(usage, now, period) for usage in subscription.usage)
    charges = tuple(charge for charge in subscription.charges if charge.charged_on <= today)
    return replace(subscription, active_spans=spans, usage=usage, charges=charges)


def extrapolated(subscription: SubscriptionInputs, period: Period, now: datetime) -> SubscriptionInputs:
    """Returns the subscription with its usage until now extrapolated to the month's end."""
    if not period.starts_at < now < period.ends_at:
        return subscription
    today = day_of(now, period.zone)
    spans = subscription.active_spans
    elapsed = [day for day in billable_days(period, spans) if day <= today]
    # A span that ends today counts as ended already: the rest of today is not active.
    remaining_days = billable_days(period, [span for span in spans if span.last_day is None or span.last_day > today])
    remaining_days = tuple(day for day in remaining_days if day >= today)
    usage = tuple(_extrapolated_usage(usage, elapsed, remaining_days, now, period) for usage in subscription.usage)
    return replace(subscription, usage=usage)


def _until(usage: Usage, now: datetime, period: Period) -> Usage:
    today = day_of(now, period.zone)
    match usage:
        case SumUsage():
            return replace(usage, days=_rows_until(usage.days, today))
        case MaxUsage():
            return replace(usage, streams=tuple(s._replace(days=_rows_until(s.days, today)) for s in usage.streams))
        case LevelUsage():
            return replace(
                usage, streams=tuple(s._replace(days=_levels_until(s, now, today, period)) for s in usage.streams)
            )


def _rows_until(rows: Sequence[DailyQuantity], today: date) -> tuple[DailyQuantity, ...]:
    return tuple(row for row in rows if row.date <= today)


def _levels_until(stream: LevelStream, now: datetime, today: date, period: Period) -> tuple[DailyLevel, ...]:
    """Returns the daily levels so far, with an event that sets the level to 0 now."""
    if now < period.starts_at:
        return ()
    before = tuple(row for row in stream.days if row.date < today)
    row = next((row for row in stream.days if row.date == today), None)
    if row is None or row.first_at >= now:
        return (*before, DailyLevel(today, now, ZERO, ZERO))
    remaining_microseconds = microseconds(now, day_start(today + ONE_DAY, period.zone))
    # Events a few minutes in the future are accepted; their levels must not make the rest of the day negative.
    level_until_now = max(subtract(row.level_microseconds, multiply(row.last_level, remaining_microseconds)), ZERO)
    return (*before, DailyLevel(today, row.first_at, ZERO, level_until_now))


def _extrapolated_usage(
    usage: Usage, elapsed: Sequence[date], remaining_days: Sequence[date], now: datetime, period: Period
) -> Usage:
    match usage:
        case LevelUsage():
            return usage
        case MaxUsage():
            return _repeat_highest_day(usage, elapsed, remaining_days, period)
        case SumUsage():
            added = _pace(usage.used(period, elapsed), elapsed, remaining_days, now, period)
            return replace(usage, days=_added(usage.days, added))


def _repeat_highest_day(
    usage: MaxUsage, elapsed: Sequence[date], remaining_days: Sequence[date], period: Period
) -> MaxUsage:
    """Copies the readings of the highest elapsed day, of all streams, to each remaining day whose total is lower."""
    totals = dict(usage.daily(period, period.days))
    highest = max(elapsed, key=lambda day: totals.get(day, ZERO), default=None)
    if highest is None:
        return usage
    lower = {day for day in remaining_days if totals.get(day, ZERO) < totals.get(highest, ZERO)}
    return replace(usage, streams=tuple(_repeated(stream, highest, lower) for stream in usage.streams))


def _repeated(stream: PeakStream, day: date, onto: AbstractSet[date]) -> PeakStream:
    rows = {row.date: row.quantity for row in stream.days}
    unchanged = {other: quantity for other, quantity in rows.items() if other not in onto}
    if day in rows:
        unchanged |= dict.fromkeys(onto, rows[day])
    return stream._replace(days=tuple(DailyQuantity(other, unchanged[other]) for other in sorted(unchanged)))


def _pace(
    used: Ratio, elapsed: Sequence[date], remaining_days: Sequence[date], now: datetime, period: Period
) -> Iterator[tuple[date, Decimal]]:
    """Yields the amount that the average rate of the elapsed days adds on each future day. The running total is
    rounded, so that the amounts add up exactly.
    """
    elapsed_time = sum(min(_time_of(day, period), _time_until(now, day, period)) for day in elapsed)
    if not elapsed_time:
        return
    time, total = 0, ZERO
    for day in remaining_days:
        time += _time_of(day, period) - max(_time_until(now, day, period), 0)
        running = to_decimal(Ratio(multiply(used.numerator, time), used.denominator * elapsed_time))
        yield day, subtract(running, total)
        total = running


def _time_of(day: date, period: Period) -> int:
    return day_microseconds(day, period.zone)


def _time_until(now: datetime, day: date, period: Period) -> int:
    return microseconds(day_start(day, period.zone), now)


def _added(rows: Sequence[DailyQuantity], added: Iterable[tuple[date, Decimal]]) -> tuple[DailyQuantity, ...]:
    merged = {row.date: row.quantity for row in rows}
    for day, quantity in added:
        if quantity:
            merged[day] = add(merged.get(day, ZERO), quantity)
    return tuple(DailyQuantity(day, merged[day]) for day in sorted(merged))
