"""Every limit at its boundary, and hostile documents, which are refused quickly with the limit's name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from graphql import GraphQLError

from app.schema.limits import (
    MAX_CHARACTERS,
    MAX_COST,
    MAX_DEPTH,
    MAX_INPUT_LIST,
    MAX_OPERATIONS,
    MAX_TOKENS,
    MeasuredDocument,
    MeasuredOperation,
    inspect_document,
    parse_document,
    reading_cost,
)
from app.schema.measure import MAX_NESTING

T = TypeVar("T")


def inspect(text: str) -> MeasuredDocument:
    return inspect_document(parse_document(text))


def only_operation(text: str) -> MeasuredOperation:
    (operation,) = inspect(text).operations.values()
    return operation


MAX_EVENTS = 600_000
"""Calls of functions and returns, of a refusal: some 100 ms. Work that grows with the number of paths has millions."""


def traced(work: Callable[[], T]) -> tuple[T, list[str]]:
    """Returns the result and its calls and returns, whose number does not depend on the machine."""
    events: list[str] = []
    sys.setprofile(lambda _frame, event, _argument: events.append(event))
    try:
        return work(), events
    finally:
        sys.setprofile(None)


def limits(text: str) -> list[tuple[str, int]]:
    """(limit, requested) of each refusal."""
    extensions = [error.extensions or {} for error in inspect(text).errors]
    assert {each["code"] for each in extensions} <= {"LIMIT_EXCEEDED"}
    return [(each["limit"], each["requested"]) for each in extensions]


def nested(levels: int) -> str:
    return "{ a " * levels + "}" * levels


def test_depth() -> None:
    assert limits(nested(MAX_DEPTH)) == []
    assert limits(nested(MAX_DEPTH + 1)) == [("depth", MAX_DEPTH + 1)]


def test_depth_runs_through_fragments() -> None:
    inner = "fragment F on T " + nested(MAX_DEPTH - 1)
    assert limits("{ a { ...F } } " + inner) == []
    assert limits("{ a { b { ...F } } } " + inner) == [("depth", MAX_DEPTH + 1)]


def test_introspection_is_free_of_depth_and_cost() -> None:
    inspection = inspect("{ __schema " + nested(MAX_DEPTH + 5) + " }")
    assert inspection.errors == ()
    assert inspection.greatest_cost == 0


def test_aliases_count_each_time_a_fragment_is_spread() -> None:
    assert limits("{ " + " ".join(f"a{n}: a" for n in range(30)) + " }") == []
    assert limits("{ " + " ".join(f"a{n}: a" for n in range(31)) + " }") == [("aliases", 31)]
    fragment = "fragment F on T { " + " ".join(f"a{n}: a" for n in range(16)) + " }"
    assert limits("{ x { ...F } y { ...F } } " + fragment) == [("aliases", 32)]


def test_an_operation_is_held_to_its_own_limits() -> None:
    dear = ROWS.replace("{ rows", "query Dear { rows", 1)
    others = f"query Deep {nested(13)} query C {{ ...F }} fragment F on T {{ a }}"
    inspection = inspect(f"query A {{ a {{ b }} }} {dear} {others}")
    assert inspection.errors == ()
    assert {name: bool(each.errors) for name, each in inspection.operations.items()} == {
        "A": False,
        "Dear": False,
        "Deep": True,
        "C": False,
    }
    assert [inspection.operations[name].cost(None) for name in ("A", "Dear", "C")] == [1, 1_020_201, 0]
    assert inspection.operations["Dear"].cost_error(None) is not None
    assert inspection.greatest_cost == 1_020_201


def test_a_fragment_costs_what_the_defaults_of_its_operation_make_it() -> None:
    fragment = "fragment F on T { rows(first: $n) { nodes { a } } }"
    inspection = inspect(f"query A($n: Int = 3) {{ ...F }} query B($n: Int = 5) {{ ...F }} {fragment}")
    assert [inspection.operations[name].cost(None) for name in "AB"] == [1 + 3, 1 + 5]


def test_the_document_is_refused_where_none_of_its_operations_may_run() -> None:
    assert limits(f"query A {nested(13)} query B {nested(14)}") == [("depth", 13), ("depth", 14)]


def test_many_operations() -> None:
    operations = [f"query Q{number} {{ a }}" for number in range(MAX_OPERATIONS + 1)]
    assert limits(" ".join(operations[1:])) == []
    assert limits(" ".join(operations)) == [("operations", MAX_OPERATIONS + 1)]


def test_what_validation_reads_beside_the_operation_is_bounded_too() -> None:
    repeated = "{" + "a { b } " * 50 + "}"
    assert limits(f"query A {repeated}") == []
    assert limits(f"query A {repeated} query B {repeated}") == [("repeated fields", 3675)]
    assert limits("{ a } fragment Unused on T {" + "a { b } " * 450 + "}")[0][0] == "repeated fields"
    assert limits("{ a } fragment Unused on T " + nested(MAX_NESTING + 1)) == [("nesting", MAX_NESTING + 1)]


@pytest.mark.parametrize(
    "padded",
    [
        lambda size: "#" + "x" * 100 * size + "\n{ a }",
        lambda size: " " * 100 * size + "{ a }",
        lambda size: '{ a(b: "' + "x" * 100 * size + '") }',
        lambda size: "{ " + " ".join(f"f{number}" for number in range(size)) + " }",
        lambda size: "{ " + "abc " * size,
    ],
    ids=["comment", "whitespace", "string", "unknown fields", "no syntax"],
)
def test_reading_costs_points_in_proportion_to_size(padded: Callable[[int], str]) -> None:
    def cost(size: int) -> int:
        text = padded(size)
        try:
            return reading_cost(text, parse_document(text))
        except GraphQLError:
            return reading_cost(text, None)

    assert cost(10) == 0
    assert cost(1900) > 3500
    assert cost(1900) > 1.9 * cost(1000) > 3.5 * cost(500) > 0


def test_root_mutations() -> None:
    assert limits("mutation { a b ... { c } ...F } fragment F on Mutation { d }") == []
    assert limits("mutation { a b ... { c } ...F } fragment F on Mutation { d e }") == [("root mutations", 5)]
    assert limits("query { a b c d e }") == []


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ a }", 0),
        ("{ a { b } }", 1),
        ("{ a { b { c } } }", 2),
        ("{ rows { nodes { a } } }", 1 + 20),
        ("{ rows { edges { cursor node { a } } } }", 1 + 20),
        ("{ rows { totalCount pageInfo { endCursor } } }", 2),
        ("{ rows(first: 5) { pageInfo { endCursor } nodes { a { b } } } }", 2 + 5 * 2),
        ("{ rows(last: 5) { ...Page } } fragment Page on Rows { nodes { a } }", 1 + 5),
        ("{ rows(first: null) { nodes { a } } }", 1 + 20),
        ("{ rows(first: -3) { nodes { a } } }", 1),
        ("{ rows(first: 99999999999) { nodes { a } } }", 1 + 100),
        ("{ rows(first: 10) { nodes { rows(first: 10) { nodes { a } } } } }", 1 + 10 * (1 + 1 + 10)),
        ('{ nodes(ids: ["a", "b", "c"]) { ... on A { b { c } } } }', 3 * 2),
        ("query ($n: Int) { rows(first: $n) { nodes { a } } }", 1 + 100),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { a } }", 100),
        ("{ rows(first: 1) { ...Page } more(first: 9) { ...Page } } fragment Page on Rows { nodes { a } }", 2 + 10),
    ],
)
def test_cost(text: str, cost: int) -> None:
    assert inspect(text).greatest_cost == cost


def test_a_variable_page_size_costs_what_it_is() -> None:
    inspection = only_operation(
        "query ($n: Int = 3) { rows(first: $n) { nodes { rows(first: 100) { nodes { a } } } } }"
    )
    assert inspection.greatest_cost == 1 + 100 * 102
    assert inspection.cost({"n": 10}) == 1 + 10 * 102
    assert inspection.cost({}) == inspection.cost(None) == 1 + 3 * 102
    assert inspection.cost({"n": None}) == 1 + 20 * 102
    assert inspection.cost({"n": "many"}) == inspection.cost({"n": 10**9}) == 1 + 100 * 102
    assert inspection.cost_error({"n": 49}) is None
    error = inspection.cost_error({"n": 50})
    assert error is not None
    assert error.extensions == {"code": "LIMIT_EXCEEDED", "limit": "cost", "maximum": MAX_COST, "requested": 5101}


def test_a_variable_list_of_ids_costs_its_length() -> None:
    inspection = only_operation("query ($ids: [ID!]!) { nodes(ids: $ids) { rows(first: 100) { nodes { a } } } }")
    assert inspection.cost({"ids": ["a", "b"]}) == 2 * 102
    assert inspection.cost_error({"ids": ["a"] * 50}) is not None


def test_literal_lists() -> None:
    assert limits("{ a(b: [" + "1 " * MAX_INPUT_LIST + "]) }") == []
    assert limits("{ a(b: {c: [" + "1 " * (MAX_INPUT_LIST + 1) + "]}) }") == [("list items", MAX_INPUT_LIST + 1)]


def test_a_literal_nul_is_refused() -> None:
    (error,) = inspect(r'{ a(b: {c: "x\u0000"}) }').errors
    assert error.extensions == {"code": "BAD_USER_INPUT"}


def test_at_most_five_errors() -> None:
    assert len(inspect("".join(f"query B{n} {nested(13)}" for n in range(9))).errors) == 5


def parse_failure(text: str) -> dict[str, Any] | None:
    with pytest.raises(GraphQLError) as caught:
        parse_document(text)
    return caught.value.extensions


def first_refusal(text: str) -> dict[str, Any] | None:
    inspection = inspect(text)
    if inspection.errors:
        return inspection.errors[0].extensions
    (operation,) = inspection.operations.values()
    error = operation.cost_error({})
    assert error is not None
    return error.extensions


def bomb(fragments: int) -> str:
    chain = "".join(f"fragment F{n} on T {{ x: a {{ ...F{n + 1} }} y: a {{ ...F{n + 1} }} }}" for n in range(fragments))
    return "{ ...F0 }" + chain + f"fragment F{fragments} on T {{ a }}"


def chain(fragments: int) -> str:
    """Each fragment asks for the next under two names, on one level of depth: shallow, cheap, and 2^n fields wide."""
    last = f"fragment F{fragments} on T {{ __typename }}"
    names = ("__schema", "__type")
    spreads = (" ".join(f"{name} {{ ...F{n + 1} }}" for name in names) for n in range(fragments))
    return "".join(f"fragment F{n} on T {{ {spread} }}" for n, spread in enumerate(spreads)) + last


ROWS = "{ rows(first: 100) { nodes { rows(first: 100) { nodes { rows(first: 100) { nodes { a } } } } } } }"


@pytest.mark.parametrize(
    ("attack", "text", "extensions"),
    [
        (first_refusal, bomb(20), {"limit": "depth", "maximum": 12, "requested": 21}),
        (first_refusal, bomb(60), {"limit": "nesting", "maximum": MAX_NESTING, "requested": MAX_NESTING + 1}),
        (first_refusal, "{" + "".join(f"a{n}: a " for n in range(500)) + "}", {"limit": "aliases", "requested": 500}),
        (first_refusal, ROWS, {"limit": "cost", "requested": 1_020_201}),
        (first_refusal, "{" + "a { b } " * 450 + "}", {"limit": "repeated fields"}),
        (first_refusal, "{" + ("a {" + "b " * 40 + "} ") * 40 + "}", {"limit": "repeated fields"}),
        (first_refusal, "{ ...F0 }" + chain(13), {"limit": "fields"}),
        (parse_failure, "{" + "__typename " * 20_000 + "}", {}),
        (parse_failure, "{ a(b: " + "[" * 100_000, {}),
        (parse_failure, nested(900), {}),
        (parse_failure, "#\n" * 20_000 + "{ a }", {}),
        (parse_failure, "#" * MAX_CHARACTERS + "\n{ a }", {"limit": "characters", "maximum": MAX_CHARACTERS}),
    ],
)
def test_attacks_are_refused_by_name_with_bounded_work(
    attack: Callable[[str], dict[str, Any] | None], text: str, extensions: dict[str, Any]
) -> None:
    found, events = traced(lambda: attack(text))
    assert len(events) < MAX_EVENTS
    assert found is not None
    assert found | extensions == found
    assert found["code"] == "LIMIT_EXCEEDED"


def test_a_bomb_within_the_depth_is_summed_exactly() -> None:
    fragments = "".join(f"fragment F{n} on T {{ x: ...F{n + 1} }}".replace("x: ", "") for n in range(30))
    wide = "".join(f"fragment G{n} on T {{ ...G{n + 1} ...G{n + 1} }}" for n in range(30))
    assert limits("{ ...F0 ...G0 }" + fragments + "fragment F30 on T { a }" + wide + "fragment G30 on T { z: a }") == [
        ("aliases", 2**30)
    ]


def test_circular_fragments_end() -> None:
    document = "{ ...A } fragment A on T { a { ...B } } fragment B on T { b { ...A } ...B }"
    (error,), events = traced(lambda: inspect(document).errors)
    assert len(events) < MAX_EVENTS
    assert error.message == "Cannot spread fragment 'A' within itself."
    assert error.extensions == {"code": "GRAPHQL_VALIDATION_FAILED"}


def test_an_unknown_fragment_is_left_to_validation() -> None:
    assert limits("{ ...Nowhere }") == []


def test_a_syntax_error_is_not_a_limit() -> None:
    assert parse_failure("{") == {"code": "GRAPHQL_PARSE_FAILED"}
    assert parse_failure("{ a(b: " + '"' + "x" * (MAX_TOKENS + 1)) == {"code": "GRAPHQL_PARSE_FAILED"}
