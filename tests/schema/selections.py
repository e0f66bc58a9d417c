"""Creates documents from the schema, and checks that responses conform to it."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)

from app.schema.schema import schema

TYPES = schema._schema.type_map

_SCALARS: dict[str, Callable[[Any], bool]] = {
    "ID": lambda value: str(UUID(value)) == value,
    "String": lambda value: isinstance(value, str),
    "Int": lambda value: type(value) is int and -(2**31) <= value < 2**31,
    "Cents": lambda value: type(value) is int,
    "Boolean": lambda value: isinstance(value, bool),
    "Decimal": lambda value: re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", value) is not None,
    "Date": lambda value: date.fromisoformat(value).isoformat() == value,
    "DateTime": lambda value: value.endswith("+00:00") and datetime.fromisoformat(value) is not None,
}


def fields_of(type_: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
    """A selection of every field of a type, and of those below it, so many objects deep."""
    selected = ["__typename"]
    for name, field in type_.fields.items():
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        named = get_named_type(field.type)
        if is_leaf_type(named):
            selected.append(name)
        elif depth > 1:
            selected.append(f"{name} {{ {fields_of(named, depth - 1)} }}")
    return " ".join(selected)


def conforms(value: Any, type_: GraphQLOutputType, path: str = "") -> Iterator[str]:
    """Where an answer without aliases is not what the schema says, and every field that was answered with a value."""
    if is_non_null_type(type_):
        assert value is not None, f"{path} is null"
        type_ = type_.of_type
    if value is None:
        return
    if is_list_type(type_):
        for index, item in enumerate(value):
            yield from conforms(item, type_.of_type, f"{path}.{index}")
        return
    named = get_named_type(type_)
    if isinstance(named, GraphQLEnumType):
        assert value in named.values, f"{path}: {value}"
    elif is_leaf_type(named):
        assert _SCALARS[named.name](value), f"{path}: {value!r} is no {named.name}"
    else:
        yield from _object_conforms(value, value.get("__typename", named.name), path)


def _object_conforms(value: dict[str, Any], type_name: str, path: str) -> Iterator[str]:
    type_ = TYPES[type_name]
    assert isinstance(type_, GraphQLObjectType), f"{path}: {type_name}"
    for name, member in value.items():
        if name != "__typename":
            if member is not None:
                yield f"{type_name}.{name}"
            yield from conforms(member, type_.fields[name].type, f"{path}.{name}")


def query_type() -> GraphQLObjectType:
    query = schema._schema.query_type
    assert query is not None
    return query


def readable_types() -> list[GraphQLObjectType]:
    """The object types that a query can come to, the root apart."""
    found: dict[str, GraphQLObjectType] = {}
    waiting: list[GraphQLObjectType] = [query_type()]
    while waiting:
        for field in waiting.pop().fields.values():
            for type_ in _objects_of(field.type):
                if type_.name not in found:
                    found[type_.name] = type_
                    waiting.append(type_)
    return list(found.values())


def _objects_of(type_: GraphQLOutputType) -> list[GraphQLObjectType]:
    named = get_named_type(type_)
    if is_abstract_type(named):
        return list(schema._schema.get_possible_types(named))
    return [named] if isinstance(named, GraphQLObjectType) else []
