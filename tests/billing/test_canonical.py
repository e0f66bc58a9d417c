from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from app.billing import (
    RULES_VERSION,
    ActiveSpan,
    Aggregation,
    ChargeInputs,
    ChargeTerms,
    DailyLevel,
    DailyQuantity,
    InputHash,
    LevelStream,
    LevelUsage,
    LineKind,
    Period,
    PlanInForce,
    QuoteInputs,
    SubscriptionInputs,
    SumUsage,
    TaxTerms,
    UnsubscribedCharge,
    charges_of,
    charges_text,
    document_value,
    header_of,
    header_text,
    input_hash,
    parse_document,
    parse_header,
    quote,
    rate_document,
    rating,
    subscription_of,
    subscription_text,
)
from app.billing.inputs import KNOWN_RULES_VERSIONS
from tests.billing.examples import (
    APRIL,
    HEADER,
    STUDIO,
    D,
    april,
    at,
    charge,
    every_day,
    hours,
    peaks,
    plan,
    resource,
    storage_addon,
    subscription,
)
from tests.billing.strategies import quote_inputs

PILOT = subscription(STUDIO, hours("72.50"), addons=(storage_addon(),))


def test_the_text_is_compact_sorted_and_exact() -> None:
    assert header_text(HEADER) == (
        '{"currency":"AUD","period_start":"2026-04-01","rules":1,"tax_exempt":false,"taxes":[["GST","0.1"]],"v":3,'
        '"zone":"UTC"}'
    )
    assert subscription_text(PILOT, APRIL) == (
        '{"active_spans":[["2026-04-01",null]],'
        '"addons":[{"attached_at":"2026-04-01T00:00:00+00:00","attached_on":"2026-04-01","code":"storage_50gb",'
        '"detached_on":null,"id":"addon-1","kind":"storage_gb","price_cents":750,"quantity":"50"}],'
        '"charges":[],'
        '"deployment_id":"d-pilot",'
        '"plans":[["2026-04-01",{"base_price_cents":5000,"currency":"AUD","plan":"studio","proration":"NONE",'
        '"resources":[{"aggregation":"SUM","included":"1488","kind":"droplet_hours","model":"PER_UNIT",'
        '"package_size":null,"tiers":[[null,"1",0]],"unit":"hour"}],"version":1}]],'
        '"slug":"pilot","subscription_id":"s-pilot","trial_ends_at":null,'
        '"usage":[["droplet_hours","SUM","1","72.5"]],"v":3}'
    )


def test_streams_are_written_one_by_one() -> None:
    level = DailyLevel(april(2), at(2, 12), D(40), D(17))
    usage = (
        peaks((None, {1: 5}), ("volume-1", {1: "7.50", 2: 8, 3: 9}), kind="a"),
        LevelUsage("b", (LevelStream(None, (), D(10)), LevelStream("volume-1", (level,)))),
    )
    assert subscription_text(replace(PILOT, usage=usage), APRIL).endswith(
        ',"usage":[["a","MAX",[[null,"1","5"],["volume-1","1-3","7.5 8 9"]]],'
        '["b","TIME_WEIGHTED",[[null,[],"10"],["volume-1",[[2,"2026-04-02T12:00:00+00:00","40","17"]],"0"]]]],"v":3}'
    )


def test_one_off_charges_are_written_with_their_subscription_or_in_a_document_of_their_own() -> None:
    terms = ChargeTerms("c1", 'Set up "pilot"', -500, april(5), -200)
    text = (
        '{"charged_on":"2026-04-05","description":"Set up \\"pilot\\"","id":"c1","net_cents":-500,"taken_cents":-200}'
    )
    assert f',"charges":[{text}],' in subscription_text(replace(PILOT, charges=(terms,)), APRIL)
    charges = ChargeInputs(
        (UnsubscribedCharge(None, None, terms), UnsubscribedCharge("left", "d-left", replace(terms, taken_cents=None)))
    )
    assert charges_text(charges) == (
        f'{{"unsubscribed_charges":[{{"charge":{text},"deployment_id":null,"slug":null}},'
        f'{{"charge":{text.replace("-200", "null")},"deployment_id":"d-left","slug":"left"}}],"v":3}}'
    )
    assert parse_document(charges_text(charges), HEADER) == charges


@given(quote_inputs())
def test_what_was_written_is_read_back_and_rates_the_same(inputs: QuoteInputs) -> None:
    header = parse_header(header_text(inputs.header))
    documents = [subscription_text(subscription, header.period) for subscription in inputs.subscriptions]
    parsed = tuple(subscription_of(document_value(document), header.period) for document in documents)
    charges = None if inputs.charges is None else charges_of(document_value(charges_text(inputs.charges)))
    again = QuoteInputs(header, parsed, charges)
    assert again == inputs
    assert [subscription_text(subscription, header.period) for subscription in again.subscriptions] == documents
    assert quote(again) == quote(inputs)


@given(quote_inputs())
def test_documents_are_rated_as_what_they_were_made_of(inputs: QuoteInputs) -> None:
    header = inputs.header
    documents = [subscription_text(subscription, header.period) for subscription in inputs.in_line_order()]
    if inputs.charges is not None:
        documents.append(charges_text(inputs.charges))
    lines = [line for document in documents for line in rate_document(header, document)]
    assert lines == [line for line in quote(inputs).lines if line.kind is not LineKind.TAX]


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
    charges = ChargeInputs((UnsubscribedCharge(None, None, charge(100)),))
    stream.add(charges_text(charges))
    assert input_hash(QuoteInputs(HEADER, (PILOT, other), charges)) == stream.hexdigest()


