from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import (
    Aggregation,
    DailyQuantity,
    LineKind,
    PlanInForce,
    Proration,
    SubscriptionInputs,
    SumUsage,
    UsageEvent,
    billable_days,
    extrapolated,
    fold,
    month_to_date,
    rate_subscription,
    resource_usage,
)
from tests.billing.examples import (
    APRIL,
    HEADER,
    STUDIO,
    STUDIO_DAILY,
    ZONE,
    D,
    amounts,
    april,
    at,
    change_on,
    charge,
    fraction,
    hours,
    peak,
    peaks,
    plan,
    resource,
    subscription,
)
from tests.billing.strategies import instants, subscriptions


def used(inputs: SubscriptionInputs) -> list[Decimal]:
    return [row.quantity for row in resource_usage(HEADER, inputs)]


def daily(each: int, days: range) -> SumUsage:
    return SumUsage("droplet_hours", tuple(DailyQuantity(april(day), D(each)) for day in days))


def level(quantity: int, since: datetime) -> SubscriptionInputs:
    terms = plan(resource("storage_gb_hours", "0", aggregation=Aggregation.TIME_WEIGHTED))
    events = [UsageEvent(since, D(quantity))]
    return subscription(terms, fold("storage_gb_hours", Aggregation.TIME_WEIGHTED, events, ZONE, {None: D(10)}))


@pytest.mark.parametrize(
    ("now", "cents"), [(at(10, 12), 1667), (at(1), 167), (at(30, 23), 5000), (APRIL.ends_at, 5000)]
)
def test_month_to_date_ends_today(now: datetime, cents: int) -> None:
    lines = rate_subscription(HEADER, month_to_date(subscription(STUDIO_DAILY), APRIL, now))
    assert amounts(lines) == [(LineKind.PLAN_BASE, cents)]


def test_month_to_date_before_the_month_is_nothing() -> None:
    before = month_to_date(subscription(STUDIO, hours(5)), APRIL, APRIL.starts_at - timedelta(days=1))
    assert rate_subscription(HEADER, before) == []


def test_month_to_date_keeps_what_ended_earlier() -> None:
    paused = subscription(STUDIO_DAILY, active=((1, 5), (20, None)))
    assert len(billable_days(APRIL, month_to_date(paused, APRIL, at(12)).active_spans)) == 5


@pytest.mark.parametrize(
    ("now", "unit_hours"),
    [
        (at(2, 6), 10 * 30),  # only the level carried from earlier months
        (at(3, 12), 10 * 60),  # the very instant of the event
        (at(3, 18), 10 * 60 + 40 * 6),
        (at(4, 0), 10 * 60 + 40 * 12),
        (at(5, 1), 10 * 60 + 40 * 37),
    ],
)
def test_a_level_counts_until_now_and_not_to_the_end_of_the_day(now: datetime, unit_hours: int) -> None:
    assert used(month_to_date(level(40, at(3, 12)), APRIL, now)) == [unit_hours]


def test_an_event_let_in_ahead_of_now_does_not_count_yet() -> None:
    assert used(month_to_date(level(40, at(3, 12)), APRIL, at(3, 11, 58))) == [Decimal("599.666666666667")]


def test_amounts_keep_their_pace() -> None:
    forecast = extrapolated(subscription(STUDIO, daily(72, range(1, 16))), APRIL, at(16))
    assert amounts(rate_subscription(HEADER, forecast)) == [(LineKind.PLAN_BASE, 5000), (LineKind.OVERAGE, 672)]


def test_a_pace_that_does_not_divide_still_sums() -> None:
    assert used(extrapolated(subscription(STUDIO, hours(10)), APRIL, at(4))) == [100]


def test_today_counts_as_far_as_it_has_gone() -> None:
    assert used(extrapolated(subscription(STUDIO, hours(12)), APRIL, at(1, 12))) == [720]


def test_the_highest_reading_stays_and_a_level_holds() -> None:
    terms = plan(resource("storage_gb", "0", aggregation=Aggregation.MAX))
    assert used(extrapolated(subscription(terms, peak(7, day=2)), APRIL, at(10))) == [7]
    assert used(extrapolated(level(40, at(3, 12)), APRIL, at(10))) == [10 * 60 + 40 * 660]


def test_each_resources_level_counts_until_now() -> None:
    terms = plan(resource("storage_gb_hours", "0", aggregation=Aggregation.TIME_WEIGHTED))
    events = [UsageEvent(at(3, 12), D(40), "volume-1"), UsageEvent(at(4), D(5), "volume-2")]
    usage = fold("storage_gb_hours", Aggregation.TIME_WEIGHTED, events, ZONE, {"volume-2": D(1)})
    inputs = subscription(terms, usage)
    assert used(month_to_date(inputs, APRIL, at(3, 18))) == [40 * 6 + 66]
    assert used(month_to_date(inputs, APRIL, at(4, 6))) == [40 * 18 + 72 + 30]
    assert used(extrapolated(inputs, APRIL, at(4, 6))) == [40 * (12 + 27 * 24) + 72 + 5 * 27 * 24]


