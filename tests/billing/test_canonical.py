from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from app.billing import (
    ActiveSpan,
    Aggregation,
    DailyLevel,
    DailyQuantity,
    InputHash,
    LevelUsage,
    MaxUsage,
    Period,
    PlanInForce,
    QuoteInputs,
    SumUsage,
    TaxTerms,
    header_text,
    input_hash,
    parse_header,
    parse_subscription,
    quote,
    subscription_text,
)
from tests.billing.examples import (
    APRIL,
    HEADER,
    STUDIO,
    D,
    april,
    at,
    every_day,
    hours,
    plan,
    resource,
    storage_addon,
    subscription,
)
from tests.billing.strategies import quote_inputs

PILOT = subscription(STUDIO, hours("72.50"), addons=(storage_addon(),))


def test_the_text_is_compact_sorted_and_exact() -> None:
    assert header_text(HEADER) == (
        '{"currency":"AUD","period_start":"2026-04-01","tax_exempt":false,"taxes":[["GST","0.1"]],"v":2,"zone":"UTC"}'
    )
    assert subscription_text(PILOT, APRIL) == (
        '{"active_spans":[["2026-04-01",null]],'
        '"addons":[{"attached_at":"2026-04-01T00:00:00+00:00","attached_on":"2026-04-01","code":"storage_50gb",'
        '"id":"addon-1","kind":"storage_gb","price_cents":750,"quantity":"50"}],'
        '"deployment_id":"d-pilot",'
        '"plans":[["2026-04-01",{"base_price_cents":5000,"currency":"AUD","plan":"studio","proration":"NONE",'
        '"resources":[{"aggregation":"SUM","included":"1488","kind":"droplet_hours","model":"PER_UNIT",'
        '"package_size":null,"tiers":[[null,"1",0]],"unit":"hour"}],"version":1}]],'
        '"slug":"pilot","subscription_id":"s-pilot","trial_ends_at":null,'
        '"usage":[["droplet_hours","SUM","1","72.5"]],"v":2}'
    )


@given(quote_inputs())
def test_what_was_written_is_read_back_and_rates_the_same(inputs: QuoteInputs) -> None:
    header = parse_header(header_text(inputs.header))
    documents = [subscription_text(subscription, header.period) for subscription in inputs.subscriptions]
    again = QuoteInputs(header, tuple(parse_subscription(document, header.period) for document in documents))
    assert again == inputs
    assert [subscription_text(subscription, header.period) for subscription in again.subscriptions] == documents
    assert quote(again) == quote(inputs)


def test_equal_inputs_have_equal_text_however_they_are_written() -> None:
    east = timezone(timedelta(hours=10))
    [addon] = PILOT.addons
    same = replace(
        PILOT,
        addons=(replace(addon, quantity=D("50.000"), attached_at=addon.attached_at.astimezone(east)),),
        usage=(hours("7.25E+1"),),
    )
    assert same == PILOT
    assert subscription_text(same, APRIL) == subscription_text(PILOT, APRIL)


def test_the_hash_is_over_the_header_and_the_documents_in_line_order() -> None:
    other = replace(PILOT, slug="beta")
    text = "\n".join([header_text(HEADER), subscription_text(other, APRIL), subscription_text(PILOT, APRIL)])
    expected = sha256(text.encode()).hexdigest()
    assert input_hash(QuoteInputs(HEADER, (PILOT, other))) == expected
    assert input_hash(QuoteInputs(HEADER, (other, PILOT))) == expected
    stream = InputHash(header_text(HEADER))
    for document in text.split("\n")[1:]:
        stream.add(document)
    assert stream.hexdigest() == expected


def test_any_change_of_the_inputs_changes_the_hash() -> None:
    [addon] = PILOT.addons
    terms = [
        replace(STUDIO, base_price_cents=5001),
        replace(STUDIO, version=2),
        plan(resource(included="1488.000000000001")),
        plan(resource(unit="h")),
        plan(resource(aggregation=Aggregation.MAX)),
    ]
    level = DailyLevel(april(1), at(1), D(1), D(1))
    changed = [
        PILOT,
        replace(PILOT, slug="pilot-2"),
        replace(PILOT, subscription_id=None),
        replace(PILOT, deployment_id=""),
        replace(PILOT, trial_ends_at=at(1)),
        replace(PILOT, active_spans=(ActiveSpan(april(1), april(30)),)),
        replace(PILOT, active_spans=()),
        replace(PILOT, addons=()),
        replace(PILOT, addons=(replace(addon, price_cents=751),)),
        replace(PILOT, addons=(replace(addon, attached_on=april(2)),)),
        replace(PILOT, addons=(replace(addon, attached_at=at(1, 0, 1)),)),
        replace(PILOT, addons=(replace(addon, resource_kind=None),)),
        replace(PILOT, usage=()),
        replace(PILOT, usage=(hours("72.500000000001"),)),
        replace(PILOT, usage=(hours("72.5", day=2),)),
        replace(PILOT, usage=(MaxUsage("droplet_hours", (DailyQuantity(april(1), D("72.5")),)),)),
        replace(PILOT, usage=(LevelUsage("droplet_hours", (level,)),)),
        replace(PILOT, usage=(LevelUsage("droplet_hours", (level,), D(1)),)),
        replace(PILOT, usage=(LevelUsage("droplet_hours", (level._replace(first_at=at(1, 1)),)),)),
        *(replace(PILOT, plans=(PlanInForce(april(1), changed),)) for changed in terms),
    ]
    headers = [
        replace(HEADER, currency="USD"),
        replace(HEADER, taxes=()),
        replace(HEADER, taxes=(TaxTerms("GST", D("0.15")),)),
        replace(HEADER, tax_exempt=True),
        replace(HEADER, period=Period(APRIL.start, ZoneInfo("Australia/Sydney"))),
    ]
    hashes = [input_hash(QuoteInputs(HEADER, (inputs,))) for inputs in changed]
    hashes += [input_hash(QuoteInputs(header, (PILOT,))) for header in headers]
    assert all(one != other for one, other in combinations(hashes, 2))


@given(quote_inputs(), quote_inputs())
def test_inputs_are_equal_exactly_when_their_hashes_are(one: QuoteInputs, other: QuoteInputs) -> None:
    def in_order(inputs: QuoteInputs) -> QuoteInputs:
        return replace(inputs, subscriptions=tuple(inputs.in_line_order()))

    assert (input_hash(one) == input_hash(other)) == (in_order(one) == in_order(other))
    assert input_hash(one) == input_hash(in_order(one))


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 3"):
        parse_header(header_text(HEADER).replace('"v":2', '"v":3'))
    with pytest.raises(ValueError, match="format 3"):
        parse_subscription(subscription_text(PILOT, APRIL).replace('"v":2', '"v":3'), APRIL)


def test_usage_of_another_month_is_not_written() -> None:
    stray = SumUsage("droplet_hours", (DailyQuantity(date(2026, 5, 1), D(1)),))
    with pytest.raises(ValueError, match="outside the period from 2026-04-01"):
        subscription_text(replace(PILOT, usage=(every_day(1, "a"), stray)), APRIL)


def test_instants_keep_their_microseconds() -> None:
    inputs = replace(PILOT, trial_ends_at=datetime(2026, 4, 3, 4, 5, 6, 7, tzinfo=UTC))
    assert parse_subscription(subscription_text(inputs, APRIL), APRIL) == inputs
