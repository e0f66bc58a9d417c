"""The committed schema equals the exported one, keeps every name of the contract, and has a description everywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLInputField,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    is_specified_scalar_type,
)

from app.schema import schema_text

ROOT = Path(__file__).parent.parent.parent
CONTRACT = Path(__file__).with_name("contract.graphql")


@pytest.fixture(scope="module")
def exported() -> GraphQLSchema:
    return build_schema(schema_text())


def test_the_committed_schema_is_what_the_code_exports() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == schema_text()


def test_nothing_of_the_contract_is_broken(exported: GraphQLSchema) -> None:
    promised = build_schema(CONTRACT.read_text(encoding="utf-8"))
    assert find_breaking_changes(promised, exported) == []


def test_defaults_are_those_of_the_contract(exported: GraphQLSchema) -> None:
    """But for the rate of 1 at which bills in any currency were booked: it must be given where currencies differ."""
    promised = dict(_defaults(build_schema(CONTRACT.read_text(encoding="utf-8"))))
    assert promised.pop("ImportCloudInvoiceInput.exchangeRate") == "1"
    defaults = dict(_defaults(exported))
    assert {path: defaults.get(path) for path in promised} == promised
    assert "ImportCloudInvoiceInput.exchangeRate" not in defaults


def test_no_value_defaults_to_null(exported: GraphQLSchema) -> None:
    """A default of null tells clients that null means something else than absence."""
    assert [path for path, default in _defaults(exported) if default is None] == []


def test_everything_is_described(exported: GraphQLSchema) -> None:
    assert [path for path, description in _descriptions(exported) if not (description or "").strip()] == []


def test_descriptions_are_sentences(exported: GraphQLSchema) -> None:
    assert [path for path, description in _descriptions(exported) if not (description or "").endswith(".")] == []


def _defaults(schema: GraphQLSchema) -> Iterator[tuple[str, object]]:
    for type_ in schema.type_map.values():
        for name, field in getattr(type_, "fields", {}).items():
            if isinstance(field, GraphQLInputField):
                default = field.ast_node.default_value if field.ast_node else None
                if default is not None:
                    yield f"{type_.name}.{name}", getattr(default, "value", getattr(default, "values", None))


def _descriptions(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for type_ in schema.type_map.values():
        if type_.name.startswith("__") or is_specified_scalar_type(type_):
            continue
        yield type_.name, type_.description
        for name, field in getattr(type_, "fields", {}).items():
            yield f"{type_.name}.{name}", field.description
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"{type_.name}.{name}({argument_name})", argument.description
        for name, value in getattr(type_, "values", {}).items():
            yield f"{type_.name}.{name}", value.description
