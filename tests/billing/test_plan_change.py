"""A plan change inside a month."""

from dataclasses import replace

import pytest

from app.billing import (
    LineKind,
    PlanInForce,
    PlanTerms,
    rate_subscription,
    resource_usage,
)
from tests.billing.examples import (
    HEADER,
    STUDIO,
    STUDIO_DAILY,
    april,
    change_on,
    every_day,
    hours,
    rated,
    storage_addon,
    subscription,
    usage_row,
)

BASE, OVERAGE = LineKind.PLAN_BASE, LineKind.OVERAGE


def test_a_change_without_proration_rates_the_month_on_the_last_billable_days_version() -> None:
    plans = change_on(16, STUDIO, replace(STUDIO, base_price_cents=9000))
    assert rated(subscription(plans, hours(1500))) == [(BASE, 9000), (OVERAGE, 12)]
    assert rated(subscription(plans, hours(1500), active=((1, 15),))) == [(BASE, 5000), (OVERAGE, 12)]


def test_a_daily_change_makes_segments_with_their_own_base_allowance_and_usage() -> None:
    plans = change_on(11, STUDIO_DAILY, replace(STUDIO_DAILY, base_price_cents=9000))
    inputs = subscription(plans, every_day(72), addons=(storage_addon(),))
    lines = rate_subscription(HEADER, inputs)
    assert [(line.key, line.amount_cents) for line in lines] == [
        ("pilot/base/studio@1", 1667),
        ("pilot/base/studio@2", 6000),
        ("pilot/addon/addon-1", 750),
        ("pilot/overage/droplet_hours/studio@1", 720 - 496),
        ("pilot/overage/droplet_hours/studio@2", 1440 - 992),
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
