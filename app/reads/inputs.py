"""Input types that know a shorter way from a request's JSON to their value than field by field.

graphql-core takes some 50 µs to read an object of seven fields; a list of a thousand is then the whole request.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from graphql import GraphQLError, GraphQLSchema, NamedTypeNode, NonNullTypeNode, VariableDefinitionNode
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource

from app.reads.model import DEFINITION

T = TypeVar("T")

Decode = Callable[[object], object | None]
"""The value of an input type from decoded JSON. None where it is not sure of it: then it is read field by field, and
what is wrong with it is told as for every other type.
"""

_DECODE = "__read_decode__"


def decoded_by(decode: Decode, build: Callable[[Mapping[str, Any]], object]) -> Callable[[type[T]], type[T]]:
    """Above `strawberry.input`: variables of the type are decoded whole, and resolvers get what `decode` gives.

    `build` makes the same of the fields, read one by one by GraphQL's rules.
    """

    def declare(type_: type[T]) -> type[T]:
        setattr(type_, _DECODE, decode)
        definition: Any = type_.__strawberry_definition__  # type: ignore[attr-defined] # strawberry.input made it
        definition.from_input = lambda _type, value, _context: build(value) if isinstance(value, Mapping) else value
        return type_

    return declare


def decoded(
    schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode], variables: Mapping[str, Any]
) -> VariableValues:
    """Those of the variables whose type knows how, and that are as it expects."""
    values = VariableValues({}, {})
    for definition in definitions:
        name = definition.variable.name.value
        decode = _decoder(schema, definition)
        if decode is None or (value := decode(variables.get(name))) is None:
            continue
        signature = get_variable_signature(schema, definition)
        if not isinstance(signature, GraphQLError):
            values.sources[name] = VariableValueSource(signature, variables[name])
            values.coerced[name] = value
    return values


def _decoder(schema: GraphQLSchema, definition: VariableDefinitionNode) -> Decode | None:
    node = definition.type.type if isinstance(definition.type, NonNullTypeNode) else definition.type
    type_ = schema.type_map.get(node.name.value) if isinstance(node, NamedTypeNode) else None
    declared = type_.extensions.get(DEFINITION) if type_ else None
    decode: Decode | None = getattr(getattr(declared, "origin", None), _DECODE, None)
    return decode
