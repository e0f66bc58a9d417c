"""The worked figures of the rules that concern a whole tenant, and the properties that hold for any."""

from dataclasses import replace

import pytest
from hypothesis import given

from app.billing import (
    AmountTooLarge,
    Line,
    LineKind,
    MaxUsage,
    PlanTerms,
    Proration,
    QuoteInputs,
    SumUsage,
    TaxTerms,
    Tier,
    Usage,
    quote,
    rate_charges,
    rate_subscription,
    resource_usage,
    whole_month,
)
from app.billing.charges import TaxCharge
from tests.billing import reference
from tests.billing.examples import (
    APRIL,
    GST,
    HEADER,
    STUDIO,
    D,
    every_day,
    hours,
    of_kind,
    plan,
    resource,
    storage_addon,
    subscription,
)
from tests.billing.strategies import plans, quote_inputs, usages


def test_figure_1_studio_over_april() -> None:
    bill = quote(QuoteInputs(HEADER, (subscription(STUDIO, every_day(72), addons=(storage_addon(),)),)))
    assert (bill.subtotal_cents, bill.tax_cents, bill.total_cents) == (6422, 642, 7064)
    assert [(line.kind, line.description, line.amount_cents) for line in bill.lines] == [
        (LineKind.PLAN_BASE, "Plan: studio v1", 5000),
        (LineKind.ADDON, "Addon: storage_50gb", 750),
        (LineKind.OVERAGE, "droplet_hours: 672 h over 1488 h included", 672),
        (LineKind.TAX, "GST 10%", 642),
    ]
    tax = bill.lines[-1]
    assert (tax.deployment_id, tax.subscription_id, tax.unit_price_cents) == (None, None, D("642.2"))
    assert (tax.explanation.formula, tax.explanation.exact_cents) == ("10% of 6422c = 642.2c", D("642.2"))
    assert (tax.explanation.billable_days, tax.explanation.period_days) == (None, None)


def test_tax_is_on_the_sum_and_not_on_each_line() -> None:
    one = subscription(plan(base=5), slug="a")
    bill = quote(QuoteInputs(HEADER, (one, replace(one, slug="b"), replace(one, slug="c"))))
    assert (bill.subtotal_cents, bill.tax_cents) == (15, 2)


def test_an_exempt_tenant_has_no_tax() -> None:
    bill = quote(QuoteInputs(replace(HEADER, tax_exempt=True), (subscription(),)))
    assert (bill.subtotal_cents, bill.tax_cents, bill.total_cents, len(bill.lines)) == (5000, 0, 5000, 1)


def test_a_tenant_without_lines_has_no_tax_line_either() -> None:
    bill = quote(QuoteInputs(HEADER, (subscription(active=()),)))
    assert (bill.lines, bill.total_cents) == ((), 0)


def test_deployments_are_ordered_by_slug() -> None:
    bill = quote(QuoteInputs(HEADER, tuple(subscription(slug=slug) for slug in ("b", "a-1", "a"))))
    assert [line.key for line in bill.lines] == [
        "a/base/studio@1",
        "a-1/base/studio@1",
        "b/base/studio@1",
        "tax:GST:0.1",
    ]


@given(quote_inputs())
def test_the_lines_sum_to_the_total(inputs: QuoteInputs) -> None:
    bill = quote(inputs)
    assert sum(line.amount_cents for line in bill.lines) == bill.total_cents == bill.subtotal_cents + bill.tax_cents
    assert sum(line.amount_cents for line in of_kind(bill.lines, LineKind.TAX)) == bill.tax_cents


@given(quote_inputs())
def test_rating_again_gives_the_same_lines_for_the_same_reasons(inputs: QuoteInputs) -> None:
    first, again = quote(inputs), quote(replace(inputs, subscriptions=inputs.subscriptions[::-1]))
    assert again == first
    assert [line.explanation for line in again.lines] == [line.explanation for line in first.lines]


@given(quote_inputs())
def test_keys_are_unique_and_a_subscriptions_do_not_depend_on_the_others(inputs: QuoteInputs) -> None:
    keys = [line.key for line in quote(inputs).lines]
    assert len(set(keys)) == len(keys)
    alone = [rate_subscription(inputs.header, subscription) for subscription in inputs.in_line_order()]
    if inputs.charges:
        alone.append(rate_charges(inputs.header, inputs.charges))
    assert [line.key for lines in alone for line in lines] == [key for key in keys if not key.startswith("tax:")]


