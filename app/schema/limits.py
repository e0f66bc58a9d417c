"""What a document may ask for, decided from its syntax before anything is validated or run.

One pass, in which every fragment is summed up once however often it is spread: nested spreads cost their own length,
never their expansion. The sums are those of the expanded operation all the same. Pure over graphql-core's syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    parse,
)
from graphql.language.ast import QUERY_DOCUMENT_KEYS

from app.schema.overlaps import MAX_EXPANDED_FIELDS, MAX_OVERLAPS, count_overlaps

MAX_TOKENS = 2_000
MAX_COMMENTS = 500
MAX_DEPTH = 12
MAX_NESTING = 64  # selection sets inside selection sets and fragments, whether or not they add depth
MAX_ALIASES = 30
MAX_OPERATIONS = 1
MAX_ROOT_MUTATIONS = 4
MAX_COST = 5_000
MAX_INPUT_LIST = 1_000
MAX_ERRORS = 5
MAX_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 20

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
LIMIT_EXCEEDED = "LIMIT_EXCEEDED"

PAGED_FIELDS = frozenset({"nodes", "edges"})
"""The fields of a connection that come once per row of its page."""
INTROSPECTION_FIELDS = frozenset({"__schema", "__type", "__typename"})
"""Free of depth and cost: graphql-core's MaxIntrospectionDepthRule bounds what is nested in them."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a selection set amounts to, its fragments expanded.

    `cost` counts objects; `row_cost` those that come once for each row of the connection the set is selected on.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0
    row_cost: int = 0


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the syntax of a document settles, to be kept with it: only the cost may depend on a request's variables."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    greatest_cost: int
    """The cost with every variable page size at its bound; 0: not known."""
    sizes: tuple[str, ...] = ()
    """The variables that the cost depends on."""
    _known: dict[tuple[object, ...], int] = field(default_factory=dict)

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """The cost of one request, measured once for each choice of sizes."""
        if not self.sizes:
            return self.greatest_cost
        given = variables or {}
        key = tuple([_size(given[name]) if name in given else None for name in self.sizes])
        cost = self._known.get(key)
        if cost is None:
            cost = sum(measure.cost for _, measure in _Measuring(self.document, given).operations())
            if len(self._known) < MAX_PAGE_SIZE:
                self._known[key] = cost
        return cost

    def cost_error(self, variables: Mapping[str, Any] | None) -> GraphQLError | None:
        cost = self.cost(variables)
        return None if cost <= MAX_COST else _exceeded("cost", MAX_COST, cost)


def parse_document(text: str) -> DocumentNode:
    """The syntax tree of `text`, or a coded GraphQLError."""
    try:
        return parse(text, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_COMMENTS)
    except GraphQLError as error:
        aborted = error.message.endswith(" Parsing aborted.")  # graphql-core's words for its own limits
        error.extensions = {"code": LIMIT_EXCEEDED if aborted else PARSE_FAILED}
        raise


def inspect_document(document: DocumentNode) -> Inspection:
    """Hold a document to every limit that its syntax alone decides."""
    measuring = _Measuring(document, None)
    try:
        measures = list(measuring.operations())
    except GraphQLError as refused:
        return Inspection(document, (refused,), 0)
    errors = [*_operation_errors(measures), *_literal_errors(document)]
    if not errors:
        errors = [error for operation, _ in measures for error in _overlap_errors(operation, measuring.fragments)]
    greatest_cost = sum(measure.cost for _, measure in measures)
    return Inspection(document, tuple(errors[:MAX_ERRORS]), greatest_cost, tuple(sorted(measuring.sizes)))


def _operation_errors(measures: list[tuple[OperationDefinitionNode, Measure]]) -> Iterator[GraphQLError]:
    if len(measures) > MAX_OPERATIONS:
        yield _exceeded("operations", MAX_OPERATIONS, len(measures), [operation for operation, _ in measures[1:2]])
    for operation, measure in measures:
        if measure.depth > MAX_DEPTH:
            yield _exceeded("depth", MAX_DEPTH, measure.depth, [operation])
        if measure.aliases > MAX_ALIASES:
            yield _exceeded("aliases", MAX_ALIASES, measure.aliases, [operation])
        if operation.operation is OperationType.MUTATION and measure.fields > MAX_ROOT_MUTATIONS:
            yield _exceeded("root mutations", MAX_ROOT_MUTATIONS, measure.fields, [operation])


