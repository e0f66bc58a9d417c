"""Checks a document against the limits, by its syntax, before anything is validated or run.

Depth, aliases, root mutations and cost are those of the operation that runs; the document's other operations are
limited only by its size. Uses only graphql-core's syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    ListValueNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    parse,
)
from graphql.language.ast import QUERY_DOCUMENT_KEYS

from app.reads import MAX_PAGE_SIZE
from app.schema.codes import ErrorCode
from app.schema.measure import Measure, Measuring, exceeded, size_of
from app.schema.repeated_fields import MAX_EXPANDED_FIELDS, MAX_OVERLAPS, count_overlaps

MAX_CHARACTERS = 262_144  # of a document; a request may be larger because of its variables
MAX_TOKENS = 2_000
MAX_COMMENTS = 500
MAX_DEPTH = 12
MAX_ALIASES = 30
MAX_OPERATIONS = 50  # in one document; one of them runs
MAX_ROOT_MUTATIONS = 4
MAX_COST = 5_000
MAX_INPUT_LIST = 1_000
MAX_ERRORS = 5
FREE_TOKENS = 100
POINTS_PER_TOKEN = 2  # a token takes some 50 µs to parse and validate; a character takes 0.4 µs
FREE_CHARACTERS = 2_000
CHARACTERS_PER_POINT = 50


@dataclass(frozen=True, slots=True)
class MeasuredOperation:
    """The checks of one operation that depend on its syntax only; of its limits, only the cost may depend
    on variables.
    """

    document: DocumentNode
    definition: OperationDefinitionNode
    errors: tuple[GraphQLError, ...]
    greatest_cost: int
    """The cost if every page size in a variable is the maximum."""
    sizes: tuple[str, ...] = ()
    """The variables that the cost depends on."""
    _known: dict[tuple[object, ...], int] = field(default_factory=dict)

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """Returns the cost of one request, computed once for each combination of page sizes."""
        if not self.sizes:
            return self.greatest_cost
        values = variables or {}
        key = tuple([size_of(values[name]) if name in values else None for name in self.sizes])
        cost = self._known.get(key)
        if cost is None:
            cost = Measuring(self.document, values).of(self.definition).cost
            if len(self._known) < MAX_PAGE_SIZE:
                self._known[key] = cost
        return cost

    def cost_error(self, variables: Mapping[str, Any] | None) -> GraphQLError | None:
        cost = self.cost(variables)
        return None if cost <= MAX_COST else exceeded("cost", MAX_COST, cost)


@dataclass(frozen=True, slots=True)
class MeasuredDocument:
    """The checks of a document that depend on its syntax only, cached with it. If `errors` is not empty the whole
    document is refused; the errors of one operation refuse only that operation.
    """

    errors: tuple[GraphQLError, ...]
    operations: Mapping[str, MeasuredOperation] = field(default_factory=dict)

    @property
    def greatest_cost(self) -> int:
        """The cost of its most expensive operation; 0: not known."""
        return max((operation.greatest_cost for operation in self.operations.values()), default=0)


def reading_cost(text: str, document: DocumentNode | None) -> int:
    """Returns the points for parsing and validating a text that is not cached; `document` is None if it is not valid
    syntax. The points that every operation costs cover a short text.
    """
    tokens = document.token_count if document else min(MAX_TOKENS, len(text) // 4)
    characters = min(len(text), MAX_CHARACTERS) - FREE_CHARACTERS
    return max(0, tokens - FREE_TOKENS) * POINTS_PER_TOKEN + max(0, characters) // CHARACTERS_PER_POINT


def parse_document(text: str) -> DocumentNode:
    """Returns the syntax tree of `text`, or raises a GraphQLError with a code."""
    if len(text) > MAX_CHARACTERS:
        raise exceeded("characters", MAX_CHARACTERS, len(text))
    try:
        return parse(text, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_COMMENTS)
    except GraphQLError as error:
        aborted = error.message.endswith(" Parsing aborted.")  # graphql-core's words for its own limits
        error.extensions = {"code": ErrorCode.LIMIT_EXCEEDED if aborted else ErrorCode.GRAPHQL_PARSE_FAILED}
        raise


def inspect_document(document: DocumentNode) -> MeasuredDocument:
    """Checks a document against every limit that depends on its syntax only."""
    measuring = Measuring(document, None)
    definitions = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    try:
        measures = [measuring.of(definition) for definition in definitions]
        unused = measuring.unused()
    except GraphQLError as refused:
        return MeasuredDocument((refused,))
    sizes = tuple(sorted(measuring.sizes))
    operations = {
        definition.name.value if definition.name else "": MeasuredOperation(
            document, definition, tuple(_operation_errors(definition, measure)), measure.cost, sizes
        )
        for definition, measure in zip(definitions, measures, strict=True)
    }
    errors = [*_literal_errors(document), *_size_errors(definitions, unused, measuring.fragments)]
    if operations and all(operation.errors for operation in operations.values()):  # none of them may run
        errors[:0] = [error for operation in operations.values() for error in operation.errors]
    return MeasuredDocument(tuple(errors[:MAX_ERRORS]), operations)


def _operation_errors(definition: OperationDefinitionNode, measure: Measure) -> Iterator[GraphQLError]:
    if measure.depth > MAX_DEPTH:
        yield exceeded("depth", MAX_DEPTH, measure.depth, [definition])
    if measure.aliases > MAX_ALIASES:
        yield exceeded("aliases", MAX_ALIASES, measure.aliases, [definition])
    if definition.operation is OperationType.MUTATION and measure.fields > MAX_ROOT_MUTATIONS:
        yield exceeded("root mutations", MAX_ROOT_MUTATIONS, measure.fields, [definition])


def _size_errors(
    definitions: list[OperationDefinitionNode],
    unused: list[FragmentDefinitionNode],
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Iterator[GraphQLError]:
    """Yields errors for documents that would take too long to validate: validation reads every operation, and also
    fragments that none of them uses.
    """
    if len(definitions) > MAX_OPERATIONS:
        yield exceeded("operations", MAX_OPERATIONS, len(definitions), definitions[MAX_OPERATIONS:][:1])
        return
    roots = [definition.selection_set for definition in (*definitions, *unused)]
    overlaps, expanded = count_overlaps(roots, fragments)
    if overlaps > MAX_OVERLAPS:
        yield exceeded("repeated fields", MAX_OVERLAPS, overlaps, definitions[:1])
    if expanded > MAX_EXPANDED_FIELDS:
        yield exceeded("fields", MAX_EXPANDED_FIELDS, expanded, definitions[:1])


def _literal_errors(document: DocumentNode) -> Iterator[GraphQLError]:
    """Applies the limits for values in variables to the values written in the document."""
    waiting: list[Node] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, StringValueNode):
            if "\0" in node.value:
                yield GraphQLError("A string holds U+0000.", [node], extensions={"code": ErrorCode.BAD_USER_INPUT})
        elif isinstance(node, ListValueNode) and len(node.values) > MAX_INPUT_LIST:
            yield exceeded("list items", MAX_INPUT_LIST, len(node.values), [node])
        for key in QUERY_DOCUMENT_KEYS.get(node.kind, ()):
            child = getattr(node, key)
            if isinstance(child, Node):
                waiting.append(child)
            elif child:
                waiting.extend(child)
