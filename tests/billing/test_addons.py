"""The price, the granted quantity and the line of an add-on, from its first day to its last."""

from dataclasses import replace
from datetime import date

import pytest

from app.billing import (
    AddonTerms,
    Aggregation,
    LineKind,
    PlanTerms,
    Proration,
    Tier,
    rate_subscription,
)
from tests.billing.examples import (
    HEADER,
    STUDIO,
    STUDIO_DAILY,
    D,
    at,
    hours,
    of_kind,
    peak,
    plan,
    rated,
    resource,
    storage_addon,
    subscription,
)

BASE, ADDON, OVERAGE = LineKind.PLAN_BASE, LineKind.ADDON, LineKind.OVERAGE
STORAGE = resource("storage_gb", "50", (Tier(None, D(10)),), aggregation=Aggregation.MAX, unit="GB")


def test_an_addon_of_a_level_grants_in_full_from_any_day() -> None:
    terms = plan(STORAGE, proration=Proration.DAILY)
    inputs = subscription(terms, peak(130), active=((16, None),), addons=(storage_addon(30),))
    assert rated(inputs) == [(BASE, 2500), (ADDON, 25), (OVERAGE, 150)]


@pytest.mark.parametrize("terms", [STUDIO, STUDIO_DAILY])
def test_an_addon_attached_after_the_last_billable_day_costs_nothing(terms: PlanTerms) -> None:
    assert (
        of_kind(rate_subscription(HEADER, subscription(terms, active=((1, 10),), addons=(storage_addon(11),))), ADDON)
        == []
    )


def test_an_unprorated_addon_is_charged_in_full_from_its_last_day() -> None:
    assert rated(subscription(STUDIO, addons=(storage_addon(30),))) == [(BASE, 5000), (ADDON, 750)]


@pytest.mark.parametrize(
    ("terms", "addon", "cents", "description"),
    [
        (STUDIO_DAILY, storage_addon(11, last_day=20), 250, "Addon: storage_50gb, 10 of 30 days"),
        (STUDIO_DAILY, storage_addon(11, last_day=11), 25, "Addon: storage_50gb, 1 of 30 days"),
        (STUDIO_DAILY, storage_addon(1, last_day=30), 750, "Addon: storage_50gb"),
        (STUDIO_DAILY, replace(storage_addon(1), detached_on=date(2026, 5, 9)), 750, "Addon: storage_50gb"),
        (STUDIO, storage_addon(11, last_day=11), 750, "Addon: storage_50gb"),
    ],
)
def test_a_detached_addon_is_charged_to_its_last_day(
    terms: PlanTerms, addon: AddonTerms, cents: int, description: str
) -> None:
    [line] = of_kind(rate_subscription(HEADER, subscription(terms, addons=(addon,))), ADDON)
    assert (line.amount_cents, line.description) == (cents, description)


def test_an_addon_detached_before_the_first_billable_day_costs_nothing() -> None:
    addon = replace(storage_addon(1, last_day=9), resource_kind="droplet_hours")
    inputs = subscription(STUDIO, hours(1490, day=10), active=((10, None),), addons=(addon,))
    assert rated(inputs) == [(BASE, 5000), (OVERAGE, 2)]
    earlier = replace(addon, attached_on=date(2026, 3, 1), detached_on=date(2026, 3, 31))
    assert rated(replace(inputs, addons=(earlier,))) == [(BASE, 5000), (OVERAGE, 2)]


def test_a_detached_addon_grants_for_its_days() -> None:
    grant = replace(storage_addon(16, quantity="300", last_day=25), resource_kind="droplet_hours")
    [line] = of_kind(rate_subscription(HEADER, subscription(STUDIO_DAILY, hours(1600), addons=(grant,))), OVERAGE)
    assert (line.explanation.included_quantity, line.amount_cents) == (D(1588), 12)
    storage = replace(storage_addon(2, last_day=2), attached_at=at(2))
    terms = plan(STORAGE, proration=Proration.DAILY)
    [line] = of_kind(rate_subscription(HEADER, subscription(terms, peak(130), addons=(storage,))), OVERAGE)
    assert (line.explanation.included_quantity, line.amount_cents) == (D(100), 300)


def test_an_addon_extends_the_allowance_by_its_share() -> None:
    grant = replace(storage_addon(16, quantity="100"), resource_kind="droplet_hours")
    [line] = rate_subscription(HEADER, subscription(STUDIO_DAILY, hours(1600), addons=(grant,)))[2:]
    assert (line.explanation.included_quantity, line.amount_cents) == (D(1538), 62)
    [line] = rate_subscription(HEADER, subscription(STUDIO, hours(1600), addons=(grant,)))[2:]
    assert (line.explanation.included_quantity, line.amount_cents) == (D(1588), 12)


def test_an_addons_price_is_not_multiplied_by_what_it_grants() -> None:
    [line] = of_kind(rate_subscription(HEADER, subscription(addons=(storage_addon(quantity="50"),))), ADDON)
    assert (line.quantity, line.unit_price_cents, line.amount_cents) == (D(1), D(750), 750)
    assert (line.description, line.resource_kind, line.addon_id) == ("Addon: storage_50gb", "storage_gb", "addon-1")
