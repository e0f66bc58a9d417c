"""A plan change inside a month."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from app.billing import (
    Aggregation,
    DailyQuantity,
    LineKind,
    PlanInForce,
    PlanTerms,
    PriceModel,
    Proration,
    ResourceTerms,
    SubscriptionInputs,
    SumUsage,
    Tier,
    rate_subscription,
    resource_usage,
)
from tests.billing.examples import (
    HEADER,
    STUDIO,
    STUDIO_DAILY,
    D,
    april,
    change_on,
    every_day,
    hours,
    of_kind,
    peaks,
    plan,
    rated,
    resource,
    storage_addon,
    subscription,
    usage_row,
)
from tests.billing.strategies import subscriptions

BASE, OVERAGE = LineKind.PLAN_BASE, LineKind.OVERAGE


def test_a_change_without_proration_rates_the_month_on_the_last_billable_days_version() -> None:
    plans = change_on(16, STUDIO, replace(STUDIO, base_price_cents=9000))
    assert rated(subscription(plans, hours(1500))) == [(BASE, 9000), (OVERAGE, 12)]
    assert rated(subscription(plans, hours(1500), active=((1, 15),))) == [(BASE, 5000), (OVERAGE, 12)]


def test_a_daily_change_of_both_makes_segments_with_their_own_base_allowance_and_usage() -> None:
    # The same prices, but for a tier that no usage reaches: not equal terms.
    tiers = (Tier(D(10**9), D(1)), Tier(None, D(2)))
    after = plan(resource(tiers=tiers, model=PriceModel.GRADUATED), base=9000, proration=Proration.DAILY)
    plans = change_on(11, STUDIO_DAILY, after)
    inputs = subscription(plans, every_day(72), addons=(storage_addon(),))
    lines = rate_subscription(HEADER, inputs)
    assert [(line.key, line.amount_cents) for line in lines] == [
        ("pilot/base/studio@1", 1667),
        ("pilot/base/studio@2", 6000),
        ("pilot/addon/addon-1", 750),
        ("pilot/overage/droplet_hours/studio@1", 720 - 496),
        ("pilot/overage/droplet_hours/studio@2", 1440 - 992),
    ]
    assert [line.description for line in lines[:3]] == [
        "Plan: studio v1, 10 of 30 days",
        "Plan: studio v2, 20 of 30 days",
        "Addon: storage_50gb",
    ]
    assert [line.explanation.billable_days for line in lines] == [10, 20, 30, 10, 20]
    assert resource_usage(HEADER, inputs) == [usage_row("droplet_hours", 2160, 2160, 1488, 672)]


def test_a_version_returned_to_is_one_segment() -> None:
    other = replace(STUDIO_DAILY, version=2)
    plans = (PlanInForce(april(1), STUDIO_DAILY), PlanInForce(april(11), other), PlanInForce(april(21), STUDIO_DAILY))
    lines = rate_subscription(HEADER, subscription(plans))
    assert [(line.key, line.amount_cents) for line in lines] == [
        ("pilot/base/studio@1", 3333),
        ("pilot/base/studio@2", 1667),
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (STUDIO, STUDIO_DAILY, [(BASE, 2500), (BASE, 2500)]),
        (STUDIO_DAILY, STUDIO, [(BASE, 5000)]),
    ],
)
def test_the_last_days_version_says_whether_the_month_is_prorated(
    before: PlanTerms, after: PlanTerms, expected: list[tuple[LineKind, int]]
) -> None:
    assert rated(subscription(change_on(16, before, after))) == expected


def daily(*resources: ResourceTerms, base: int = 5000) -> PlanTerms:
    return plan(*resources, base=base, proration=Proration.DAILY)


def on(quantities: dict[int, int], kind: str = "droplet_hours") -> SumUsage:
    return SumUsage(kind, tuple(DailyQuantity(april(day), D(quantity)) for day, quantity in quantities.items()))


FIGURE_9_TIERS = (Tier(D(5), D(0), 100), Tier(D(10), D(0), 50), Tier(D(15), D(5)), Tier(None, D(1)))
THOUSAND = resource(included="1000")
GRADUATED = resource(included="0", tiers=FIGURE_9_TIERS, model=PriceModel.GRADUATED)
PACKAGE = resource(included="0", tiers=(Tier(None, D(90)),), model=PriceModel.PACKAGE, package_size=D(10))


def test_figure_9_s1_equal_terms_are_rated_as_if_nothing_had_changed() -> None:
    """BIL-S1: 1000 included, 0 used before the change and 1000 after it."""
    inputs = subscription(change_on(16, daily(THOUSAND), daily(THOUSAND)), on({16: 1000}))
    assert rated(inputs) == [(BASE, 2500), (BASE, 2500)]
    assert resource_usage(HEADER, inputs) == [usage_row("droplet_hours", 1000, 1000, 1000, 0)]


@pytest.mark.parametrize(
    ("terms", "quantities", "cents", "formula"),
    [
        (
            GRADUATED,
            {1: 12, 16: 10},
            182,
            "22 h over 0 included = 5 x 0c + 100c flat + 5 x 0c + 50c flat + 5 x 5c + 7 x 1c",
        ),
        (PACKAGE, {1: 11, 16: 11}, 270, "22 h over 0 included = 3 x 10 h x 90c"),
    ],
    ids=["BIL-S2", "figure 9, PACKAGE"],
)
def test_figure_9_s2_equal_terms_have_one_line(
    terms: ResourceTerms, quantities: dict[int, int], cents: int, formula: str
) -> None:
    lines = rate_subscription(HEADER, subscription(change_on(16, daily(terms), daily(terms)), on(quantities)))
    [line] = of_kind(lines, OVERAGE)
    assert (line.key, line.amount_cents) == ("pilot/overage/droplet_hours/studio@1", cents)
    assert (line.explanation.formula, line.explanation.billable_days) == (formula, 30)
    assert line.explanation.daily_usage == on(quantities).days


def test_figure_9_s3_bases_are_rounded_cumulatively() -> None:
    """BIL-S3: 5001 before and after is 2501 + 2500."""
    assert rated(subscription(change_on(16, daily(base=5001), daily(base=5001)))) == [(BASE, 2501), (BASE, 2500)]
    plans = tuple(PlanInForce(april(n), replace(daily(base=5000), version=n)) for n in range(1, 31))
    bases = rated(subscription(plans))
    assert [cents for _, cents in bases[:6]] == [167, 166, 167, 167, 166, 167]
    assert sum(cents for _, cents in bases) == 5000


def test_overage_lines_of_one_kind_are_rounded_cumulatively_and_of_another_apart() -> None:
    half = (Tier(None, D("0.5")),)
    before = daily(resource("a", "0", half), resource("b", "0", half), base=0)
    after = daily(resource("a", "0", half, PriceModel.VOLUME), resource("b", "0", half, PriceModel.VOLUME), base=0)
    inputs = subscription(change_on(16, before, after), *(on({1: 1, 16: 1}, kind) for kind in "ab"))
    assert [(line.key, line.amount_cents) for line in of_kind(rate_subscription(HEADER, inputs), OVERAGE)] == [
        ("pilot/overage/a/studio@1", 1),
        ("pilot/overage/a/studio@2", 0),
        ("pilot/overage/b/studio@1", 1),
        ("pilot/overage/b/studio@2", 0),
    ]


def test_each_kind_is_grouped_by_itself() -> None:
    before = daily(resource("a", "30"), resource("b", "30"))
    after = daily(resource("a", "30"), resource("b", "60"))
    inputs = subscription(change_on(16, before, after), on({1: 40}, "a"), on({1: 40, 16: 40}, "b"))
    assert [(line.key, line.amount_cents) for line in of_kind(rate_subscription(HEADER, inputs), OVERAGE)] == [
        ("pilot/overage/a/studio@1", 10),
        ("pilot/overage/b/studio@1", 25),
        ("pilot/overage/b/studio@2", 10),
    ]
    assert resource_usage(HEADER, inputs) == [usage_row("a", 40, 40, 30, 10), usage_row("b", 80, 80, 45, 35)]


@pytest.mark.parametrize(
    "change",
    [
        {"included_quantity": D(1)},
        {"price_model": PriceModel.GRADUATED, "package_size": None},
        {"tiers": (Tier(None, D(91)),)},
        {"package_size": D(11)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_terms_that_differ_in_anything_priced_are_rated_apart(change: dict[str, Any]) -> None:
    inputs = subscription(change_on(16, daily(PACKAGE), daily(replace(PACKAGE, **change))), on({1: 11, 16: 11}))
    lines = of_kind(rate_subscription(HEADER, inputs), OVERAGE)
    assert [line.key.rpartition("/")[2] for line in lines] == ["studio@1", "studio@2"]
    assert [line.explanation.billable_days for line in lines] == [15, 15]


def test_the_unit_and_the_way_a_number_is_written_do_not_make_terms_differ() -> None:
    after = resource(included="1000.0", tiers=(Tier(None, D("1.00")),), unit="h")
    inputs = subscription(change_on(16, daily(THOUSAND), daily(after)), on({16: 1001}))
    assert rated(inputs)[2:] == [(OVERAGE, 1)]


def test_a_group_takes_the_allowance_and_the_grants_for_its_days() -> None:
    """Equal terms on 1-10 and 21-30 April, others between: 20 days' share, of an add-on from 26 April 5 days'."""
    first, between = daily(THOUSAND), daily(resource(included="0", tiers=(Tier(None, D(3)),)))
    plans = (
        PlanInForce(april(1), first),
        PlanInForce(april(11), replace(between, version=2)),
        PlanInForce(april(21), replace(first, version=3)),
    )
    grant = replace(storage_addon(26, quantity="300"), resource_kind="droplet_hours")
    inputs = subscription(plans, on({5: 700, 15: 10, 25: 100}), addons=(grant,))
    first_group, second_group = of_kind(rate_subscription(HEADER, inputs), OVERAGE)
    assert (first_group.key, second_group.key) == (
        "pilot/overage/droplet_hours/studio@1",
        "pilot/overage/droplet_hours/studio@2",
    )
    assert first_group.explanation.included_quantity == D("716.666666666667")
    assert first_group.explanation.billable_days == 20
    assert [line.explanation.exact_cents for line in (first_group, second_group)] == [D("83.333333333333"), D(30)]
    assert [line.amount_cents for line in (first_group, second_group)] == [83, 30]


def test_a_group_has_its_days_in_order_though_a_version_is_returned_to() -> None:
    """Equal terms throughout, version 1 again from 21 April; an add-on from 16 to 22 April grants 7 days' share."""
    first = daily(THOUSAND)
    plans = (
        PlanInForce(april(1), first),
        PlanInForce(april(11), replace(first, version=2)),
        PlanInForce(april(21), first),
    )
    grant = replace(storage_addon(16, quantity="300", last_day=22), resource_kind="droplet_hours")
    [line] = of_kind(rate_subscription(HEADER, subscription(plans, on({30: 1071}), addons=(grant,))), OVERAGE)
    assert (line.explanation.included_quantity, line.amount_cents) == (D(1070), 1)


