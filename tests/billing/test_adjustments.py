"""One-off charges and credits: lines of kind ADJUSTMENT."""

from dataclasses import replace
from datetime import date

import pytest

from app.billing import (
    AmountTooLarge,
    ChargeInputs,
    ChargeTerms,
    Line,
    LineKind,
    QuoteInputs,
    UnsubscribedCharge,
    quote,
    rate_charges,
    rate_subscription,
)
from tests.billing.examples import (
    HEADER,
    STUDIO,
    D,
    amounts,
    april,
    charge,
    hours,
    of_kind,
    storage_addon,
    subscription,
)

ADJUSTMENT = LineKind.ADJUSTMENT


def columns(line: Line) -> tuple[str, int, str | None, str | None, str | None]:
    return line.key, line.amount_cents, line.deployment_id, line.subscription_id, line.charge_id


def test_a_charge_is_a_line_after_the_subscriptions_overage() -> None:
    inputs = subscription(
        STUDIO, hours(1500), addons=(storage_addon(),), charges=(charge(-300, "c2"), charge(900, "c1"))
    )
    lines = rate_subscription(HEADER, inputs)
    assert amounts(lines) == [
        (LineKind.PLAN_BASE, 5000),
        (LineKind.ADDON, 750),
        (LineKind.OVERAGE, 12),
        (ADJUSTMENT, 900),
        (ADJUSTMENT, -300),
    ]
    assert list(map(columns, lines[3:])) == [
        ("pilot/charge/c1", 900, "d-pilot", "s-pilot", "c1"),
        ("pilot/charge/c2", -300, "d-pilot", "s-pilot", "c2"),
    ]
    line = lines[4]
    assert (line.description, line.resource_kind, line.addon_id) == ("Charge c2", None, None)
    assert (line.quantity, line.unit_price_cents) == (D(1), D(-300))
    assert (line.explanation.formula, line.explanation.exact_cents) == ("-300c", D(-300))
    assert line.explanation.billable_days is None
    assert [line.charge_id for line in lines[:3]] == [None, None, None]


def test_a_charge_is_billed_though_no_day_is_billable() -> None:
    lines = rate_subscription(HEADER, subscription(active=(), charges=(charge(900),)))
    assert amounts(lines) == [(ADJUSTMENT, 900)]


def test_a_credit_is_taken_in_part() -> None:
    [line] = of_kind(rate_subscription(HEADER, subscription(charges=(charge(-9000, taken=-5000),))), ADJUSTMENT)
    assert (line.amount_cents, line.unit_price_cents) == (-5000, D(-5000))
    assert (line.explanation.formula, line.explanation.exact_cents) == ("-5000c applied of -9000c", D(-5000))
    whole = subscription(charges=(charge(-9000, taken=-9000),))
    assert rate_subscription(HEADER, whole)[1].explanation.formula == "-9000c"


def test_a_credit_of_which_nothing_is_taken_has_no_line() -> None:
    inputs = subscription(charges=(charge(-9000, taken=0),))
    assert of_kind(rate_subscription(HEADER, inputs), ADJUSTMENT) == []


@pytest.mark.parametrize(("net", "taken"), [(-100, -101), (-100, 1), (100, 50), (100, 100), (100, -1)])
def test_more_than_a_credit_and_part_of_a_charge_cannot_be_taken(net: int, taken: int) -> None:
    with pytest.raises(ValueError, match=f"charge c1 of {net} cents cannot be applied as {taken} cents"):
        rate_subscription(HEADER, subscription(charges=(charge(net, taken=taken),)))


@pytest.mark.parametrize("day", [date(2026, 3, 31), date(2026, 5, 1)])
def test_a_charge_of_another_month_is_not_rated(day: date) -> None:
    stray = replace(charge(100), charged_on=day)
    message = f"charge c1 of {day} is outside the period from 2026-04-01"
    with pytest.raises(ValueError, match=message):
        rate_subscription(HEADER, subscription(charges=(stray,)))
    with pytest.raises(ValueError, match=message):
        rate_charges(HEADER, ChargeInputs((UnsubscribedCharge(None, None, stray),)))


def test_charges_without_a_subscription_come_after_all_subscriptions() -> None:
    charges = ChargeInputs(
        (
            UnsubscribedCharge(None, None, charge(100, "c3")),
            UnsubscribedCharge("aaa", "d-aaa", charge(50, "c1")),
            UnsubscribedCharge("aaa", "d-aaa", charge(-20, "c2")),
        )
    )
    bill = quote(QuoteInputs(HEADER, (subscription(charges=(charge(7),)),), charges))
    assert list(map(columns, bill.lines)) == [
        ("pilot/base/studio@1", 5000, "d-pilot", "s-pilot", None),
        ("pilot/charge/c1", 7, "d-pilot", "s-pilot", "c1"),
        ("charge/c3", 100, None, None, "c3"),
        ("aaa/charge/c1", 50, "d-aaa", None, "c1"),
        ("aaa/charge/c2", -20, "d-aaa", None, "c2"),
        ("tax:GST:0.1", 514, None, None, None),
    ]
    assert (bill.subtotal_cents, bill.total_cents) == (5137, 5651)


def test_a_tenant_with_nothing_but_a_charge_is_taxed_for_it() -> None:
    charges = ChargeInputs((UnsubscribedCharge(None, None, charge(1000)),))
    bill = quote(QuoteInputs(HEADER, (), charges))
    assert (bill.subtotal_cents, bill.tax_cents, bill.total_cents) == (1000, 100, 1100)
    assert quote(QuoteInputs(HEADER, (), ChargeInputs(()))).lines == ()


def test_a_charge_beyond_64_bits_is_refused() -> None:
    huge = ChargeTerms("c1", "Too much", 2**63, april(1))
    with pytest.raises(AmountTooLarge, match=r"^pilot/charge/c1: 9223372036854775808 cents"):
        rate_subscription(HEADER, subscription(charges=(huge,)))
