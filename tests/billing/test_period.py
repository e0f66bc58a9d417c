from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import ActiveSpan, Period, billable_days, day_of, last_active_day
from app.billing.period import day_microseconds
from tests.billing.examples import APRIL, ZONE, april, at

SYDNEY = ZoneInfo("Australia/Sydney")
HOUR = 3_600_000_000


def test_a_period_is_a_half_open_month() -> None:
    assert (APRIL.start, APRIL.last_day, APRIL.end) == (april(1), april(30), date(2026, 5, 1))
    assert len(APRIL.days) == 30
    assert APRIL.next() == Period(date(2026, 5, 1), ZONE)
    assert APRIL.previous() == Period(date(2026, 3, 1), ZONE)


def test_a_leap_february_has_29_days() -> None:
    assert len(Period(date(2028, 2, 1), ZONE).days) == 29
    assert len(Period(date(2026, 2, 1), ZONE).days) == 28


def test_a_period_starts_on_the_first() -> None:
    with pytest.raises(ValueError, match="2026-04-02"):
        Period(april(2), ZONE)


def test_the_zone_decides_which_month_holds_an_instant() -> None:
    instant = datetime(2026, 3, 31, 13, 30, tzinfo=UTC)
    assert Period.holding(instant, ZONE).start == date(2026, 3, 1)
    assert Period.holding(instant, SYDNEY).start == date(2026, 4, 1)
    assert Period.holding(april(30), SYDNEY).start == april(1)
    assert Period(april(1), SYDNEY).starts_at == datetime(2026, 3, 31, 13, tzinfo=UTC)
    assert Period(april(1), SYDNEY).ends_at == datetime(2026, 4, 30, 14, tzinfo=UTC)


def test_days_are_as_long_as_their_zone_makes_them() -> None:
    assert day_microseconds(date(2026, 4, 5), SYDNEY) == 25 * HOUR
    assert day_microseconds(date(2026, 10, 4), SYDNEY) == 23 * HOUR
    assert day_microseconds(date(2026, 4, 5), ZONE) == 24 * HOUR


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 Hypothesis takes its bounds naive
def test_every_instant_is_in_exactly_one_period(instant: datetime) -> None:
    period = Period.holding(instant, SYDNEY)
    assert period.starts_at <= instant < period.ends_at
    assert period.ends_at == period.next().starts_at
    assert day_of(instant, SYDNEY) in period.days


def test_an_offset_is_no_zone_of_its_own() -> None:
    east = timezone(timedelta(hours=10))
    assert day_of(datetime(2026, 4, 1, 5, tzinfo=east), ZONE) == date(2026, 3, 31)


def days_of(*spans: tuple[int, int | None], trial_ends_at: datetime | None = None) -> list[int]:
    active = [ActiveSpan(april(first), None if last is None else april(last)) for first, last in spans]
    return [day.day for day in billable_days(APRIL, active, trial_ends_at)]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(1, None)], range(1, 31)),
        ([(1, 30)], range(1, 31)),
        ([(20, None)], range(20, 31)),
        ([(1, 10)], range(1, 11)),
        ([(1, 10), (20, None)], [*range(1, 11), *range(20, 31)]),
        ([(1, 10), (10, None)], range(1, 31)),  # paused and resumed on one day
        ([(7, 7)], [7]),  # cancelled on the day it started
        ([(1, 3), (3, 3), (3, 5)], range(1, 6)),
        ([], []),
    ],
)
def test_the_days_of_starts_pauses_and_ends_are_billable(
    spans: list[tuple[int, int | None]], expected: list[int] | range
) -> None:
    assert days_of(*spans) == list(expected)


@pytest.mark.parametrize(
    ("ended_at", "zone", "last"),
    [
        (at(10), ZONE, april(9)),  # BIL-M1
        (at(10) + timedelta(microseconds=1), ZONE, april(10)),
        (at(10) - timedelta(microseconds=1), ZONE, april(9)),
        (at(10, 12), ZONE, april(10)),
        (at(1), ZONE, date(2026, 3, 31)),
        (datetime(2026, 4, 9, 14, tzinfo=UTC), SYDNEY, april(9)),  # midnight there
        (at(10), SYDNEY, april(10)),  # 10 in the morning there
        (datetime(2026, 4, 10, tzinfo=timezone(timedelta(hours=10))), SYDNEY, april(9)),
        # Clocks go forward at midnight: the day's first instant is 01:00.
        (datetime(2026, 9, 6, 1, tzinfo=ZoneInfo("America/Santiago")), ZoneInfo("America/Santiago"), date(2026, 9, 5)),
        # Clocks go back at midnight, to 23:00 of the day that was ending: it ends an hour later.
        (datetime(2026, 4, 5, 3, tzinfo=UTC), ZoneInfo("America/Santiago"), date(2026, 4, 4)),
        (datetime(2026, 4, 5, 4, tzinfo=UTC), ZoneInfo("America/Santiago"), date(2026, 4, 4)),
    ],
)
def test_m1_the_day_that_ends_at_its_first_instant_does_not_count(
    ended_at: datetime, zone: ZoneInfo, last: date
) -> None:
    assert last_active_day(ended_at, zone) == last


def test_a_span_that_starts_and_ends_at_one_midnight_has_no_day() -> None:
    assert billable_days(APRIL, [ActiveSpan(april(10), last_active_day(at(10), ZONE))]) == ()


def test_spans_of_other_months_do_not_count() -> None:
    before = ActiveSpan(date(2026, 1, 1), date(2026, 3, 31))
    after = ActiveSpan(date(2026, 5, 1), None)
    assert billable_days(APRIL, [before, after]) == ()
    assert billable_days(APRIL, [ActiveSpan(date(2026, 1, 1), date(2026, 4, 2)), after]) == (april(1), april(2))


@pytest.mark.parametrize(
    ("ends_at", "first"),
    [
        (at(10), 10),  # at midnight: the day that begins is billable
        (at(10, 12), 10),  # in the middle of a day: active beyond the trial on that day
        (datetime(2026, 3, 20, tzinfo=UTC), 1),
        (at(1), 1),
    ],
)
def test_days_in_trial_are_not_billable(ends_at: datetime, first: int) -> None:
    assert days_of((1, None), trial_ends_at=ends_at) == list(range(first, 31))


def test_a_trial_beyond_the_month_leaves_nothing() -> None:
    assert days_of((1, None), trial_ends_at=datetime(2026, 5, 1, tzinfo=UTC)) == []