def test_the_readings_of_the_highest_day_stay_resource_by_resource() -> None:
    terms = plan(resource("storage_gb", "0", aggregation=Aggregation.MAX))
    readings = peaks(("volume-1", {2: 5, 3: 20, 10: 10}), ("volume-2", {2: 80, 10: 60}))
    forecast = extrapolated(subscription(terms, readings, active=((1, 12),)), APRIL, at(10, 12))
    assert forecast.usage == (
        peaks(("volume-1", {2: 5, 3: 20, 10: 5, 11: 5, 12: 5}), ("volume-2", {2: 80, 10: 80, 11: 80, 12: 80})),
    )
    assert used(forecast) == [85]


def test_a_day_ahead_that_is_higher_already_keeps_its_readings() -> None:
    terms = plan(resource("storage_gb", "0", aggregation=Aggregation.MAX))
    readings = peaks(("volume-1", {2: 5, 11: 7}), ("volume-2", {2: 1}))
    forecast = extrapolated(subscription(terms, readings, active=((1, 12),)), APRIL, at(10, 12))
    assert forecast.usage == (peaks(("volume-1", {2: 5, 10: 5, 11: 7, 12: 5}), ("volume-2", {2: 1, 10: 1, 12: 1})),)


def test_month_to_date_has_the_charges_so_far_and_the_forecast_all() -> None:
    inputs = subscription(STUDIO, charges=(charge(100, "c1", 5), charge(200, "c2", 6)))
    assert month_to_date(inputs, APRIL, at(5, 12)).charges == inputs.charges[:1]
    assert extrapolated(inputs, APRIL, at(5, 12)).charges == inputs.charges


def test_a_pace_is_that_of_active_days_and_goes_on_through_them_only() -> None:
    started = subscription(STUDIO, hours(50, day=11), active=((11, None),))
    assert used(extrapolated(started, APRIL, at(16))) == [200]
    paused_today = subscription(STUDIO, hours(50), active=((1, 15),))
    assert used(extrapolated(paused_today, APRIL, at(15, 6))) == [50]


def test_the_pace_of_a_trial_goes_on_after_it() -> None:
    trial = subscription(STUDIO, daily(10, range(1, 16)), trial_ends_at=at(21))
    assert resource_usage(HEADER, extrapolated(trial, APRIL, at(16)))[0].used_quantity == 100


def test_a_change_already_ordered_takes_its_days() -> None:
    plans = change_on(21, STUDIO_DAILY, replace(STUDIO_DAILY, resources=(resource(included="0"),)))
    lines = rate_subscription(HEADER, extrapolated(subscription(plans, daily(72, range(1, 11))), APRIL, at(11)))
    assert [line.explanation.used_quantity for line in lines[2:]] == [1440, 720]


@pytest.mark.parametrize("now", [APRIL.starts_at, APRIL.starts_at - timedelta(days=9), APRIL.ends_at])
def test_outside_the_month_nothing_is_carried(now: datetime) -> None:
    inputs = subscription(STUDIO, hours(5))
    assert extrapolated(inputs, APRIL, now) == inputs


@given(subscriptions(), instants)
def test_a_forecast_never_takes_usage_away(inputs: SubscriptionInputs, now: datetime) -> None:
    before = {row.resource_kind: row.quantity for row in resource_usage(HEADER, inputs)}
    after = {row.resource_kind: row.quantity for row in resource_usage(HEADER, extrapolated(inputs, APRIL, now))}
    assert all(after[kind] >= quantity for kind, quantity in before.items())


@given(st.integers(0, 10**6), st.integers(1, 29))
def test_a_forecast_is_proportional_at_the_turn_of_a_day(total: int, days: int) -> None:
    [row] = resource_usage(HEADER, extrapolated(subscription(STUDIO, hours(total)), APRIL, at(days + 1)))
    assert abs(Fraction(row.quantity) - Fraction(total * 30, days)) <= Fraction(1, 10**12)


@given(subscriptions(), instants, instants)
def test_month_to_date_only_grows(inputs: SubscriptionInputs, one: datetime, other: datetime) -> None:
    plans = tuple(PlanInForce(first, replace(terms, proration=Proration.NONE)) for first, terms in inputs.plans[:1])
    earlier, later = (month_to_date(replace(inputs, plans=plans), APRIL, now) for now in sorted([one, other]))
    assert all(a <= b for a, b in zip(days_and_use(earlier), days_and_use(later), strict=True))


def days_and_use(inputs: SubscriptionInputs) -> list[Fraction]:
    days = billable_days(APRIL, inputs.active_spans)
    return [Fraction(len(days)), *(fraction(usage.used(APRIL, days)) for usage in inputs.usage)]