def _changed_subscriptions() -> list[SubscriptionInputs]:
    """The subscription `pilot`, and copies of it that each differ from it in one value."""
    [addon] = PILOT.addons
    terms = [
        replace(STUDIO, base_price_cents=5001),
        replace(STUDIO, version=2),
        plan(resource(included="1488.000000000001")),
        plan(resource(unit="h")),
        plan(resource(aggregation=Aggregation.MAX)),
    ]
    level = DailyLevel(april(1), at(1), D(1), D(1))
    return [
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
        *(replace(PILOT, addons=(replace(addon, detached_on=april(day)),)) for day in (1, 2)),
        replace(PILOT, usage=(peaks((None, {1: "72.5"}), kind="droplet_hours"),)),
        replace(PILOT, usage=(peaks(("", {1: "72.5"}), kind="droplet_hours"),)),
        replace(PILOT, usage=(peaks((None, {1: "72.5"}), ("", {1: "72.5"}), kind="droplet_hours"),)),
        *(
            replace(PILOT, usage=(LevelUsage("droplet_hours", streams),))
            for streams in (
                (LevelStream(None, (level,)),),
                (LevelStream(None, (level,), D(1)),),
                (LevelStream(None, (level._replace(first_at=at(1, 1)),)),),
                (LevelStream("volume-1", (level,)),),
                (LevelStream(None, (level,)), LevelStream("volume-1", (level,))),
            )
        ),
        replace(PILOT, charges=(charge(-100),)),
        replace(PILOT, charges=(charge(-100, day=6),)),
        replace(PILOT, charges=(charge(-100, taken=-50),)),
        replace(PILOT, charges=(charge(-100, taken=-100),)),
        *(replace(PILOT, plans=(PlanInForce(april(1), changed),)) for changed in terms),
    ]


def test_any_change_of_the_inputs_changes_the_hash() -> None:
    headers = [
        replace(HEADER, currency="USD"),
        replace(HEADER, taxes=()),
        replace(HEADER, taxes=(TaxTerms("GST", D("0.15")),)),
        replace(HEADER, tax_exempt=True),
        replace(HEADER, period=Period(APRIL.start, ZoneInfo("Australia/Sydney"))),
    ]
    hashes = [input_hash(QuoteInputs(HEADER, (inputs,))) for inputs in _changed_subscriptions()]
    hashes += [input_hash(QuoteInputs(header, (PILOT,))) for header in headers]
    charges = [
        (),
        (UnsubscribedCharge(None, None, charge(1)),),
        (UnsubscribedCharge("pilot", None, charge(1)),),
        (UnsubscribedCharge("pilot", "d-pilot", charge(1)),),
    ]
    hashes += [input_hash(QuoteInputs(HEADER, (PILOT,), ChargeInputs(rows))) for rows in charges]
    assert all(one != other for one, other in combinations(hashes, 2))


@settings(max_examples=50)
@given(quote_inputs(), quote_inputs())
def test_inputs_are_equal_exactly_when_their_hashes_are(one: QuoteInputs, other: QuoteInputs) -> None:
    def in_order(inputs: QuoteInputs) -> QuoteInputs:
        return replace(inputs, subscriptions=tuple(inputs.in_line_order()))

    assert (input_hash(one) == input_hash(other)) == (in_order(one) == in_order(other))
    assert input_hash(one) == input_hash(in_order(one))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (2, r"kept in format 2: they were made before format 3, and this version of the program cannot read them"),
        (4, r"in format 4, written by a later version of the program; this version reads format 3"),
    ],
)
def test_another_format_is_refused_with_the_reason(found: int, message: str) -> None:
    documents = header_text(HEADER), subscription_text(PILOT, APRIL), charges_text(ChargeInputs(()))
    for document in documents:
        assert document_value(document)["v"] == 3
        with pytest.raises(ValueError, match=message):
            document_value(document.replace('"v":3', f'"v":{found}'))
    with pytest.raises(ValueError, match=message):
        parse_header(documents[0].replace('"v":3', f'"v":{found}'))
    for document in documents[1:]:
        with pytest.raises(ValueError, match=message):
            parse_document(document.replace('"v":3', f'"v":{found}'), HEADER)


def test_an_unknown_rules_version_is_refused() -> None:
    text = header_text(HEADER).replace('"rules":1', '"rules":2')
    message = "rules version 2 cannot be rated; the known rules versions are: 1"
    with pytest.raises(ValueError, match=message):
        parse_header(text)
    with pytest.raises(ValueError, match=message):
        header_of(document_value(text))
    with pytest.raises(ValueError, match=message):
        replace(HEADER, rules_version=2)


def test_every_known_rules_version_can_be_rated() -> None:
    assert rating._RATERS.keys() == KNOWN_RULES_VERSIONS
    assert max(KNOWN_RULES_VERSIONS) == RULES_VERSION


def test_usage_of_another_month_is_not_written() -> None:
    stray = SumUsage("droplet_hours", (DailyQuantity(date(2026, 5, 1), D(1)),))
    with pytest.raises(ValueError, match="outside the period from 2026-04-01"):
        subscription_text(replace(PILOT, usage=(every_day(1, "a"), stray)), APRIL)


def test_instants_keep_their_microseconds() -> None:
    inputs = replace(PILOT, trial_ends_at=datetime(2026, 4, 3, 4, 5, 6, 7, tzinfo=UTC))
    assert parse_document(subscription_text(inputs, APRIL), HEADER) == inputs


def test_the_hash_of_the_committed_documents() -> None:
    """The hash is stored with invoices, so it may never change for the same inputs."""
    assert (
        input_hash(QuoteInputs(HEADER, (PILOT,))) == "09872b35a85f636be831ac2e35e052b8d206e623b4b3fb8a72d66c689f725cd4"
    )
