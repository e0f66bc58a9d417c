"""Values for the inputs of the schema."""

from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    is_enum_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

from app.schema.schema import schema

_VALUES: dict[str, Any] = {
    "String": "x",
    "Int": 1,
    "Boolean": True,
    "Cents": 1,
    "Decimal": "1",
    "Date": "2026-04-01",
    "DateTime": "2026-04-01T00:00:00Z",
    "ID": "019d4500-0000-7000-8000-000000000009",
}


def some_value(type_: GraphQLInputType) -> Any:
    """Returns a valid value of an input type, with only the required fields."""
    if is_non_null_type(type_):
        return some_value(type_.of_type)
    if is_list_type(type_):
        return [some_value(type_.of_type)]
    if isinstance(type_, GraphQLInputObjectType):
        return {name: some_value(field.type) for name, field in type_.fields.items() if is_required_input_field(field)}
    return next(iter(type_.values)) if is_enum_type(type_) else _VALUES[str(type_)]


def mutation_type() -> GraphQLObjectType:
    """The root of mutations."""
    mutation = schema._schema.mutation_type
    assert mutation is not None
    return mutation
