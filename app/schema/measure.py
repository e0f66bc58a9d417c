"""Measures an operation by its syntax: depth, aliases, fields and cost.

Every fragment is measured once, however often it is used: the time depends on the length of the document, not of its
expansion, but the sums are those of the expanded operation. Uses only graphql-core's syntax tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from app.reads import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.schema.codes import ErrorCode

MAX_NESTING = 64  # selection sets inside selection sets and fragments, whether or not they add depth

PAGED_FIELDS = frozenset({"nodes", "edges"})
"""The fields of a connection that appear once per row of its page."""
INTROSPECTION_FIELDS = frozenset({"__schema", "__type", "__typename"})
"""They add no depth and cost: graphql-core's MaxIntrospectionDepthRule limits what is nested in them."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The measure of a selection set with its fragments expanded.

    `cost` counts objects; `row_cost` counts those that appear once for each row of the connection the set belongs to.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0
    row_cost: int = 0


def exceeded(limit: str, maximum: int, requested: int, nodes: list[Any] | None = None) -> GraphQLError:
    """Returns the error for a document that exceeds a limit."""
    reported = min(requested, 2**31 - 1)  # nested fragments can expand to a number of hundreds of digits
    return GraphQLError(
        f"The document has {limit} {reported}; the limit is {maximum}.",
        nodes,
        extensions={"code": ErrorCode.LIMIT_EXCEEDED, "limit": limit, "maximum": maximum, "requested": reported},
    )


class Measuring:
    """Measures one document. Without `variables`, a page size in a variable counts as the maximum page size.

    With variables it measures one operation: a fragment's cost depends on that operation's defaults.
    """

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any] | None) -> None:
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

    def of(self, operation: OperationDefinitionNode) -> Measure:
        """Returns the measure of one operation. Raises GraphQLError for a fragment cycle or too deep nesting."""
        self._defaults = {
            variable.variable.name.value: variable.default_value
            for variable in operation.variable_definitions or ()
            if variable.default_value is not None
        }
        return self._selections(operation.selection_set)

    def unused(self) -> list[FragmentDefinitionNode]:
        """Returns the fragments that no measured operation uses, after measuring them as well."""
        unused = [fragment for name, fragment in self.fragments.items() if name not in self._measured]
        for fragment in unused:
            self._fragment(fragment.name.value)
        return unused

    def _selections(self, selection_set: SelectionSetNode | None) -> Measure:
        depth = aliases = fields = cost = row_cost = 0
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise exceeded("nesting", MAX_NESTING, self._nesting, [selection_set])
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
                raise GraphQLError(
                    message, [self.fragments[name]], extensions={"code": ErrorCode.GRAPHQL_VALIDATION_FAILED}
                )
            self._entered.add(name)
            fragment = self.fragments.get(name)  # validation reports an unknown one
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
        """Returns how many objects a field counts as for its cost, and how many rows of a
        connection each of them has.
        """
        objects, pages = 1, []
        for argument in field.arguments or ():
            if argument.name.value == "ids":
                objects = self._length(argument.value)
            elif argument.name.value in ("first", "last"):
                pages.append(self._page_size(argument.value))
        return objects, max((page for page in pages if page is not None), default=DEFAULT_PAGE_SIZE)

    def _page_size(self, value: ValueNode | None) -> int | None:
        """Returns the page size in `first` or `last`; None if it is absent or null. A size over the maximum is not
        refused here but when the argument is coerced, with a better message.
        """
        if not isinstance(value, VariableNode):
            return _literal_size(value.value) if isinstance(value, IntValueNode) else None
        name = value.name.value
        if self._variables is None:
            self.sizes.add(name)
            return MAX_PAGE_SIZE
        if name not in self._variables:
            return self._page_size(self._defaults.get(name))
        variable_value = self._variables[name]
        return None if variable_value is None else _bounded(variable_value)

    def _length(self, value: ValueNode | None) -> int:
        if not isinstance(value, VariableNode):
            return len(value.values) if isinstance(value, ListValueNode) else 1
        name = value.name.value
        if self._variables is None:
            self.sizes.add(name)
            return MAX_PAGE_SIZE
        if name not in self._variables:
            return self._length(self._defaults.get(name))
        variable_value = self._variables[name]
        return len(variable_value) if isinstance(variable_value, list) else 1


def size_of(value: object) -> tuple[object, int]:
    """Returns the part of a variable's value that a cost may depend on."""
    return type(value), _bounded(value) if isinstance(value, int) else len(value) if isinstance(value, list) else 0


def _literal_size(digits: str) -> int:
    return _bounded(int(digits)) if len(digits) < 10 else MAX_PAGE_SIZE  # int() refuses thousands of digits


def _bounded(size: object) -> int:
    return min(max(size, 0), MAX_PAGE_SIZE) if isinstance(size, int) else MAX_PAGE_SIZE
