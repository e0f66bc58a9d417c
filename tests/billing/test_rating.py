"""The worked figures of the billing rules for one subscription, and further cases of rating one."""

from dataclasses import replace
from datetime import date
from decimal import localcontext

import pytest

from app.billing import (
    Aggregation,
    DailyQuantity,
    LineKind,
    Period,
    PlanInForce,
    PriceModel,
    Proration,
    QuoteHeader,
    ResourceDailyUsage,
    ResourceTerms,
    SubscriptionInputs,
    SumUsage,
    Tier,
    UsageEvent,
    fold,
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
    april,
    at,
    every_day,
    hours,
    of_kind,
    peak,
    peaks,
    plan,
    rated,
    resource,
    storage_addon,
    subscription,
    usage_row,
)

BASE, ADDON, OVERAGE = LineKind.PLAN_BASE, LineKind.ADDON, LineKind.OVERAGE
TIERS = (Tier(D(500), D(1)), Tier(None, D("0.8")))


def test_figure_1_studio_over_april() -> None:
    assert rated(subscription(STUDIO, every_day(72), addons=(storage_addon(),))) == [
        (BASE, 5000),
        (ADDON, 750),
        (OVERAGE, 672),
    ]


def test_figure_3_daily_from_20_april() -> None:
    inputs = subscription(STUDIO_DAILY, hours(1000, day=20), active=((20, None),), addons=(storage_addon(26),))
    base, addon, overage = rate_subscription(HEADER, inputs)
    assert (base.amount_cents, base.explanation.exact_cents) == (1833, D("1833.333333333333"))
    assert (addon.amount_cents, addon.explanation.formula) == (125, "750c x 5/30 days")
    assert overage.explanation.included_quantity == D("545.6")
    assert overage.quantity == D("454.4")


@pytest.mark.parametrize(
    ("active", "base"),
    [
        (((1, 10),), 1667),
        (((1, 9),), 1500),  # cancelled at 00:00 of 10 April (BIL-M1)
        (((1, 10), (20, None)), 3500),
        (((1, 10), (10, None)), 5000),
        (((7, 7),), 167),
        (((1, None),), 5000),
    ],
)
def test_figure_4_daily_by_billable_days(active: tuple[tuple[int, int | None], ...], base: int) -> None:
    assert rated(subscription(STUDIO_DAILY, active=active)) == [(BASE, base)]


def test_figure_4_a_leap_february() -> None:
    february = QuoteHeader(Period(date(2028, 2, 1), ZONE), "AUD")
    started = subscription(plan(base=2900, proration=Proration.DAILY))
    started = replace(started, active_spans=(started.active_spans[0]._replace(first_day=date(2028, 2, 15)),))
    [line] = rate_subscription(february, started)
    assert (line.amount_cents, line.explanation.formula) == (1500, "2900c x 15/29 days")


@pytest.mark.parametrize(
    ("terms", "cents", "formula"),
    [
        (resource(), 672, "672 h over 1488 included x 1c"),
        (resource(tiers=TIERS, model=PriceModel.GRADUATED), 638, "672 h over 1488 included = 500 x 1c + 172 x 0.8c"),
        (resource(tiers=TIERS, model=PriceModel.VOLUME), 538, "672 h over 1488 included = 672 x 0.8c"),
        (
            resource(tiers=(Tier(None, D(90)),), model=PriceModel.PACKAGE, package_size=D(100)),
            630,
            "672 h over 1488 included = 7 x 100 h x 90c",
        ),
        (
            resource(tiers=(Tier(None, D("0.5"), 20),), model=PriceModel.GRADUATED, unit="GB"),
            356,
            "672 GB over 1488 included = 672 x 0.5c + 20c flat",
        ),
    ],
)
def test_figures_1_and_5_overage_by_price_model(terms: ResourceTerms, cents: int, formula: str) -> None:
    [line] = of_kind(rate_subscription(HEADER, subscription(plan(terms), hours(2160))), OVERAGE)
    assert (line.amount_cents, line.explanation.formula) == (cents, formula)
    unit = "h" if terms.unit == "hour" else terms.unit
    assert (line.description, line.quantity) == (f"droplet_hours: 672 {unit} over 1488 {unit} included", D(672))
    assert line.unit_price_cents == terms.tiers[-1].unit_price_cents


