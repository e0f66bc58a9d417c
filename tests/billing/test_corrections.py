"""Corrections: differences by series, that add up over any number of rounds, and credits that invoices can take."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.billing import (
    AmountTooLarge,
    BilledSeries,
    ChargeInputs,
    CorrectionInputs,
    Line,
    LineKind,
    Period,
    PriceModel,
    QuoteHeader,
    Series,
    SubscriptionInputs,
    Tier,
    UnsubscribedCharge,
    billed_of,
    correction_text,
    differences,
    merged,
    parse_document,
    rate_correction,
    rate_subject,
)
from tests.billing.examples import (
    HEADER,
    STUDIO,
    ZONE,
    D,
    amounts,
    change_on,
    charge,
    hours,
    plan,
    resource,
    storage_addon,
    subscription,
)
from tests.billing.strategies import headers, subscriptions, unsubscribed_charges

BASE, ADDON, OVERAGE, ADJUSTMENT = LineKind.PLAN_BASE, LineKind.ADDON, LineKind.OVERAGE, LineKind.ADJUSTMENT
MAY_HEADER = replace(HEADER, period=Period(date(2026, 5, 1), ZONE))
HOURS = Series(OVERAGE, "droplet_hours")


def correct(
    subject: SubscriptionInputs | ChargeInputs, billed: Iterable[BilledSeries] = (), **more: object
) -> list[Line]:
    return rate_correction(CorrectionInputs(HEADER, subject, tuple(merged(billed)), **more))  # type: ignore[arg-type]  # of CorrectionInputs


def by_series(lines: Iterable[Line]) -> Counter[Series]:
    """The amounts, without series that come to 0."""
    sums: Counter[Series] = Counter()
    for line in lines:
        sums[Series.of(line)] += line.amount_cents
    return Counter({series: cents for series, cents in sums.items() if cents})


def columns(line: Line) -> tuple[str, str, Decimal, Decimal, int]:
    return line.key, line.description, line.quantity, line.unit_price_cents, line.amount_cents


# Rounds


@settings(max_examples=30)  # each draws and rates several months
@given(st.lists(subscriptions(), min_size=1, max_size=4), st.data())
def test_over_any_number_of_rounds_the_lines_add_up_to_the_month_as_it_is_last(
    rounds: list[SubscriptionInputs], data: st.DataObject
) -> None:
    """Credits are taken in part in between, in whole in the last round."""
    billed: list[Line] = []
    for subject in rounds:
        inputs = CorrectionInputs(HEADER, subject, tuple(billed_of(billed)))
        found = differences(inputs, rate_subject(inputs))
        taken = [
            (one.series, data.draw(st.integers(one.amount_cents, 0)))
            for one in found
            if one.amount_cents < 0 and subject is not rounds[-1]
        ]
        billed += rate_correction(replace(inputs, taken=tuple(taken)))
    assert by_series(billed) == by_series(rate_subject(CorrectionInputs(HEADER, rounds[-1])))


@settings(max_examples=30)  # each draws and rates several months
@given(st.lists(unsubscribed_charges(), min_size=2, max_size=2), st.booleans())
def test_a_month_that_is_waived_or_rated_again_as_it_was_has_no_difference(
    rounds: list[ChargeInputs], waived: bool
) -> None:
    subject = rounds[0]
    billed = tuple(billed_of(correct(subject, waived=waived)))
    assert correct(subject, billed, waived=waived) == []
    if not waived:
        credited = correct(subject, billed, waived=True)
        assert by_series(credited) == Counter({one.series: -one.amount_cents for one in billed})


@settings(max_examples=30)  # each draws and rates several months
@given(subscriptions(), subscriptions(), headers, st.booleans())
def test_documents_give_the_same_lines_when_they_are_read_again(
    before: SubscriptionInputs, now: SubscriptionInputs, header: QuoteHeader, waived: bool
) -> None:
    billed = tuple(billed_of(rate_subject(CorrectionInputs(header, before))))
    first = CorrectionInputs(header, now, billed, waived=waived)
    credits_found = [one for one in differences(first, rate_subject(first)) if one.amount_cents < 0]
    inputs = replace(first, taken=tuple((one.series, one.amount_cents // 2) for one in credits_found))
    text = correction_text(inputs)
    parsed = parse_document(text, MAY_HEADER)
    assert isinstance(parsed, CorrectionInputs)
    assert (parsed.billed, parsed.taken, parsed.waived) == (inputs.billed, inputs.taken, waived)
    assert correction_text(parsed) == text
    lines, again = rate_correction(inputs), rate_correction(parsed)
    assert [line[:10] + line[11:] for line in again] == [line[:10] + line[11:] for line in lines]
    assert [line.explanation for line in again] == [line.explanation for line in lines]


@settings(max_examples=30)  # each draws and rates several months
@given(unsubscribed_charges(), headers)
def test_documents_of_charges_are_read_again(subject: ChargeInputs, header: QuoteHeader) -> None:
    inputs = CorrectionInputs(header, subject)
    parsed = parse_document(correction_text(inputs), MAY_HEADER)
    assert parsed == inputs


@settings(max_examples=30)  # each draws and rates several months
@given(subscriptions(), subscriptions(), st.data())
def test_an_explanation_is_the_month_now_less_what_was_billed_less_what_stays_open(
    before: SubscriptionInputs, now: SubscriptionInputs, data: st.DataObject
) -> None:
    billed = tuple(billed_of(rate_subject(CorrectionInputs(HEADER, before))))
    first = CorrectionInputs(HEADER, now, billed)
    lines = rate_subject(first)
    found = {one.series: one for one in differences(first, lines)}
    taken = {one.series: data.draw(st.integers(one.amount_cents, 0)) for one in found.values() if one.amount_cents < 0}
    for line in rate_correction(replace(first, taken=tuple(taken.items()))):
        one = found[Series.of(line)]
        exact = sum((part.explanation.exact_cents for part in one.lines), Decimal(0))
        stays_open = one.amount_cents - line.amount_cents
        explained = line.explanation
        assert explained.exact_cents == exact - one.billed.amount_cents - stays_open
        assert f", less {one.billed.amount_cents}c billed before" in explained.formula
        assert explained.formula.endswith("of credit not applied yet") == bool(stays_open)


# Lines


def test_overage_at_one_price_is_charged_by_what_it_grew() -> None:
    subject = subscription(STUDIO, hours(1530))
    (line,) = correct(subject, [BilledSeries(Series(BASE, ""), D(1), 5000), BilledSeries(HOURS, D(12), 12)])
    assert columns(line) == (
        "late:2026-04:pilot/overage/droplet_hours",
        "Correction of 2026-04: droplet_hours: 42 h over 1488 h included",
        D(30),
        D(1),
        30,
    )
    assert (line.kind, line.resource_kind, line.deployment_id, line.subscription_id) == (
        OVERAGE,
        "droplet_hours",
        "d-pilot",
        "s-pilot",
    )
    assert line.explanation.formula == "42 h over 1488 included x 1c = 42c, less 12c billed before"
    assert (line.explanation.exact_cents, line.explanation.used_quantity) == (D(30), D(1530))


def test_more_usage_that_costs_less_is_one_unit_at_a_price_below_zero() -> None:
    volume = resource("egress_gb", "0", (Tier(D(100), D(1)), Tier(None, D("0.5"))), PriceModel.VOLUME, unit="GB")
    subject = subscription(plan(volume, base=0), hours(120, "egress_gb"))
    billed = [BilledSeries(Series(OVERAGE, "egress_gb"), D(100), 100)]
    (line,) = correct(subject, billed)
    assert columns(line)[2:] == (D(1), D(-40), -40)
    assert line.explanation.formula == "120 GB over 0 included = 120 x 0.5c = 60c, less 100c billed before"

    (part,) = correct(subject, billed, taken=((Series(OVERAGE, "egress_gb"), -15),))
    assert columns(part)[2:] == (D(1), D(-15), -15)
    assert part.explanation.formula == (
        "120 GB over 0 included = 120 x 0.5c = 60c, less 100c billed before, less -25c of credit not applied yet"
    )
    assert part.explanation.exact_cents == D(-15)

    assert correct(subject, billed, taken=((Series(OVERAGE, "egress_gb"), 0),)) == []


def test_a_base_is_one_series_whatever_the_version() -> None:
    changed = subscription(change_on(16, STUDIO, replace(STUDIO, base_price_cents=90000)))
    (line,) = correct(changed, [BilledSeries(Series(BASE, ""), D(1), 5000)])
    assert columns(line) == (
        "late:2026-04:pilot/base",
        "Correction of 2026-04: Plan: studio v2",
        D(1),
        D(85000),
        85000,
    )


def test_what_is_no_longer_there_is_credited() -> None:
    addon = storage_addon()
    billed = [
        BilledSeries(Series(BASE, ""), D(1), 5000),
        BilledSeries(Series(ADDON, "addon-1"), D(1), 750),
        BilledSeries(HOURS, D(12), 12),
        BilledSeries(Series(ADJUSTMENT, "c1"), D(1), 300),
    ]
    lines = correct(subscription(STUDIO), billed)
    assert amounts(lines) == [(ADDON, -750), (OVERAGE, -12), (ADJUSTMENT, -300)]
    assert [line.description for line in lines] == [
        "Correction of 2026-04: Addon: detached before the month",
        "Correction of 2026-04: droplet_hours: no overage",
        "Correction of 2026-04: Charge",
    ]
    assert [(line.addon_id, line.charge_id) for line in lines] == [("addon-1", None), (None, None), (None, "c1")]
    assert lines[1].explanation.formula == "0c, less 12c billed before"
    assert correct(subscription(STUDIO, hours(1500), addons=(addon,), charges=(charge(300),)), billed) == []


def test_a_waived_month_credits_all_that_was_billed() -> None:
    subject = subscription(STUDIO, hours(1500), addons=(storage_addon(),))
    lines = correct(subject, [BilledSeries(HOURS, D(12), 12)], waived=True)
    assert amounts(lines) == [(OVERAGE, -12)]


def test_charges_without_a_subscription_name_their_deployment_and_no_subscription() -> None:
    subject = ChargeInputs(
        (UnsubscribedCharge(None, None, charge(500)), UnsubscribedCharge("left", "d-left", charge(-200, "c2")))
    )
    lines = correct(subject, [BilledSeries(Series(ADJUSTMENT, "c1"), D(1), 100)])
    assert [(line.key, line.amount_cents, line.deployment_id, line.subscription_id) for line in lines] == [
        ("late:2026-04:charge/c1", 400, None, None),
        ("late:2026-04:charge/c2", -200, "d-left", None),
    ]


def test_lines_are_in_the_order_of_an_invoices() -> None:
    subject = subscription(STUDIO, hours(1500), addons=(storage_addon(),), charges=(charge(300),))
    assert amounts(correct(subject)) == [(BASE, 5000), (ADDON, 750), (OVERAGE, 12), (ADJUSTMENT, 300)]


def test_a_difference_beyond_64_bits_is_refused_with_its_key() -> None:
    subject = subscription(STUDIO)
    with pytest.raises(AmountTooLarge, match="late:2026-04:pilot/base"):
        correct(subject, [BilledSeries(Series(BASE, ""), D(1), -(2**63))])
