"""Decoding events directly from JSON gives the same values as graphql-core, and returns None for what that refuses."""

from decimal import Decimal
from typing import Any

import pytest
from graphql import parse
from hypothesis import given as given_data
from hypothesis import strategies as st

from app.reads.errors import GraphQLRequestError
from app.reads.variables import Variables
from app.schema.schema import schema
from app.schema.usage_events import DecodedEvents, build, decode
from tests.schema.api import Api
from tests.schema.test_usage import SELECTION, event

OPERATION: Any = parse("mutation ($input: [UsageEventInput!]!) { __typename }").definitions[0]
VARIABLES = Variables(schema._schema, OPERATION, hide_suggestions=False)
ID = "019d4500-0000-7000-8000-000000000001"

GOOD: dict[str, list[Any]] = {
    "id": ["", "1", "é\0", "x" * 300],
    "source": ["agent", ""],
    "deploymentId": [ID, ID.upper()],
    "resourceKind": ["droplet_hours", ""],
    "quantity": ["1", "1.50", "-0", "NaN", "-Infinity", 7, 10**30, "1e5", Decimal("1.5"), 2.0],
    "occurredAt": ["2026-04-10T12:00:00Z", "2026-04-10 12:00:00.123456789+10:00", "2026-04-10t12:00:00z"],
    "resourceId": [ID, None],
}
BAD: dict[str, list[Any]] = {
    "id": [1, None, ["1"]],
    "source": [None, 1],
    "deploymentId": [ID.replace("-", ""), f"{{{ID}}}", "x", None, 1],
    "resourceKind": [None, 1],
    "quantity": [1.5, "1_000", " 1", "", None, True, "\u0661"],
    "occurredAt": ["2026-04-10T12:00:00", "2026-04-10", "2026-04-31T12:00:00Z", None, 1],
    "resourceId": ["x", 1],
    "more": [1],
}
REQUIRED = {"id", "deploymentId", "resourceKind", "quantity", "occurredAt"}


def slowly(events: Any) -> DecodedEvents | None:
    """Reads the events with graphql-core, field by field."""
    try:
        values = VARIABLES.coerced({"input": events})
    except GraphQLRequestError:
        return None
    return build({"events": values.coerced["input"]})


_values = {name: st.sampled_from(GOOD.get(name, []) + bad) for name, bad in BAD.items()}
_good = {name: st.sampled_from(values) for name, values in GOOD.items()}
_optional = {"source", "resourceId"}
_event = st.one_of(
    st.fixed_dictionaries({name: _good[name] for name in sorted(REQUIRED)}, optional={n: _good[n] for n in _optional}),
    st.fixed_dictionaries({}, optional=_values),
)


@given_data(st.lists(_event, max_size=3))
def test_decoding_whole_and_field_by_field_agree(events: list[Any]) -> None:
    assert repr(decode({"events": events})) == repr(slowly(events))  # NaN is not equal to itself


@pytest.mark.parametrize("given", [None, 1, [], {}, {"events": None}, {"events": [], "more": 1}, {"events": {}}])
def test_what_is_no_input_is_left_to_graphql(given: Any) -> None:
    assert decode(given) is None


DOCUMENTS = {
    "a variable": ("mutation ($input: RecordUsageInput!) { recordUsage(input: $input) { %s } }", "input"),
    "a nullable type's variable": (
        "mutation ($input: RecordUsageInput! = {events: []}) { recordUsage(input: $input) { %s } }",
        "input",
    ),
    "a variable in a literal": (
        "mutation ($events: [UsageEventInput!]!) { recordUsage(input: {events: $events}) { %s } }",
        "events",
    ),
    "a list's one item": (
        "mutation ($event: UsageEventInput!) { recordUsage(input: {events: [$event]}) { %s } }",
        "event",
    ),
    "an alias": ("mutation ($input: RecordUsageInput!) { metered: recordUsage(input: $input) { %s } }", "input"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_however_the_events_are_handed_over(api: Api, name: str) -> None:
    document, variable = DOCUMENTS[name]
    metered = event(await api.given.deployment(await api.given.tenant("acme")))
    given = {"input": {"events": [metered]}, "events": [metered], "event": metered}[variable]
    data = await api.data(document % SELECTION, {variable: given}, caller=api.given.meter())
    assert list(data.values()) == [{"accepted": 1, "duplicates": 0, "rejected": []}]
    assert await api.given.row("SELECT quantity FROM usage_records") == {"quantity": Decimal("1.5")}


async def test_written_into_the_document(api: Api) -> None:
    deployment = await api.given.deployment(await api.given.tenant("acme"))
    literal = (
        f'{{id: "1", deploymentId: "{deployment}", resourceKind: "droplet_hours", quantity: 1.5,'
        ' occurredAt: "2026-05-01T02:00:00Z"}'
    )
    data = await api.data(
        f"mutation {{ recordUsage(input: {{events: [{literal}]}}) {{ {SELECTION} }} }}", caller=api.given.meter()
    )
    assert data["recordUsage"] == {"accepted": 1, "duplicates": 0, "rejected": []}


async def test_a_malformed_id_has_its_path_in_the_error(api: Api) -> None:
    document, _ = DOCUMENTS["a variable"]
    events = [event(ID), event("nobody", id="2")]
    error = await api.error(document % SELECTION, {"input": {"events": events}}, caller=api.given.meter())
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "events[1].deploymentId" in error["message"]
