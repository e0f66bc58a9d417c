"""Coerces a request's variables as GraphQL does; what depends only on their types is computed once."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from graphql import (
    GraphQLError,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    VariableDefinitionNode,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.utilities.validate_input_value import validate_input_value

from app.reads.errors import GraphQLRequestError, with_code, with_input_path
from app.reads.input_decoding import Decode, decoder_of

MAX_ERRORS = 50


class _Variable(NamedTuple):
    """A declared variable. `read` converts its JSON to a value; if it returns None, graphql-core reads the value and
    reports errors.
    """

    name: str
    definition: VariableDefinitionNode
    signature: GraphQLVariableSignature
    read: Decode


class Variables:
    """The variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, *, hide_suggestions: bool) -> None:
        self._schema = schema
        self._hide_suggestions = hide_suggestions
        self._declared = [_variable(schema, node) for node in operation.variable_definitions or ()]

    def coerced(self, provided: Mapping[str, Any]) -> VariableValues:
        """Returns the variables' values, coerced to their types and with defaults. Raises GraphQLRequestError."""
        sources: dict[str, VariableValueSource] = {}
        values: dict[str, Any] = {}
        others = []
        for variable in self._declared:
            sent = provided.get(variable.name)
            value = None if sent is None else variable.read(sent)
            if value is None:
                others.append(variable.definition)
            else:
                sources[variable.name] = VariableValueSource(variable.signature, sent)
                values[variable.name] = value
        if others:
            other_values = get_variable_values(
                self._schema, others, dict(provided), max_errors=MAX_ERRORS, hide_suggestions=self._hide_suggestions
            )
            if isinstance(other_values, list):
                raise GraphQLRequestError(
                    self._errors(provided) or [with_code("BAD_USER_INPUT", error) for error in other_values]
                )
            sources |= other_values.sources
            values |= other_values.coerced
        return VariableValues(sources, values)

    def _errors(self, provided: Mapping[str, Any]) -> list[GraphQLError]:
        """Returns the errors in the variables of a request, each with its input path; default
        values are not checked.
        """
        errors: list[GraphQLError] = []
        for variable in self._declared:
            if variable.name in provided or variable.signature.default is None:
                sent = provided.get(variable.name, Undefined)
                report = partial(_report, errors, variable)
                validate_input_value(sent, variable.signature.type, report, self._hide_suggestions)
        return errors[:MAX_ERRORS]

    def shape(self, values: VariableValues) -> tuple[object, ...]:
        """Returns those facts about the variables that a statement's text may depend on: the values of booleans, and
        which variables are absent or null.
        """
        coerced = values.coerced
        return tuple(_shape(coerced.get(variable.name, ...)) for variable in self._declared)


def _variable(schema: GraphQLSchema, definition: VariableDefinitionNode) -> _Variable:
    signature = get_variable_signature(schema, definition)
    if isinstance(signature, GraphQLError):  # an output type; validation refuses such a document
        raise signature
    type_ = signature.type.of_type if isinstance(signature.type, GraphQLNonNull) else signature.type
    read = _scalar(type_) if isinstance(type_, GraphQLScalarType) else decoder_of(type_)
    return _Variable(signature.name, definition, signature, read)


def _report(errors: list[GraphQLError], variable: _Variable, error: GraphQLError, path: Sequence[str | int]) -> None:
    where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    message = f"Variable '${variable.name}' has invalid value{where and ' at '}{where}: {error.message}"
    extensions = with_input_path(error, [variable.name, *path])
    errors.append(with_code("BAD_USER_INPUT", GraphQLError(message, variable.definition, extensions=extensions)))


def _scalar(type_: GraphQLScalarType) -> Decode:
    def read(sent: object) -> object | None:
        try:
            value = type_.coerce_input_value(sent)
        except Exception:  # noqa: BLE001  # graphql-core meets it again, and tells it
            return None
        return None if value is Undefined else value

    return read


def _shape(value: object) -> object:
    if value is None or value is ... or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return tuple((name, _shape(item)) for name, item in value.items())
    return "value"