def test_figure_6_a_price_far_below_a_cent() -> None:
    tokens = resource("llm_input_tokens", "0", (Tier(None, D("0.00015")),), unit="token")
    [line] = of_kind(
        rate_subscription(HEADER, subscription(plan(tokens), hours(1_000_000_001, "llm_input_tokens"))), OVERAGE
    )
    assert (line.amount_cents, line.explanation.exact_cents) == (150000, D("150000.00015"))


def test_figure_6_each_line_is_rounded_by_itself() -> None:
    terms = plan(*(resource(kind, "0", (Tier(None, D("0.5")),)) for kind in "abc"), base=0)
    inputs = subscription(terms, *(hours(1, kind) for kind in "abc"))
    assert rated(inputs) == [(BASE, 0), (OVERAGE, 1), (OVERAGE, 1), (OVERAGE, 1)]


STORAGE = resource("storage_gb", "50", (Tier(None, D(10)),), aggregation=Aggregation.MAX, unit="GB")


def test_figure_8_a_level_counts_its_allowances_in_full_and_prorates_its_charge() -> None:
    terms = plan(STORAGE, proration=Proration.DAILY)
    inputs = subscription(terms, peak(130), active=((16, None),), addons=(storage_addon(16),))
    [line] = of_kind(rate_subscription(HEADER, inputs), OVERAGE)
    assert (line.amount_cents, line.quantity) == (150, D(30))
    assert line.description == "storage_gb: 30 GB over 100 GB included"
    assert line.explanation.formula == "30 GB over 100 included x 10c x 15/30 days"
    assert line.explanation.tiers[0].amount_cents == 300


def test_figure_8_l2_the_days_sum_of_two_resources() -> None:
    """BIL-L2: 80 and 60 on one day are 140, of which 90 are over 50."""
    inputs = subscription(plan(STORAGE), peaks(("volume-1", {9: 80, 10: 90}), ("volume-2", {9: 60})))
    [line] = of_kind(rate_subscription(HEADER, inputs), OVERAGE)
    assert (line.quantity, line.amount_cents) == (D(90), 900)
    assert line.explanation.used_quantity == 140
    assert line.explanation.daily_usage == (DailyQuantity(april(9), D(140)), DailyQuantity(april(10), D(90)))
    assert line.explanation.resource_usage == (
        ResourceDailyUsage("volume-1", (DailyQuantity(april(9), D(80)), DailyQuantity(april(10), D(90)))),
        ResourceDailyUsage("volume-2", (DailyQuantity(april(9), D(60)),)),
    )


def test_a_factor_over_several_tiers_stands_outside_brackets() -> None:
    terms = plan(replace(STORAGE, price_model=PriceModel.GRADUATED, tiers=TIERS), proration=Proration.DAILY)
    [line] = of_kind(rate_subscription(HEADER, subscription(terms, peak(650), active=((16, None),))), OVERAGE)
    assert line.explanation.formula == "(600 GB over 50 included = 500 x 1c + 100 x 0.8c) x 15/30 days"
    assert line.amount_cents == 290


def test_a_time_weighted_kind_is_rated_in_unit_hours() -> None:
    terms = plan(resource("storage_gb_hours", "51000", aggregation=Aggregation.TIME_WEIGHTED, unit="GB h"))
    events = [UsageEvent(at(1), D(100)), UsageEvent(at(16, 12), D(40))]
    inputs = subscription(terms, fold("storage_gb_hours", Aggregation.TIME_WEIGHTED, events, ZONE))
    assert rated(inputs)[1:] == [(OVERAGE, 120)]


def test_figure_7_l1_the_levels_of_two_resources_add_up() -> None:
    """BIL-L1: 100 GB all April and 50 GB from 16 April 00:00 are 90000 GB h."""
    terms = plan(resource("storage_gb_hours", "89000", aggregation=Aggregation.TIME_WEIGHTED, unit="GB h"))
    events = [UsageEvent(at(1), D(100), "volume-1"), UsageEvent(at(16), D(50), "volume-2")]
    inputs = subscription(terms, fold("storage_gb_hours", Aggregation.TIME_WEIGHTED, events, ZONE))
    [line] = of_kind(rate_subscription(HEADER, inputs), OVERAGE)
    assert (line.amount_cents, line.explanation.used_quantity) == (1000, D(90000))
    assert line.description == "storage_gb_hours: 1000 GB h over 89000 GB h included"
    assert line.explanation.daily_usage[14:16] == (DailyQuantity(april(15), D(2400)), DailyQuantity(april(16), D(3600)))
    assert [(one.resource_id, len(one.days)) for one in line.explanation.resource_usage] == [
        ("volume-1", 30),
        ("volume-2", 15),
    ]


