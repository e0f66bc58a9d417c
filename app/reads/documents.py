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

from app.reads.cache import LeastRecentlyUsed
from app.reads.errors import RequestError, coded
from app.reads.variables import Variables

Parse: TypeAlias = Callable[[str], DocumentNode]
"""graphql-core's `parse`, or one with limits of its own; raises GraphQLError."""


class Inspection(Protocol):
    """What the limits have to say of a document, before it is validated. The errors carry their own codes."""

    @property
    def errors(self) -> Sequence[GraphQLError]: ...

    @property
    def greatest_cost(self) -> int:
        """Its cost whatever the variables; 0: not known."""

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """What one request costs."""

    def cost_error(self, variables: Mapping[str, Any] | None) -> GraphQLError | None:
        """Why one request may not run it: a page's size may come with the variables."""


Limits: TypeAlias = Callable[[DocumentNode], Inspection]


@dataclass(frozen=True)
class Executable:
    """An operation of a document, and how its variables are read."""

    definition: OperationDefinitionNode
    variables: Variables


@dataclass(frozen=True)
class Document:
    """A valid document."""

    node: DocumentNode
    operations: Mapping[str, Executable]
    fragments: dict[str, FragmentDetails] = field(default_factory=dict)
    inspection: Inspection | None = None

    def operation(self, name: str | None) -> Executable:
        """The operation of that name, or the only one. Raises RequestError."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None or name not in self.operations:
            message = f"There is no operation named {name!r}." if name is not None else "Name the operation to execute."
            raise RequestError([coded("OPERATION_RESOLUTION_FAILURE", GraphQLError(message))])
        return self.operations[name]

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """What the document costs with these variables. Raises RequestError if that is too much."""
        if self.inspection is None:
            return 0
        cost = self.inspection.cost(variables)
        error = self.inspection.cost_error(variables)
        if error is not None:
            raise RequestError([error], cost)
        return cost


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
            cost = inspection.greatest_cost if inspection else 0
            return RequestError([coded("GRAPHQL_VALIDATION_FAILED", error) for error in errors], cost)
        operations: dict[str, Executable] = {}
        fragments: dict[str, FragmentDetails] = {}
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                variables = Variables(self._schema, definition, hide_suggestions=self._hide_suggestions)
                operations[definition.name.value if definition.name else ""] = Executable(definition, variables)
            elif isinstance(definition, FragmentDefinitionNode):
                fragments[definition.name.value] = FragmentDetails(definition)
        return Document(node, operations, fragments, inspection)
