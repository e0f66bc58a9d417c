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
    validate,
)
from graphql.execution.collect_fields import FragmentDetails

from app.reads.cache import LRUCache
from app.reads.errors import GraphQLRequestError, with_code
from app.reads.literals import RULES
from app.reads.variables import Variables

Parse: TypeAlias = Callable[[str], DocumentNode]
"""graphql-core's `parse`, or one with limits of its own; raises GraphQLError."""


class OperationInspection(Protocol):
    """What the limits have to say of one operation. The errors carry their own codes."""

    @property
    def errors(self) -> Sequence[GraphQLError]: ...

    @property
    def greatest_cost(self) -> int:
        """Its cost whatever the variables; 0: not known."""

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """What one request costs."""

    def cost_error(self, variables: Mapping[str, Any] | None) -> GraphQLError | None:
        """Why one request may not run it: a page's size may come with the variables."""


class DocumentInspection(Protocol):
    """What the limits have to say of a document, before it is validated. The errors carry their own codes."""

    @property
    def errors(self) -> Sequence[GraphQLError]:
        """Why none of its operations may run."""

    @property
    def greatest_cost(self) -> int:
        """Of its dearest operation; 0: not known."""

    @property
    def operations(self) -> Mapping[str, OperationInspection]:
        """By name, "" being that of an operation without one."""


Limits: TypeAlias = Callable[[DocumentNode], DocumentInspection]

ReadingCost: TypeAlias = Callable[[str, DocumentNode | None], int]
"""What it costs to read a text, of this syntax tree if it has one."""


@dataclass(frozen=True)
class Executable:
    """An operation of a document, and how its variables are read."""

    definition: OperationDefinitionNode
    variables: Variables
    inspection: OperationInspection | None = None

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """What the operation costs with these variables. Raises GraphQLRequestError if that is too much."""
        if self.inspection is None:
            return 0
        cost = self.inspection.cost(variables)
        error = self.inspection.cost_error(variables)
        if error is not None:
            raise GraphQLRequestError([error], cost)
        return cost


@dataclass(frozen=True)
class Document:
    """A valid document."""

    operations: Mapping[str, Executable]
    fragments: dict[str, FragmentDetails] = field(default_factory=dict)

    def operation(self, name: str | None) -> Executable:
        """The operation of that name, or the only one. Raises GraphQLRequestError, also where a limit refuses it."""
        if name is None and len(self.operations) == 1:
            (chosen,) = self.operations.values()
        elif name is None or name not in self.operations:
            message = f"There is no operation named {name!r}." if name is not None else "Name the operation to execute."
            raise GraphQLRequestError([with_code("OPERATION_RESOLUTION_FAILURE", GraphQLError(message))])
        else:
            chosen = self.operations[name]
        if chosen.inspection is not None and chosen.inspection.errors:
            raise GraphQLRequestError(chosen.inspection.errors, chosen.inspection.greatest_cost)
        return chosen


class DocumentCache:
    """The documents of a schema, the most recently used of them remembered."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        parse: Parse,
        limits: Limits | None,
        reading_cost: ReadingCost,
        rules: Sequence[type[ASTValidationRule]],
        max_errors: int,
        hide_suggestions: bool,
        cache: "LRUCache[str, Document | GraphQLRequestError]",
    ) -> None:
        self._schema = schema
        self._parse = parse
        self._limits = limits
        self._reading_cost = reading_cost
        self._rules = (*RULES, *rules)
        self._max_errors = max_errors
        self._hide_suggestions = hide_suggestions
        self._known = cache

    def get(self, text: str) -> tuple[Document, int]:
        """The document of a text, and what it cost to read it: nothing where it is remembered.

        Raises GraphQLRequestError, also for a text known to be faulty.
        """
        known, reading_cost = self._known.get(text), 0
        if known is None:
            known, reading_cost = self._read(text)
            self._known.put(text, known, len(text))
        if isinstance(known, GraphQLRequestError):
            raise GraphQLRequestError(known.errors, known.cost, reading_cost)
        return known, reading_cost

    def _read(self, text: str) -> tuple[Document | GraphQLRequestError, int]:
        try:
            node = self._parse(text)
        except GraphQLError as error:
            return GraphQLRequestError([with_code("GRAPHQL_PARSE_FAILED", error)]), self._reading_cost(text, None)
        return self._validated(node), self._reading_cost(text, node)

    def _validated(self, node: DocumentNode) -> Document | GraphQLRequestError:
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
            return GraphQLRequestError([with_code("GRAPHQL_VALIDATION_FAILED", error) for error in errors], cost)
        operations: dict[str, Executable] = {}
        fragments: dict[str, FragmentDetails] = {}
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                variables = Variables(self._schema, definition, hide_suggestions=self._hide_suggestions)
                name = definition.name.value if definition.name else ""
                inspected = inspection.operations.get(name) if inspection else None
                operations[name] = Executable(definition, variables, inspected)
            elif isinstance(definition, FragmentDefinitionNode):
                fragments[definition.name.value] = FragmentDetails(definition)
        return Document(operations, fragments)