def test_a_kind_that_one_version_does_not_price_is_rated_on_the_days_of_the_others() -> None:
    plans = (
        PlanInForce(april(1), daily(THOUSAND)),
        PlanInForce(april(11), replace(daily(), version=2)),
        PlanInForce(april(16), replace(daily(THOUSAND), version=3)),
    )
    [line] = of_kind(rate_subscription(HEADER, subscription(plans, on({12: 9999, 16: 900}))), OVERAGE)
    assert (line.explanation.billable_days, line.explanation.included_quantity) == (25, D("833.333333333333"))
    assert line.amount_cents == 67


def test_the_highest_day_of_a_group_counts_once_with_the_groups_fraction() -> None:
    storage = resource("storage_gb", "50", (Tier(None, D(10)),), aggregation=Aggregation.MAX, unit="GB")
    plans = change_on(16, daily(storage), daily(storage))
    inputs = subscription(plans, peaks((None, {5: 70, 20: 80})), active=((1, 20),))
    [line] = of_kind(rate_subscription(HEADER, inputs), OVERAGE)
    assert (line.quantity, line.amount_cents) == (D(30), 200)


@given(subscriptions())
def test_equal_terms_throughout_cost_what_one_version_costs(inputs: SubscriptionInputs) -> None:
    """Splitting a month between plan versions with equal terms does not change the sum of any series."""
    terms = replace(inputs.plans[0].terms, proration=Proration.DAILY)
    single = replace(inputs, plans=(PlanInForce(april(1), terms),))
    versions = [replace(terms, version=version) for version in (1, 2, 3)]
    split = replace(single, plans=tuple(map(PlanInForce, (april(1), april(7), april(20)), versions)))
    assert by_series(single) == by_series(split)


def by_series(inputs: SubscriptionInputs) -> dict[tuple[LineKind, str | None, str | None], int]:
    series: dict[tuple[LineKind, str | None, str | None], int] = {}
    for line in rate_subscription(HEADER, inputs):
        key = line.kind, line.resource_kind, line.addon_id or line.charge_id
        series[key] = series.get(key, 0) + line.amount_cents
    return series