@given(quote_inputs())
def test_every_explanation_adds_up(inputs: QuoteInputs) -> None:
    for line in quote(inputs).lines:
        reason = line.explanation
        # A line of a series is the difference of two rounded totals. What is shown is rounded at its twelfth digit.
        series = line.kind in {LineKind.PLAN_BASE, LineKind.OVERAGE}
        assert abs(line.amount_cents - reason.exact_cents) <= D("0.500000000001") * (1 + series)
        if line.kind is LineKind.OVERAGE:
            _overage_adds_up(line, inputs)


def _overage_adds_up(line: Line, inputs: QuoteInputs) -> None:
    reason = line.explanation
    assert reason.billable_quantity == line.quantity
    assert reason.used_quantity is not None
    assert reason.included_quantity is not None
    tolerance = D("0.000000000002")
    assert abs(reason.used_quantity - reason.included_quantity - line.quantity) <= tolerance
    assert abs(sum(tier.quantity for tier in reason.tiers) - line.quantity) <= tolerance * len(reason.tiers)
    usage = next(
        usage
        for subscription in inputs.subscriptions
        if line.key.startswith(f"{subscription.slug}/")
        for usage in subscription.usage
        if usage.resource_kind == line.resource_kind
    )
    if isinstance(usage, SumUsage):
        assert sum(day.quantity for day in reason.daily_usage) == reason.used_quantity
        assert reason.resource_usage == ()
    elif isinstance(usage, MaxUsage):
        assert max(day.quantity for day in reason.daily_usage) == reason.used_quantity


def columns(line: Line) -> Line:
    """The line without its charge, which knows how it was prorated."""
    return line._replace(charge=TaxCharge(GST, 0))


@given(plans(), usages())
def test_a_full_month_prorated_by_days_costs_what_it_costs_unprorated(
    terms: PlanTerms, usage: tuple[Usage, ...]
) -> None:
    unprorated, daily = (
        rate_subscription(HEADER, subscription(replace(terms, proration=proration), *usage, addons=(storage_addon(),)))
        for proration in Proration
    )
    assert [columns(line) for line in daily] == [columns(line) for line in unprorated]


@given(quote_inputs())
def test_every_amount_is_what_the_rules_read_literally_give(inputs: QuoteInputs) -> None:
    amounts = {line.key: line.amount_cents for line in quote(inputs).lines if line.kind is not LineKind.TAX}
    assert amounts == reference.quoted(inputs)


EGRESS = plan(resource("egress_gb", "0", (Tier(None, D(999_999_999_999_999)),), unit="GB"), base=0)


@pytest.mark.parametrize(
    ("quantity", "cents"), [("10000", "9999999999999990000"), ("999999999999999", "999999999999998000000000000001")]
)
def test_w7_a_line_beyond_64_bits_is_refused_by_its_key(quantity: str, cents: str) -> None:
    """BIL-W7."""
    inputs = QuoteInputs(HEADER, (whole_month(APRIL, EGRESS, (), {"egress_gb": D(quantity)}),))
    with pytest.raises(AmountTooLarge, match=f"^quote/overage/egress_gb/studio@1: {cents} cents") as refused:
        quote(inputs)
    assert refused.value.key == "quote/overage/egress_gb/studio@1"
    # What was used is still shown in full.
    assert resource_usage(HEADER, inputs.subscriptions[0])[0].quantity == D(quantity)


def test_w7_a_line_that_fits_is_exact_to_the_cent() -> None:
    bill = quote(QuoteInputs(replace(HEADER, tax_exempt=True), (subscription(EGRESS, hours(9223, "egress_gb")),)))
    assert bill.total_cents == 9223 * 999_999_999_999_999 < 2**63


@pytest.mark.parametrize(
    ("slugs", "taxes", "key"),
    [
        ("ab", (), "subtotal"),
        ("a", (GST,), "total"),
        ("a", (TaxTerms("GST", D(2)),), "tax:GST:2"),
        ("a", (TaxTerms("GST", D("0.9")), TaxTerms("PST", D("0.9"))), "tax"),
    ],
)
def test_w7_a_subtotal_tax_and_total_beyond_64_bits_are_refused(
    slugs: str, taxes: tuple[TaxTerms, ...], key: str
) -> None:
    months = tuple(subscription(EGRESS, hours(9000, "egress_gb"), slug=slug) for slug in slugs)
    with pytest.raises(AmountTooLarge) as refused:
        quote(QuoteInputs(replace(HEADER, taxes=taxes), months))
    assert refused.value.key == key
