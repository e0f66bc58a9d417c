"""GraphQL texts to operations ready to compile: parsed, limited and validated once, then remembered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    specified_rules,
    validate,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values

from app.reads.cache import LeastRecentlyUsed
from app.reads.inputs import decoded

Parse: TypeAlias = Callable[[str], DocumentNode]
"""graphql-core's `parse`, or one with limits of its own; raises GraphQLError."""


class Inspection(Protocol):
    """What the limits have to say of a document, before it is validated. The errors carry their own codes."""

    @property
    def errors(self) -> Sequence[GraphQLError]: ...

    def cost_error(self, variables: Mapping[str, Any] | None) -> GraphQLError | None:
        """Why one request may not run it: a page's size may come with the variables."""


Limits: TypeAlias = Callable[[DocumentNode], Inspection]


class RequestError(Exception):
    """A request that cannot be executed at all: a response with errors and no data."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def coded(code: str, error: GraphQLError) -> GraphQLError:
    """The error with a code in its extensions, unless it has one."""
    error.extensions = {"code": code, **(error.extensions or {})}
    return error


@dataclass(frozen=True)
class Document:
    """A valid document."""

    node: DocumentNode
    operations: Mapping[str, OperationDefinitionNode]
    fragments: dict[str, FragmentDetails] = field(default_factory=dict)
    inspection: Inspection | None = None

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of that name, or the only one. Raises RequestError."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None or name not in self.operations:
            message = f"There is no operation named {name!r}." if name is not None else "Name the operation to execute."
            raise RequestError([coded("OPERATION_RESOLUTION_FAILURE", GraphQLError(message))])
        return self.operations[name]

    def check_cost(self, variables: Mapping[str, Any] | None) -> None:
        """Raises RequestError if the document costs too much with these variables."""
        error = self.inspection.cost_error(variables) if self.inspection else None
        if error is not None:
            raise RequestError([error])


class Documents:
    """The documents of a schema, the most recently used of them remembered."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        parse: Parse,
        limits: Limits | None,
        rules: Sequence[type[ASTValidationRule]],
        max_errors: int,
        hide_suggestions: bool,
        cache: "LeastRecentlyUsed[str, Document | RequestError]",
    ) -> None:
        self._schema = schema
        self._parse = parse
        self._limits = limits
        self._rules = (*specified_rules, *rules)
        self._max_errors = max_errors
        self._hide_suggestions = hide_suggestions
        self._known = cache

    def get(self, text: str) -> Document:
        """The document of a text. Raises RequestError, also for a text known to be faulty."""
        known = self._known.get(text)
        if known is None:
            known = self._read(text)
            self._known.put(text, known, len(text))
        if isinstance(known, RequestError):
            raise known.with_traceback(None)
        return known

    def _read(self, text: str) -> Document | RequestError:
        try:
            node = self._parse(text)
        except GraphQLError as error:
            return RequestError([coded("GRAPHQL_PARSE_FAILED", error)])
        inspection = self._limits(node) if self._limits else None
        errors = list(inspection.errors) if inspection else []
        errors = errors or validate(
            self._schema,
            node,
            self._rules,
            max_errors=self._max_errors,
            hide_suggestions=self._hide_suggestions,
        )
        if errors:
            return RequestError([coded("GRAPHQL_VALIDATION_FAILED", error) for error in errors])
        operations, fragments = {}, {}
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                operations[definition.name.value if definition.name else ""] = definition
            elif isinstance(definition, FragmentDefinitionNode):
                fragments[definition.name.value] = FragmentDetails(definition)
        return Document(node, operations, fragments, inspection)


def coerced(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any] | None,
    *,
    hide_suggestions: bool = False,
) -> VariableValues:
    """The variables as their types read them, defaults filled in. Raises RequestError."""
    given = dict(variables or {})
    definitions = operation.variable_definitions or ()
    known = decoded(schema, definitions, given)
    others = [definition for definition in definitions if definition.variable.name.value not in known.coerced]
    values = get_variable_values(schema, others, given, max_errors=50, hide_suggestions=hide_suggestions)
    if isinstance(values, list):
        raise RequestError([coded("BAD_USER_INPUT", error) for error in values])
    return VariableValues(known.sources | values.sources, known.coerced | values.coerced) if known.coerced else values


def shape_of(variables: VariableValues, operation: OperationDefinitionNode) -> tuple[object, ...]:
    """What of the variables a statement's text may depend on: booleans, and which values are absent or null."""
    given = variables.coerced
    return tuple(_shape(given.get(node.variable.name.value, ...)) for node in operation.variable_definitions or ())


def _shape(value: object) -> object:
    if value is None or value is ... or isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return tuple((name, _shape(item)) for name, item in value.items())
    return "value"
