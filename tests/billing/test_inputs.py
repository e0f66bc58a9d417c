"""A quote at provisioning costs what the month will: the same usage, metered, gives the same lines."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import (
    Aggregation,
    LineKind,
    PlanTerms,
    Proration,
    UnpricedQuantity,
    UsageEvent,
    fold,
    rate_subscription,
    unpriced_usage,
    whole_month,
)
from app.billing.money import to_decimal
from tests.billing.examples import (
    APRIL,
    HEADER,
    STUDIO,
    ZONE,
    D,
    amounts,
    every_day,
    plan,
    resource,
    storage_addon,
    subscription,
)
from tests.billing.strategies import KINDS, events, plans


def test_figure_1_quoted_before_it_is_metered() -> None:
    quoted = rate_subscription(HEADER, whole_month(APRIL, STUDIO, (storage_addon(),), {"droplet_hours": D(2160)}))
    metered = rate_subscription(HEADER, subscription(STUDIO, every_day(72), addons=(storage_addon(),)))
    assert (
        amounts(quoted)
        == amounts(metered)
        == [
            (LineKind.PLAN_BASE, 5000),
            (LineKind.ADDON, 750),
            (LineKind.OVERAGE, 672),
        ]
    )


def test_figure_7_quoted_in_unit_hours() -> None:
    terms = plan(resource("storage_gb_hours", "51000", aggregation=Aggregation.TIME_WEIGHTED))
    quoted = rate_subscription(HEADER, whole_month(APRIL, terms, (), {"storage_gb_hours": D(51120)}))
    assert amounts(quoted)[1:] == [(LineKind.OVERAGE, 120)]


def test_a_kind_the_plan_does_not_know_is_reported() -> None:
    month = whole_month(APRIL, STUDIO, quantities={"gpu_hours": D(3)})
    assert unpriced_usage(HEADER, month) == [UnpricedQuantity("gpu_hours", D(3))]


@pytest.mark.parametrize("proration", Proration)
def test_every_day_is_billable(proration: Proration) -> None:
    [line] = rate_subscription(HEADER, whole_month(APRIL, replace(STUDIO, proration=proration)))
    assert (line.amount_cents, line.explanation.billable_days) == (5000, 30)


@given(plans(), st.fixed_dictionaries(dict.fromkeys(KINDS, events)))
def test_the_quote_of_metered_usage_is_its_invoice(terms: PlanTerms, metered: dict[str, list[UsageEvent]]) -> None:
    # Whole hours, so that the unit-hours a client would give are exact.
    whole = {
        kind: [
            UsageEvent(e.occurred_at.replace(minute=0, second=0, microsecond=0), e.quantity, e.resource_id)
            for e in given
        ]
        for kind, given in metered.items()
    }
    usage = tuple(fold(kind, KINDS[kind][1], given, ZONE) for kind, given in sorted(whole.items()))
    quantities: dict[str, Decimal] = {u.resource_kind: to_decimal(u.used(APRIL, APRIL.days)) for u in usage}
    addons = (storage_addon(),)
    invoiced = rate_subscription(HEADER, subscription(terms, *usage, addons=addons))
    quoted = rate_subscription(HEADER, whole_month(APRIL, terms, addons, quantities))
    assert [(q.kind, q.description, q.quantity, q.unit_price_cents, q.amount_cents) for q in quoted] == [
        (i.kind, i.description, i.quantity, i.unit_price_cents, i.amount_cents) for i in invoiced
    ]


def test_the_whole_month_is_all_of_a_short_one_too() -> None:
    february = replace(APRIL, start=APRIL.start - timedelta(days=59))
    assert february.start.month == 2
    [line] = rate_subscription(replace(HEADER, period=february), whole_month(february, STUDIO))
    assert line.explanation.billable_days == 28
