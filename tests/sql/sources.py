"""The sources of a statement's rows, and which of their columns are known to be equal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from sqlglot import exp

from app.tables import piccolo_app

Node: TypeAlias = tuple[int, str]
"""A column of one source of rows, or a parameter."""
VALUE = -1
"""The source of a parameter."""


@cache
def columns_of_tables() -> dict[str, frozenset[str]]:
    """The columns of each of the application's tables."""
    return {
        table._meta.tablename: frozenset(column._meta.db_column_name for column in table._meta.columns)
        for table in piccolo_app.APP_CONFIG.table_classes
    }


@dataclass
class Source:
    """Rows under an alias: of a table, a CTE, a sub-select or a function."""

    number: int
    name: str
    alias: str
    columns: frozenset[str] | None
    key: Node | None = None  # whose rows they are, where that is a column
    inner: list[Node] = field(default_factory=list)  # the tenants of what it selects from
    table: bool = False

    @property
    def keys(self) -> list[Node]:
        return [self.key] if self.key else self.inner


class Equated:
    """The columns that are known to be equal."""

    def __init__(self, parents: dict[Node, Node] | None = None, bound: set[Node] | None = None) -> None:
        self._parents = dict(parents or {})
        self._bound = set(bound or ())

    def copy(self) -> "Equated":
        return Equated(self._parents, self._bound)

    def find(self, node: Node) -> Node:
        while node in self._parents:
            node = self._parents[node]
        return node

    def equate(self, one: Node, other: Node) -> None:
        if self.find(one) != self.find(other):
            self._parents[self.find(one)] = self.find(other)

    def bind(self, node: Node) -> None:
        """Records that the column is compared with a value from outside the tables."""
        self._bound.add(node)

    def are_equal(self, one: Node, other: Node) -> bool:
        return self.find(one) == self.find(other)

    def is_bound(self, node: Node) -> bool:
        return self.find(node) in {self.find(bound) for bound in self._bound}


Scope: TypeAlias = dict[str, Source]


def source_of(column: exp.Column, scope: Scope, outer: Scope) -> Source | None:
    """Returns the source of a column, in the scope itself or in one around it."""
    for sources in (scope, outer):
        if column.table:
            if column.table in sources:
                return sources[column.table]
            continue
        for source in reversed(sources.values()):
            if column.name in (source.columns or ()):
                return source
        if sources is scope and len(scope) == 1:
            (source,) = scope.values()
            if source.columns is None:
                return source
    return None


def sources_of(node: exp.Expr, scope: Scope, outer: Scope) -> list[Source]:
    """The sources of the scope that an expression's columns are of, by their alias."""
    found = {}
    for column in node.find_all(exp.Column):
        if (source := source_of(column, scope, outer)) and (column.table or not isinstance(node, exp.Query)):
            found[source.number] = source
    return list(found.values())


def node_of(node: exp.Expr, scope: Scope, outer: Scope) -> Node | None:
    """The column or parameter that an expression is, where it is one."""
    node = bare(node)
    if isinstance(node, exp.Placeholder):
        return (VALUE, node.name)
    if not isinstance(node, exp.Column) or (source := source_of(node, scope, outer)) is None:
        return None
    return (source.number, node.name)


def columns_of(value: exp.Expr) -> list[exp.Expr]:
    """The columns that the value of an expression may be."""
    return [value.this, *value.expressions] if isinstance(value, exp.Coalesce) else [value]


def returned(node: exp.Expr) -> Sequence[exp.Expr]:
    returning = node.args.get("returning")
    return returning.expressions if returning else []


def listed(value: object) -> list[exp.Expr]:
    if isinstance(value, list):
        return [one for one in value if isinstance(one, exp.Expr)]
    return [value] if isinstance(value, exp.Expr) else []


def bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    return node


def conjunction(node: exp.Expr) -> Iterator[exp.Expr]:
    node = bare(node)
    if isinstance(node, exp.And):
        yield from conjunction(node.this)
        yield from conjunction(node.expression)
    else:
        yield node