def _overlap_errors(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[GraphQLError]:
    overlaps, expanded = count_overlaps(operation.selection_set, fragments)
    if overlaps > MAX_OVERLAPS:
        yield _exceeded("repeated fields", MAX_OVERLAPS, overlaps, [operation])
    if expanded > MAX_EXPANDED_FIELDS:
        yield _exceeded("fields", MAX_EXPANDED_FIELDS, expanded, [operation])


def _exceeded(limit: str, maximum: int, requested: int, nodes: list[Any] | None = None) -> GraphQLError:
    shown = min(requested, 2**31 - 1)  # a fragment bomb's sum has hundreds of digits
    return GraphQLError(
        f"This document asks for {limit} {shown}; the limit is {maximum}.",
        nodes,
        extensions={"code": LIMIT_EXCEEDED, "limit": limit, "maximum": maximum, "requested": shown},
    )


class _Measuring:
    """One pass over one document. Without `variables`, a page size held by one counts as the largest page."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any] | None) -> None:
        self._document = document
        self._variables = variables
        self._defaults: dict[str, ValueNode] = {}
        self.sizes: set[str] = set()
        self.fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[str, Measure] = {}
        self._entered: set[str] = set()
        self._nesting = 0

    def operations(self) -> Iterator[tuple[OperationDefinitionNode, Measure]]:
        for definition in self._document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._defaults = {
                    variable.variable.name.value: variable.default_value
                    for variable in definition.variable_definitions or ()
                    if variable.default_value is not None
                }
                self._measured.clear()
                self._entered.clear()
                yield definition, self._selections(definition.selection_set)

    def _selections(self, selection_set: SelectionSetNode | None) -> Measure:
        depth = aliases = fields = cost = row_cost = 0
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise _exceeded("nesting", MAX_NESTING, self._nesting, [selection_set])
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode):
                measure = self._field(selection)
            elif isinstance(selection, FragmentSpreadNode):
                measure = self._fragment(selection.name.value)
            else:
                measure = self._selections(getattr(selection, "selection_set", None))
            depth = max(depth, measure.depth)
            aliases += measure.aliases
            fields += measure.fields
            cost += measure.cost
            row_cost += measure.row_cost
        self._nesting -= 1
        return Measure(depth, aliases, fields, cost, row_cost)

    def _fragment(self, name: str) -> Measure:
        measured = self._measured.get(name)
        if measured is None:
            if name in self._entered:
                message = f"Cannot spread fragment '{name}' within itself."
                raise GraphQLError(message, [self.fragments[name]], extensions={"code": VALIDATION_FAILED})
            self._entered.add(name)
            fragment = self.fragments.get(name)  # an unknown one is left to validation
            measured = self._measured[name] = self._selections(fragment.selection_set if fragment else None)
        return measured

    def _field(self, field: FieldNode) -> Measure:
        inner = self._selections(field.selection_set)
        aliases = inner.aliases + (field.alias is not None)
        name = field.name.value
        if name in INTROSPECTION_FIELDS:
            return Measure(aliases=aliases, fields=1)
        depth = inner.depth + 1
        if field.selection_set is None:
            return Measure(depth, aliases, 1)
        if name in PAGED_FIELDS and not field.arguments:
            # An edge is free: `edges { node { … } }` costs what `nodes { … }` does.
            return Measure(depth, aliases, 1, 0, inner.cost + (name == "nodes"))
        objects, page_size = self._sizes(field)
        return Measure(depth, aliases, 1, objects * (1 + inner.cost + page_size * inner.row_cost))

    def _sizes(self, field: FieldNode) -> tuple[int, int]:
        """How many objects a field answers, and how many rows each of them pages through."""
        objects, pages = 1, []
        for argument in field.arguments or ():
            if argument.name.value == "ids":
                objects = self._length(argument.value)
            elif argument.name.value in ("first", "last"):
                pages.append(self._page_size(argument.value))
        return objects, max((page for page in pages if page is not None), default=DEFAULT_PAGE_SIZE)

    def _page_size(self, value: ValueNode | None) -> int | None:
        """None: absent or null. A size beyond the bound is refused where the argument is coerced, in better words."""
        if not isinstance(value, VariableNode):
            return _literal_size(value.value) if isinstance(value, IntValueNode) else None
        name = value.name.value
        if self._variables is None:
            self.sizes.add(name)
            return MAX_PAGE_SIZE
        if name not in self._variables:
            return self._page_size(self._defaults.get(name))
        given = self._variables[name]
        return None if given is None else _bounded(given)

    def _length(self, value: ValueNode | None) -> int:
        if not isinstance(value, VariableNode):
            return len(value.values) if isinstance(value, ListValueNode) else 1
        name = value.name.value
        if self._variables is None:
            self.sizes.add(name)
            return MAX_PAGE_SIZE
        if name not in self._variables:
            return self._length(self._defaults.get(name))
        given = self._variables[name]
        return len(given) if isinstance(given, list) else 1


def _size(value: object) -> tuple[object, int]:
    """What of a variable's value a cost may depend on."""
    return type(value), _bounded(value) if isinstance(value, int) else len(value) if isinstance(value, list) else 0


def _literal_size(digits: str) -> int:
    return _bounded(int(digits)) if len(digits) < 10 else MAX_PAGE_SIZE  # int() refuses thousands of digits


def _bounded(size: object) -> int:
    return min(max(size, 0), MAX_PAGE_SIZE) if isinstance(size, int) else MAX_PAGE_SIZE


def _literal_errors(document: DocumentNode) -> Iterator[GraphQLError]:
    """Values written in the document are held to what values sent as variables are."""
    waiting: list[Node] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, StringValueNode):
            if "\0" in node.value:
                yield GraphQLError("A string holds U+0000.", [node], extensions={"code": BAD_USER_INPUT})
        elif isinstance(node, ListValueNode) and len(node.values) > MAX_INPUT_LIST:
            yield _exceeded("list items", MAX_INPUT_LIST, len(node.values), [node])
        for key in QUERY_DOCUMENT_KEYS.get(node.kind, ()):
            child = getattr(node, key)
            if isinstance(child, Node):
                waiting.append(child)
            elif child:
                waiting.extend(child)
