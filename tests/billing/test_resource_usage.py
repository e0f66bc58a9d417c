"""Usage as it is reported beside the lines."""

from dataclasses import replace

from app.billing import (
    Aggregation,
    LineKind,
    Proration,
    Tier,
    UnpricedQuantity,
    rate_subscription,
    resource_usage,
    unpriced_usage,
)
from tests.billing.examples import (
    HEADER,
    STUDIO,
    STUDIO_DAILY,
    D,
    change_on,
    every_day,
    hours,
    peaks,
    plan,
    rated,
    resource,
    subscription,
    usage_row,
)

STORAGE = resource("storage_gb", "50", (Tier(None, D(10)),), aggregation=Aggregation.MAX, unit="GB")


def test_usage_of_kinds_the_plan_does_not_know_is_reported_and_billed_nothing() -> None:
    inputs = subscription(STUDIO, hours(5, "gpu_hours"), hours(0, "egress_gb"), active=((1, 10),))
    assert rated(inputs) == [(LineKind.PLAN_BASE, 5000)]
    assert unpriced_usage(HEADER, inputs) == [UnpricedQuantity("gpu_hours", D(5))]
    assert unpriced_usage(HEADER, subscription(STUDIO, hours(5, "gpu_hours", day=11), active=((1, 10),))) == []


def test_usage_is_unpriced_only_on_the_days_of_versions_that_do_not_know_it() -> None:
    plans = change_on(11, STUDIO_DAILY, plan(resource("egress_gb", "0"), proration=Proration.DAILY))
    inputs = subscription(plans, every_day(1, "droplet_hours"), every_day(1, "egress_gb"))
    assert unpriced_usage(HEADER, inputs) == [
        UnpricedQuantity("droplet_hours", D(20)),
        UnpricedQuantity("egress_gb", D(10)),
    ]


def test_of_a_level_the_highest_of_a_months_segments_is_shown() -> None:
    first = plan(STORAGE, proration=Proration.DAILY)
    bigger = replace(first, resources=(replace(STORAGE, included_quantity=D(80)),))
    readings = peaks((None, {5: 60, 20: 90}))
    inputs = subscription(change_on(11, first, bigger), readings)
    assert resource_usage(HEADER, inputs) == [usage_row("storage_gb", 90, 90, 80, 10)]
    assert [line.amount_cents for line in rate_subscription(HEADER, inputs)] == [1667, 3333, 33, 67]


def test_resource_usage_names_what_the_plan_includes_though_nothing_was_used() -> None:
    assert resource_usage(HEADER, subscription(STUDIO)) == [usage_row("droplet_hours", 0, 0, 1488, 0)]
