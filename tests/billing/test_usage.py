from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import (
    Aggregation,
    DailyLevel,
    DailyQuantity,
    LevelStream,
    LevelUsage,
    MaxUsage,
    PeakStream,
    Period,
    ResourceDailyUsage,
    SumUsage,
    Usage,
    UsageEvent,
    fold,
)
from app.billing.period import day_start
from app.billing.usage import aggregated
from tests.billing.examples import APRIL, ZONE, D, april, at, fraction, peaks
from tests.billing.strategies import carried_levels, events, quantities

HOUR = 3_600_000_000
SYDNEY = ZoneInfo("Australia/Sydney")


def used(usage: Usage, *days: date) -> Fraction:
    return fraction(usage.used(APRIL, days or APRIL.days))


def level(*changes: tuple[datetime, int], carried: int = 0, zone: ZoneInfo = ZONE) -> Usage:
    levels = [UsageEvent(instant, D(quantity)) for instant, quantity in changes]
    return fold("storage_gb_hours", Aggregation.TIME_WEIGHTED, levels, zone, {None: D(carried)})


def test_sums_and_peaks_fold_by_day() -> None:
    readings = [UsageEvent(at(2, 5), D("1.5")), UsageEvent(at(1, 23), D(4)), UsageEvent(at(2, 1), D(3))]
    assert fold("x", Aggregation.SUM, readings, ZONE) == SumUsage(
        "x", (DailyQuantity(april(1), D(4)), DailyQuantity(april(2), D("4.5")))
    )
    assert fold("x", Aggregation.MAX, readings, ZONE) == MaxUsage(
        "x", (PeakStream(None, (DailyQuantity(april(1), D(4)), DailyQuantity(april(2), D(3)))),)
    )


def test_the_zone_decides_the_day_of_an_event() -> None:
    event = UsageEvent(datetime(2026, 3, 31, 13, tzinfo=UTC), D(1))
    assert fold("x", Aggregation.SUM, [event], ZONE) == SumUsage("x", (DailyQuantity(date(2026, 3, 31), D(1)),))
    assert fold("x", Aggregation.SUM, [event], SYDNEY) == SumUsage("x", (DailyQuantity(april(1), D(1)),))


def test_a_day_of_levels() -> None:
    usage = level((at(3, 18), 40), (at(3, 6), 100))
    day = DailyLevel(april(3), at(3, 6), D(40), D((1200 + 240) * HOUR))
    assert usage == LevelUsage("storage_gb_hours", (LevelStream(None, (day,)),))
    assert used(usage, april(3)) == 1440
    assert used(usage, april(4)) == 40 * 24
    assert used(usage, april(2)) == 0


def test_figure_7_a_level_in_unit_hours() -> None:
    usage = level((at(1), 100), (at(16, 12), 40))
    assert used(usage) == 100 * 372 + 40 * 348 == 51120


def test_figure_7_l1_each_resource_has_its_own_level() -> None:
    """BIL-L1: two volumes, 100 GB all month and 50 GB from 16 April 00:00."""
    events = [UsageEvent(at(1), D(100), "volume-1"), UsageEvent(at(16), D(50), "volume-2")]
    usage = fold("storage_gb_hours", Aggregation.TIME_WEIGHTED, events, ZONE)
    assert used(usage) == 100 * 720 + 50 * 360 == 90000
    assert usage.daily(APRIL, [april(15), april(16)]) == (
        DailyQuantity(april(15), D(2400)),
        DailyQuantity(april(16), D(3600)),
    )
    assert usage.by_resource(APRIL, [april(15), april(16)]) == (
        ResourceDailyUsage("volume-1", (DailyQuantity(april(15), D(2400)), DailyQuantity(april(16), D(2400)))),
        ResourceDailyUsage("volume-2", (DailyQuantity(april(16), D(1200)),)),
    )


