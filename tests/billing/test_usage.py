from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import (
    Aggregation,
    DailyLevel,
    DailyQuantity,
    LevelUsage,
    MaxUsage,
    Period,
    SumUsage,
    Usage,
    UsageEvent,
    fold,
)
from app.billing.usage import aggregated
from tests.billing.examples import APRIL, ZONE, D, april, at, fraction
from tests.billing.strategies import events, quantities

HOUR = 3_600_000_000
SYDNEY = ZoneInfo("Australia/Sydney")


def used(usage: Usage, *days: date) -> Fraction:
    return fraction(usage.used(APRIL, days or APRIL.days))


def level(*changes: tuple[datetime, int], carried: int = 0, zone: ZoneInfo = ZONE) -> Usage:
    levels = [UsageEvent(instant, D(quantity)) for instant, quantity in changes]
    return fold("storage_gb_hours", Aggregation.TIME_WEIGHTED, levels, zone, D(carried))


def test_sums_and_peaks_fold_by_day() -> None:
    readings = [UsageEvent(at(2, 5), D("1.5")), UsageEvent(at(1, 23), D(4)), UsageEvent(at(2, 1), D(3))]
    assert fold("x", Aggregation.SUM, readings, ZONE) == SumUsage(
        "x", (DailyQuantity(april(1), D(4)), DailyQuantity(april(2), D("4.5")))
    )
    assert fold("x", Aggregation.MAX, readings, ZONE) == MaxUsage(
        "x", (DailyQuantity(april(1), D(4)), DailyQuantity(april(2), D(3)))
    )


def test_the_zone_decides_the_day_of_an_event() -> None:
    event = UsageEvent(datetime(2026, 3, 31, 13, tzinfo=UTC), D(1))
    assert fold("x", Aggregation.SUM, [event], ZONE).days[0].date == date(2026, 3, 31)
    assert fold("x", Aggregation.SUM, [event], SYDNEY).days[0].date == april(1)


def test_a_day_of_levels() -> None:
    usage = level((at(3, 18), 40), (at(3, 6), 100))
    assert usage == LevelUsage("storage_gb_hours", (DailyLevel(april(3), at(3, 6), D(40), D((1200 + 240) * HOUR)),))
    assert used(usage, april(3)) == 1440
    assert used(usage, april(4)) == 40 * 24
    assert used(usage, april(2)) == 0


def test_figure_7_a_level_in_unit_hours() -> None:
    usage = level((at(1), 100), (at(16, 12), 40))
    assert used(usage) == 100 * 372 + 40 * 348 == 51120


def test_a_level_is_carried_from_earlier_months_until_the_first_event() -> None:
    assert used(level(carried=10)) == 10 * 720
    assert used(level((at(2, 12), 0), carried=10)) == 10 * 36


def test_a_level_changed_on_a_day_that_is_not_billed_still_holds_after_it() -> None:
    usage = level((at(1), 100), (at(5, 12), 40))
    assert used(usage, april(4), april(6)) == 24 * 140


def test_of_levels_at_one_instant_the_highest_holds_whatever_their_order() -> None:
    assert level((at(1), 7), (at(1), 9)) == level((at(1), 9), (at(1), 7))
    assert used(level((at(1), 9), (at(1), 7)), april(1)) == 9 * 24


def test_days_of_23_and_25_hours() -> None:
    autumn, spring = Period(date(2026, 4, 1), SYDNEY), Period(date(2026, 10, 1), SYDNEY)
    assert fraction(level(carried=1).used(autumn, autumn.days)) == 30 * 24 + 1
    assert fraction(level(carried=1).used(spring, spring.days)) == 31 * 24 - 1
    noon = datetime(2026, 4, 5, 12, tzinfo=SYDNEY)
    assert fraction(level((noon, 1), carried=2, zone=SYDNEY).used(autumn, [april(5)])) == 2 * 13 + 12


def test_what_is_shown_by_day() -> None:
    assert level((at(29, 12), 2), carried=1).daily(APRIL, APRIL.days[27:]) == (
        DailyQuantity(april(28), D(24)),
        DailyQuantity(april(29), D(36)),
        DailyQuantity(april(30), D(48)),
    )
    rows = (DailyQuantity(april(1), D(4)), DailyQuantity(april(2), D(3)))
    assert MaxUsage("x", rows).daily(APRIL, [april(2)]) == rows[1:]


def test_the_highest_reading_of_the_days_asked_for_counts() -> None:
    usage = MaxUsage("x", (DailyQuantity(april(1), D(4)), DailyQuantity(april(2), D(3))))
    assert [used(usage), used(usage, april(2)), used(usage, april(3))] == [4, 3, 0]


@pytest.mark.parametrize("day", [date(2026, 3, 31), date(2026, 5, 1)])
def test_usage_of_another_month_is_not_rated(day: date) -> None:
    row = DailyQuantity(day, D(1))
    stray: list[Usage] = [
        SumUsage("x", (row,)),
        MaxUsage("x", (row,)),
        LevelUsage("x", (DailyLevel(day, datetime(day.year, day.month, day.day, tzinfo=UTC), D(1), D(1)),)),
    ]
    for usage in stray:
        with pytest.raises(ValueError, match=str(day)):
            usage.used(APRIL, APRIL.days)


@given(st.sampled_from(Aggregation), st.permutations(range(12)), events)
def test_the_order_of_events_does_not_matter(
    aggregation: Aggregation, order: list[int], given: list[UsageEvent]
) -> None:
    shuffled = [given[n] for n in order if n < len(given)]
    assert fold("x", aggregation, shuffled, ZONE) == fold("x", aggregation, given, ZONE)


@given(events, st.integers(2, 5))
def test_a_sum_does_not_notice_how_its_events_are_split(given: list[UsageEvent], parts: int) -> None:
    split = [
        UsageEvent(event.occurred_at, piece)
        for event in given
        for piece in [*[D("0.001")] * parts, event.quantity + 1 - D("0.001") * parts]
    ]
    whole = [UsageEvent(event.occurred_at, event.quantity + 1) for event in given]
    assert fold("x", Aggregation.SUM, split, ZONE) == fold("x", Aggregation.SUM, whole, ZONE)


@given(events, quantities)
def test_unit_hours_are_the_area_under_the_level(given: list[UsageEvent], carried: Decimal) -> None:
    """Against the plain integral over the month, no days involved."""
    steps = [*sorted([UsageEvent(APRIL.starts_at, D(-1)), *given]), UsageEvent(APRIL.ends_at, D(0))]
    area = Fraction()
    for step, following in pairwise(steps):
        held = carried if step.quantity < 0 else step.quantity
        area += Fraction(held) * ((following.occurred_at - step.occurred_at) // timedelta(microseconds=1))
    assert used(fold("x", Aggregation.TIME_WEIGHTED, given, ZONE, carried)) == area / HOUR


@given(st.sampled_from(Aggregation), quantities)
def test_usage_known_only_as_an_aggregate_aggregates_to_it(aggregation: Aggregation, quantity: Decimal) -> None:
    assert used(aggregated("x", aggregation, quantity, APRIL)) == Fraction(quantity)