def test_no_proration_charges_a_single_day_in_full_and_no_day_nothing() -> None:
    assert rated(subscription(STUDIO, hours(1500, day=30), active=((30, None),))) == [(BASE, 5000), (OVERAGE, 12)]
    assert rated(subscription(STUDIO, hours(1500), active=())) == []


def test_days_in_trial_are_free_and_their_usage_too() -> None:
    usage = SumUsage("droplet_hours", (DailyQuantity(april(5), D(9999)), DailyQuantity(april(16), D(1000))))
    inputs = subscription(STUDIO_DAILY, usage, trial_ends_at=at(16))
    base, overage = rate_subscription(HEADER, inputs)
    assert (base.amount_cents, overage.amount_cents) == (2500, 1000 - 744)
    assert overage.explanation.daily_usage == (DailyQuantity(april(16), D(1000)),)
    assert rated(replace(inputs, trial_ends_at=APRIL.ends_at)) == []


def test_usage_on_days_of_pause_is_not_billed() -> None:
    inputs = subscription(STUDIO, hours(2000, day=15), active=((1, 10), (20, None)))
    assert rated(inputs) == [(BASE, 5000)]
    assert resource_usage(HEADER, inputs) == [usage_row("droplet_hours", 2000, 0, 1488, 0)]


def test_usage_up_to_the_allowance_has_no_line() -> None:
    assert rated(subscription(STUDIO, hours(1488))) == [(BASE, 5000)]
    assert rated(subscription(STUDIO, hours("1488.4"))) == [(BASE, 5000), (OVERAGE, 0)]


def test_a_free_plan_has_its_base_line() -> None:
    assert rated(subscription(plan(base=0))) == [(BASE, 0)]


@pytest.mark.parametrize(
    ("inputs", "description"),
    [
        (subscription(STUDIO_DAILY, active=((20, None),)), "Plan: studio v1, 11 of 30 days"),
        (subscription(STUDIO_DAILY), "Plan: studio v1"),
        (subscription(STUDIO, active=((20, None),)), "Plan: studio v1"),
    ],
)
def test_a_base_says_how_much_of_the_month_it_is_for(inputs: SubscriptionInputs, description: str) -> None:
    assert rate_subscription(HEADER, inputs)[0].description == description


def test_lines_are_ordered_by_attach_time_and_kind() -> None:
    terms = plan(resource("z", "0"), resource("a", "0"))
    addons = (storage_addon(9, "late"), storage_addon(2, "b"), storage_addon(2, "a"))
    lines = rate_subscription(HEADER, subscription(terms, hours(1, "z"), hours(1, "a"), addons=addons))
    assert [line.key for line in lines] == [
        "pilot/base/studio@1",
        "pilot/addon/a",
        "pilot/addon/b",
        "pilot/addon/late",
        "pilot/overage/a/studio@1",
        "pilot/overage/z/studio@1",
    ]
    assert {(line.deployment_id, line.subscription_id) for line in lines} == {("d-pilot", "s-pilot")}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (subscription((PlanInForce(april(2), STUDIO),)), "no plan version is in force on 2026-04-01"),
        (subscription(()), "no plan version is in force on 2026-04-01"),
        (subscription(replace(STUDIO, currency="USD")), "another currency than AUD"),
        (subscription(STUDIO, hours(1), hours(2)), "two entries of usage for one resource kind"),
        (subscription(STUDIO, peak(1, "droplet_hours")), "metered as MAX but priced as SUM"),
    ],
)
def test_inputs_that_contradict_themselves_are_not_rated(inputs: SubscriptionInputs, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rate_subscription(HEADER, inputs)


def test_ambient_decimal_precision_changes_nothing() -> None:
    inputs = subscription(STUDIO_DAILY, every_day("72.123456789"), active=((7, None),))
    expected = [(line, line.explanation) for line in rate_subscription(HEADER, inputs)]
    with localcontext() as ambient:
        ambient.prec = 2
        assert [(line, line.explanation) for line in rate_subscription(HEADER, inputs)] == expected