def test_figure_8_l2_a_day_is_the_sum_of_the_resources_peaks() -> None:
    """BIL-L2: two resources sampled on one day at 80 and 60."""
    events = [UsageEvent(at(9, 1), D(80), "volume-1"), UsageEvent(at(9, 2), D(60), "volume-2")]
    usage = fold("storage_gb", Aggregation.MAX, events, ZONE)
    assert used(usage) == 140
    assert usage.daily(APRIL, APRIL.days) == (DailyQuantity(april(9), D(140)),)
    assert usage.by_resource(APRIL, APRIL.days) == (
        ResourceDailyUsage("volume-1", (DailyQuantity(april(9), D(80)),)),
        ResourceDailyUsage("volume-2", (DailyQuantity(april(9), D(60)),)),
    )


def test_peaks_of_different_days_do_not_add_up() -> None:
    assert used(peaks((None, {3: 5}), ("volume-1", {1: 80, 2: 10}), ("volume-2", {2: 60}))) == 80


def test_events_without_a_resource_are_one_more_stream() -> None:
    usage = fold(
        "x", Aggregation.MAX, [UsageEvent(at(1), D(5)), UsageEvent(at(1), D(7)), UsageEvent(at(1), D(2), "a")], ZONE
    )
    assert used(usage) == 9
    assert usage.by_resource(APRIL, APRIL.days) == (ResourceDailyUsage("a", (DailyQuantity(april(1), D(2)),)),)


def test_amounts_are_not_kept_by_resource() -> None:
    usage = fold("x", Aggregation.SUM, [UsageEvent(at(1), D(5), "a"), UsageEvent(at(1), D(7), "b")], ZONE)
    assert usage == SumUsage("x", (DailyQuantity(april(1), D(12)),))
    assert usage.by_resource(APRIL, APRIL.days) == ()


def test_a_resources_level_ends_with_the_resource() -> None:
    events = [UsageEvent(at(1), D(100), "a"), UsageEvent(at(16), D(70), "a"), UsageEvent(at(1), D(1), "b")]
    ended = {"a": at(10, 12), "never metered": at(5)}
    usage = fold("x", Aggregation.TIME_WEIGHTED, events, ZONE, {}, ended)
    assert used(usage) == 100 * (9 * 24 + 12) + 720
    carried = fold("x", Aggregation.TIME_WEIGHTED, [], ZONE, {"a": D(100)}, ended)
    assert carried == LevelUsage("x", (LevelStream("a", (DailyLevel(april(10), at(10, 12), D(0), D(0)),), D(100)),))
    assert used(carried) == 100 * (9 * 24 + 12)


def test_readings_at_or_after_a_resources_end_do_not_count() -> None:
    events = [UsageEvent(at(9), D(5), "a"), UsageEvent(at(10), D(7), "a"), UsageEvent(at(10), D(6))]
    assert fold("x", Aggregation.MAX, events, ZONE, {}, {"a": at(10)}) == peaks(
        (None, {10: 6}), ("a", {9: 5}), kind="x"
    )


@pytest.mark.parametrize("resource_ids", [["a", None], ["b", "a"], ["a", "a"], [None, None]])
def test_streams_are_in_order_and_each_once(resource_ids: list[str | None]) -> None:
    with pytest.raises(ValueError, match="streams of x are not in order"):
        MaxUsage("x", tuple(PeakStream(resource_id, ()) for resource_id in resource_ids))
    with pytest.raises(ValueError, match="streams of x are not in order"):
        LevelUsage("x", tuple(LevelStream(resource_id, ()) for resource_id in resource_ids))


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
    assert MaxUsage("x", (PeakStream(None, rows),)).daily(APRIL, [april(2)]) == rows[1:]


def test_the_highest_reading_of_the_days_asked_for_counts() -> None:
    usage = peaks((None, {1: 4, 2: 3}))
    assert [used(usage), used(usage, april(2)), used(usage, april(3))] == [4, 3, 0]


