"""A malformed id is a client error in every field."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    get_named_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)

from app.schema.schema import schema
from tests.schema.api import Api
from tests.schema.inputs import some_value

MALFORMED = "pilot"


def _malformed(type_: GraphQLInputType) -> Iterator[tuple[str, Any]]:
    """The path to each id that a value of the type can hold, and a value in which that one is malformed."""
    if is_non_null_type(type_):
        yield from _malformed(type_.of_type)
    elif is_list_type(type_):
        for path, value in _malformed(type_.of_type):
            yield f".0{path}", [value]
    elif isinstance(type_, GraphQLInputObjectType):
        for name, field in type_.fields.items():
            for path, value in _malformed(field.type):
                yield f".{name}{path}", some_value(type_) | {name: value}
    elif str(type_) == "ID":
        yield "", MALFORMED


def _requests() -> Iterator[Any]:
    """Yields a document and its variables for each argument, or part of one, of every root field
    that contains an id.
    """
    roots = (schema._schema.query_type, schema._schema.mutation_type, schema._schema.subscription_type)
    for operation, root in zip(("query", "mutation", "subscription"), roots, strict=True):
        assert root is not None
        for name, field in root.fields.items():
            required = {key: argument for key, argument in field.args.items() if is_required_argument(argument)}
            for key, argument in field.args.items():
                for path, value in _malformed(argument.type):
                    given = required | {key: argument}
                    variables = {other: some_value(each.type) for other, each in given.items()} | {key: value}
                    declared = ", ".join(f"${other}: {each.type}" for other, each in given.items())
                    passed = ", ".join(f"{other}: ${other}" for other in given)
                    text = f"{operation} ({declared}) {{ {name}({passed}) {{ __typename }} }}"
                    yield pytest.param(text, variables, id=f"{name}({key}{path})")


REQUESTS = list(_requests())


def test_ids_are_looked_for_in_earnest() -> None:
    assert {request.id for request in REQUESTS} >= {
        "node(id)",
        "nodes(ids.0)",
        "deployments(filter.tenantId)",
        "recordUsage(input.events.0.resourceId)",
        "rollUpPeriod(input.tenantIds.0)",
        "rollupProgress(runId)",
    }


@pytest.mark.parametrize(("text", "variables"), REQUESTS)
async def test_a_malformed_id_is_a_coded_request_error(api: Api, text: str, variables: dict[str, Any]) -> None:
    body = await api.body(text, variables)
    (error,) = body["errors"]
    assert (error["extensions"]["code"], "data" in body) == ("BAD_USER_INPUT", False)
    assert MALFORMED in error["message"]


async def test_a_malformed_id_in_the_document_is_no_other(api: Api) -> None:
    body = await api.body('{ deployment(id: "pilot") { slug } }')
    (error,) = body["errors"]
    assert (error["extensions"]["code"], "data" in body) == ("BAD_USER_INPUT", False)


async def test_ids_below_the_root_are_held_to_the_same(api: Api) -> None:
    text = """query ($filter: InvoiceLineFilter) { deployments { nodes {
        invoiceLines(filter: $filter) { totalCount } } } }"""
    (error,) = (await api.body(text, {"filter": {"deploymentId": MALFORMED}}))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "inputPath": ["filter", "deploymentId"]}


def test_every_id_below_the_root_is_parsed_by_the_same_scalar() -> None:
    types = {
        id(get_named_type(argument.type))
        for type_ in schema._schema.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for field in type_.fields.values()
        for argument in field.args.values()
        if get_named_type(argument.type).name == "ID"
    }
    assert types == {id(schema._schema.type_map["ID"])}
