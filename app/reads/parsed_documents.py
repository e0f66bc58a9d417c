"""Parses, checks and validates GraphQL documents once, and caches the operations ready for compiling."""

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

from app.lru_cache import LRUCache
from app.reads.errors import GraphQLRequestError, with_code
from app.reads.literals import RULES
from app.reads.variables import Variables

Parse: TypeAlias = Callable[[str], DocumentNode]
"""graphql-core's `parse`, or a function with limits of its own; raises GraphQLError."""


class OperationInspection(Protocol):
    """The result of checking one operation against the limits. The errors have codes of their own."""

    @property
    def errors(self) -> Sequence[GraphQLError]: ...

    @property
    def greatest_cost(self) -> int:
        """The operation's highest cost for any variables; 0: not known."""

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """Returns the operation's cost with these variables."""

    def cost_error(self, variables: Mapping[str, Any] | None) -> GraphQLError | None:
        """Returns an error if the operation costs too much with these variables, otherwise None. The variables matter
        because they may contain page sizes.
        """


class DocumentInspection(Protocol):
    """The result of checking a document against the limits, before it is validated. The errors have codes
    of their own.
    """

    @property
    def errors(self) -> Sequence[GraphQLError]:
        """The errors for which the whole document is refused; empty if its operations may run."""

    @property
    def greatest_cost(self) -> int:
        """The cost of the document's most expensive operation; 0: not known."""

    @property
    def operations(self) -> Mapping[str, OperationInspection]:
        """The document's operations by name; "" for an operation without a name."""


Limits: TypeAlias = Callable[[DocumentNode], DocumentInspection]

ReadingCost: TypeAlias = Callable[[str, DocumentNode | None], int]
"""Returns the cost of parsing and validating a text with this syntax tree (None: it has none)."""


@dataclass(frozen=True)
class Executable:
    """An operation of a document, with its variables."""

    definition: OperationDefinitionNode
    variables: Variables
    inspection: OperationInspection | None = None

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """Returns the operation's cost with these variables. Raises GraphQLRequestError if it is over the limit."""
        if self.inspection is None:
            return 0
        cost = self.inspection.cost(variables)
        error = self.inspection.cost_error(variables)
        if error is not None:
            raise GraphQLRequestError([error], cost)
        return cost


@dataclass(frozen=True)
class Document:
    """A document that has passed validation."""

    operations: Mapping[str, Executable]
    fragments: dict[str, FragmentDetails] = field(default_factory=dict)

    def operation(self, name: str | None) -> Executable:
        """Returns the document's operation of that name, or its only one. Raises GraphQLRequestError if there is none
        or it exceeds a limit.
        """
        if name is None and len(self.operations) == 1:
            (chosen,) = self.operations.values()
        elif name is None or name not in self.operations:
            message = (
                f"The document has no operation named {name!r}."
                if name is not None
                else "The document has several operations or none: set operationName to the one to execute."
            )
            raise GraphQLRequestError([with_code("OPERATION_RESOLUTION_FAILURE", GraphQLError(message))])
        else:
            chosen = self.operations[name]
        if chosen.inspection is not None and chosen.inspection.errors:
            raise GraphQLRequestError(chosen.inspection.errors, chosen.inspection.greatest_cost)
        return chosen


class DocumentCache:
    """Parses and validates documents for a schema, and caches the most recently used ones."""

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
        """Returns the parsed and validated document of a text, and the rate-limit cost of parsing and validating it: 0
        if it is cached.

        Raises GraphQLRequestError, also for a cached text that is not valid.
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