@pytest.mark.parametrize("day", [date(2026, 3, 31), date(2026, 5, 1)])
def test_usage_of_another_month_is_not_rated(day: date) -> None:
    row = DailyQuantity(day, D(1))
    stray: list[Usage] = [
        SumUsage("x", (row,)),
        MaxUsage("x", (PeakStream(None, (row,)),)),
        MaxUsage("x", (PeakStream(None, ()), PeakStream("volume-1", (row,)))),
        LevelUsage("x", (LevelStream(None, (DailyLevel(day, day_start(day, ZONE), D(1), D(1)),)),)),
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
        UsageEvent(event.occurred_at, piece, event.resource_id)
        for event in given
        for piece in [*[D("0.001")] * parts, event.quantity + 1 - D("0.001") * parts]
    ]
    whole = [UsageEvent(event.occurred_at, event.quantity + 1) for event in given]
    assert fold("x", Aggregation.SUM, split, ZONE) == fold("x", Aggregation.SUM, whole, ZONE)


@given(events, carried_levels)
def test_unit_hours_are_the_area_under_each_resources_level(
    given: list[UsageEvent], carried: dict[str | None, Decimal]
) -> None:
    """Compares the unit-hours with the integral of the level over the month, computed without days."""
    area = Fraction()
    for resource_id in (None, "volume-1", "volume-2"):
        of_resource = [event for event in given if event.resource_id == resource_id]
        steps = sorted((event.occurred_at, event.quantity) for event in of_resource)
        level = carried.get(resource_id, D(0))
        for (start, _), (end, _), held in zip(
            [(APRIL.starts_at, level), *steps],
            [*steps, (APRIL.ends_at, level)],
            [level, *(quantity for _, quantity in steps)],
            strict=True,
        ):
            area += Fraction(held) * ((end - start) // timedelta(microseconds=1))
    assert used(fold("x", Aggregation.TIME_WEIGHTED, given, ZONE, carried)) == area / HOUR


@given(events)
def test_a_day_is_the_sum_of_the_resources_highest_readings(given: list[UsageEvent]) -> None:
    highest: dict[tuple[date, str | None], Fraction] = {}
    for event in given:
        key = event.occurred_at.date(), event.resource_id
        highest[key] = max(highest.get(key, Fraction()), Fraction(event.quantity))
    by_day: dict[date, Fraction] = {}
    for (day, _), reading in highest.items():
        by_day[day] = by_day.get(day, Fraction()) + reading
    usage = fold("x", Aggregation.MAX, given, ZONE)
    assert used(usage) == max(by_day.values(), default=Fraction())
    assert {row.date: Fraction(row.quantity) for row in usage.daily(APRIL, APRIL.days)} == by_day


@given(st.sampled_from([Aggregation.MAX, Aggregation.TIME_WEIGHTED]), events, carried_levels)
def test_the_days_are_the_sum_of_the_resources_days(
    aggregation: Aggregation, given: list[UsageEvent], carried: dict[str | None, Decimal]
) -> None:
    whole_days = [event._replace(occurred_at=day_start(event.occurred_at.date(), ZONE)) for event in given]
    usage = fold("x", aggregation, whole_days, ZONE, carried)
    named = [event for event in whole_days if event.resource_id is not None]
    without = fold("x", aggregation, named, ZONE, {key: level for key, level in carried.items() if key is not None})
    summed: dict[date, Decimal] = {}
    for resource_id, days in without.by_resource(APRIL, APRIL.days):
        assert resource_id in {"volume-1", "volume-2"}
        for day, quantity in days:
            summed[day] = summed.get(day, D(0)) + quantity
    assert tuple(DailyQuantity(day, summed[day]) for day in sorted(summed)) == without.daily(APRIL, APRIL.days)
    assert usage.by_resource(APRIL, APRIL.days) == without.by_resource(APRIL, APRIL.days)


@given(st.sampled_from(Aggregation), quantities)
def test_usage_known_only_as_an_aggregate_aggregates_to_it(aggregation: Aggregation, quantity: Decimal) -> None:
    assert used(aggregated("x", aggregation, quantity, APRIL)) == Fraction(quantity)
