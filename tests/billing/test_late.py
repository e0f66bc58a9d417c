"""Late usage: what is billed late adds up to what would have been billed at once."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import (
    LATE,
    Billed,
    LateInputs,
    LineKind,
    PriceModel,
    SubscriptionInputs,
    Tier,
    UsageEvent,
    as_billed,
    fold,
    late_text,
    merged,
    overages,
    parse_document,
    rate_document,
    rate_late,
    rate_subscription,
    subscription_text,
)
from tests.billing.examples import APRIL, HEADER, STUDIO, ZONE, D, hours, plan, resource, subscription
from tests.billing.strategies import KINDS, instants, quantities, subscriptions

Event = tuple[str, datetime, Decimal]

KEY = "pilot/overage/droplet_hours/studio@1"
kinds = st.sampled_from(sorted(KINDS))
rounds = st.lists(st.lists(st.tuples(kinds, instants, quantities), max_size=4), min_size=1, max_size=4)


def rated_late(inputs: SubscriptionInputs, *billed: Billed) -> list[tuple[str, Decimal, int]]:
    lines = rate_late(LateInputs(HEADER, inputs, billed))
    return [(line.key, line.quantity, line.amount_cents) for line in lines]


def test_the_difference_is_billed() -> None:
    billed = [as_billed(line) for line in overages(rate_subscription(HEADER, subscription(STUDIO, hours(1500))))]
    assert rated_late(subscription(STUDIO, hours(1530)), *billed) == [(f"late:2026-04:{KEY}", D(30), 30)]
    assert rated_late(subscription(STUDIO, hours(1500)), *billed) == []


def test_usage_that_was_within_what_is_included_is_billed_from_there() -> None:
    assert rated_late(subscription(STUDIO, hours(1490))) == [(f"late:2026-04:{KEY}", D(2), 2)]
    assert rated_late(subscription(STUDIO, hours(1488))) == []


def test_the_bases_and_addons_of_the_month_are_not_billed_again() -> None:
    lines = rate_late(LateInputs(HEADER, subscription(STUDIO, hours(2000))))
    assert [line.kind for line in lines] == [LineKind.OVERAGE]


def test_more_that_costs_less_is_credited() -> None:
    tiers = (Tier(D(100), D(1)), Tier(None, D("0.5")))
    terms = plan(resource(included="0", tiers=tiers, model=PriceModel.VOLUME))
    assert rated_late(subscription(terms, hours(120)), Billed(KEY, "droplet_hours", D(100), D(1), 100)) == [
        (f"late:2026-04:{KEY}", D(20), -40)
    ]


def test_an_overage_that_is_none_any_more_is_taken_back() -> None:
    inputs = LateInputs(HEADER, subscription(STUDIO), (Billed(KEY, "droplet_hours", D(5), D(1), 5),))
    (line,) = rate_late(inputs)
    assert (line.key, line.quantity, line.amount_cents) == (f"late:2026-04:{KEY}", D(-5), -5)
    assert (line.subscription_id, line.deployment_id) == ("s-pilot", "d-pilot")
    assert (line.explanation.formula, line.explanation.exact_cents) == ("0c, less 5c billed before", D(-5))


def test_a_line_says_what_it_came_from() -> None:
    (line,) = rate_late(
        LateInputs(HEADER, subscription(STUDIO, hours(1530)), (Billed(KEY, "droplet_hours", D(12), D(1), 12),))
    )
    assert line.description == "Late usage of 2026-04: 42 over 1488 included"
    assert line.explanation.formula == "42 h over 1488 included x 1c = 42c, less 12c billed before"
    assert (line.explanation.exact_cents, line.explanation.used_quantity) == (D(30), D(1530))


def test_what_was_billed_of_one_overage_is_summed() -> None:
    one, two = Billed("b", "k", D(1), D(3), 5), Billed("b", "k", D("0.5"), D(3), -7)
    assert merged([one, Billed("a", "k", D(0), D(1), 1), two]) == (
        Billed("a", "k", D(0), D(1), 1),
        Billed("b", "k", D("1.5"), D(3), -2),
    )


def test_only_an_overage_has_been_billed_of_usage() -> None:
    base = rate_subscription(HEADER, subscription(STUDIO))[0]
    with pytest.raises(ValueError, match="is no overage"):
        as_billed(base)


@given(subscriptions(), rounds)
def test_billing_in_rounds_is_billing_at_once(inputs: SubscriptionInputs, events: list[list[Event]]) -> None:
    """On time the first round, the others late one by one; nothing is billed twice, nothing is lost."""
    months = [with_events(inputs, list(chain(*events[: n + 1]))) for n in range(len(events))]
    billed = merged(map(as_billed, overages(rate_subscription(HEADER, months[0]))))
    for before, now in pairwise(months):
        assert rate_late(LateInputs(HEADER, before, billed)) == []
        lines = rate_late(LateInputs(HEADER, now, billed))
        assert all(line.amount_cents for line in lines)
        assert len({line.key for line in lines}) == len(lines)
        late = [as_billed(line._replace(key=line.key.removeprefix(f"{LATE}2026-04:"))) for line in lines]
        billed = merged([*billed, *late])
    at_once = {line.key: line.amount_cents for line in overages(rate_subscription(HEADER, months[-1]))}
    assert {one.key: one.amount_cents for one in billed if one.amount_cents} == {k: v for k, v in at_once.items() if v}


@given(subscriptions(), subscriptions())
def test_documents_say_all_that_lines_follow_from(inputs: SubscriptionInputs, before: SubscriptionInputs) -> None:
    billed = merged(map(as_billed, overages(rate_subscription(HEADER, before))))
    late = LateInputs(HEADER, inputs, billed)
    text = late_text(late)
    assert parse_document(text, APRIL.next()) == late
    assert late_text(parse_late(text)) == text
    assert rate_document(replace(HEADER, period=APRIL.next()), text) == rate_late(late)
    assert rate_document(HEADER, subscription_text(inputs, APRIL)) == rate_subscription(HEADER, inputs)


def parse_late(text: str) -> LateInputs:
    parsed = parse_document(text, APRIL)
    assert isinstance(parsed, LateInputs)
    return parsed


def with_events(inputs: SubscriptionInputs, events: list[Event]) -> SubscriptionInputs:
    usage = tuple(
        fold(kind, KINDS[kind][1], [UsageEvent(at, quantity) for of, at, quantity in events if of == kind], ZONE)
        for kind in sorted({kind for kind, _, _ in events})
    )
    return replace(inputs, usage=usage)
