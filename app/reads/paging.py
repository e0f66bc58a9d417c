"""Compiles connections to SQL: keyset pages and their cursors."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, TypeAlias

import msgspec
from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetailsList

from app.reads.errors import BadInputError
from app.reads.field_specs import Page
from app.reads.filtering import filtered
from app.reads.schema_model import node_type
from app.reads.selection import Selection
from app.reads.sql import (
    Fragment,
    SortKeys,
    column_of,
    exact,
    generated,
    keyset_predicate,
    order_by,
    separated,
    sort_keys,
    source,
)
from app.reads.statement import Arguments, Parameter, Selected, Shape, Shapes, Values
from app.reads.statement_builder import Compiled, StatementBuilder
from app.reads.values import from_json, is_decimal, sql_type, to_parameter

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
_CURSOR = msgspec.json.Decoder(list[str | int | bool])
_RANK = '":rank"'

Link: TypeAlias = Callable[[str], list[Fragment]]
"""Returns the conditions that join a table, by its alias, to the row that the connection belongs to."""
CompileObject: TypeAlias = Callable[
    [GraphQLObjectType, FieldDetailsList, str, tuple[str, ...]], tuple[Selection, Shape | None]
]
"""Compiles the selected fields of a row, by its alias and response path."""


def connection(
    builder: StatementBuilder, compile_object: CompileObject, declaration: Page, selected: Selected, link: Link
) -> Compiled:
    """Compiles one page of the rows that `link` joins to a connection object. Raises BadInputError."""
    return _ConnectionCompiler(builder, compile_object, declaration, selected, link).compile()


class _ConnectionCompiler:
    """Compiles one connection: the requested page, and the selected members."""

    def __init__(
        self,
        builder: StatementBuilder,
        compile_object: CompileObject,
        declaration: Page,
        selected: Selected,
        link: Link,
    ) -> None:
        self._builder = builder
        self._compile_object = compile_object
        self._selected = selected
        self._node = node_type(selected.definition)
        self._table = builder.model.types[self._node.name].table
        self._keys = sort_keys(declaration.order, self._table)
        self._arguments = Arguments(selected)
        self._present_arguments = {
            name for name, value in builder.present_arguments(self._arguments).items() if value is not None
        }
        if {"first", "last"} <= self._present_arguments:
            raise selected.locate(BadInputError("Provide `first` or `last`, not both."))
        self._backwards = "last" in self._present_arguments
        self._alias = builder.alias()
        self._page_name = generated(f"{self._alias}page")
        self._conditions = [
            *link(self._alias),
            *builder.visible(self._table, self._alias),
            *builder.fixed(declaration.where, self._alias),
            *filtered(builder, declaration, self._arguments, selected, self._alias),
        ]

    def compile(self) -> Compiled:
        """Returns the object of the selected members, each a sub-select over the page.

        A page that is read only once and forwards is written inside its list. Any other is a common table expression,
        with each row's rank and one more row than requested, which tells whether there is a next page.
        """
        members = self._members(self._selected)
        readings = sum({"nodes": 1, "edges": 1, "pageInfo": 2}.get(member.name, 0) for _, member in members)
        common: Fragment = ""
        rows = self._page(self._limit)
        if readings > 1 or self._backwards:
            common = (f"WITH {self._page_name} AS MATERIALIZED (", self._ranked(), ") ")
            rows = self._of_ranked(("<= ", self._limit), backwards=self._backwards)
        selection, children = Selection(), {}
        for key, member in members:
            sql, shape = self._member(member, rows)
            selection.add(key, sql)
            if shape is not None:
                children[key] = shape
        return selection.row(common=common), self._shape(self._selected, children)

    def _members(self, selected: Selected) -> list[tuple[str, Selected]]:
        return list(self._builder.operation.selected(selected.type, selected.fields, selected.path))

    def _shape(self, selected: Selected, children: Mapping[str, Shapes]) -> Shape | None:
        return Shape(selected.type.name, {}, children) if children else None

    def _member(self, member: Selected, rows: Fragment) -> Compiled:
        match member.name:
            case "nodes":
                selection, shape = self._compile_object(self._node, member.fields, self._alias, member.path)
                return selection.rows(rows), shape
            case "edges":
                return self._edges(member, rows)
            case "pageInfo":
                return self._page_info(member), None
            case "totalCount":
                return ("(SELECT count(*) ", source(self._table, self._alias, self._conditions), ")"), None
            case _:
                return f"'{self._selected.type.name}'::text", None

    def _edges(self, edges: Selected, rows: Fragment) -> Compiled:
        selection, children = Selection(), {}
        for key, member in self._members(edges):
            match member.name:
                case "node":
                    node, shape = self._compile_object(self._node, member.fields, self._alias, member.path)
                    selection.add(key, node.row())
                    if shape is not None:
                        children[key] = shape
                case "cursor":
                    selection.add(key, self._cursor)
                case _:
                    selection.add(key, f"'{edges.type.name}'::text")
        return selection.rows(rows), self._shape(edges, children)

    def _page_info(self, page_info: Selected) -> Fragment:
        selection = Selection()
        for key, member in self._members(page_info):
            match member.name:
                case "hasNextPage":
                    selection.add(key, self._more(further=not self._backwards, beyond_cursor="before"))
                case "hasPreviousPage":
                    selection.add(key, self._more(further=self._backwards, beyond_cursor="after"))
                case "startCursor":
                    selection.add(key, self._edge_cursor(backwards=self._backwards))
                case "endCursor":
                    selection.add(key, self._edge_cursor(backwards=not self._backwards))
                case _:
                    selection.add(key, f"'{page_info.type.name}'::text")
        return selection.row()

    def _more(self, *, further: bool, beyond_cursor: str) -> Fragment:
        """Returns the condition for hasNextPage or hasPreviousPage: there are more rows than the page's size, or rows
        on the other side of the cursor `beyond_cursor`.
        """
        conditions: list[Fragment] = []
        if further:
            conditions.append(("EXISTS (SELECT ", self._of_ranked(("> ", self._limit)), ")"))
        if beyond_cursor in self._present_arguments:
            outside = self._keyset_condition(beyond_cursor, after=beyond_cursor == "before", inclusive=True)
            conditions.append(("EXISTS (SELECT ", source(self._table, self._alias, [*self._conditions, outside]), ")"))
        return "(", separated(" OR ", conditions or ["false"]), ")"

    def _edge_cursor(self, *, backwards: bool) -> Fragment:
        rows = self._of_ranked(("<= ", self._limit), backwards=backwards)
        return "(SELECT ", self._cursor, " ", rows, " LIMIT 1)"

    def _page(self, limit: Fragment) -> Fragment:
        bounds = [
            self._keyset_condition(name, after=name == "after")
            for name in ("after", "before")
            if name in self._present_arguments
        ]
        tail = (f"{order_by(self._keys, self._alias, backwards=self._backwards)} LIMIT ", limit)
        return source(self._table, self._alias, [*self._conditions, *bounds], tail)

    def _ranked(self) -> Fragment:
        alias = self._alias
        rank = f"row_number() OVER ({order_by(self._keys, alias, backwards=self._backwards)})"
        page = self._page((self._limit, " + 1"))
        return f"SELECT {alias}.*, {rank} AS {_RANK} FROM (SELECT {alias}.* ", page, f") {alias}"

    def _of_ranked(self, ranks: Fragment, *, backwards: bool = False) -> Fragment:
        rank = f"{self._alias}.{_RANK}"
        order = f" ORDER BY {rank}{' DESC' if backwards else ''}"
        return f"FROM {self._page_name} {self._alias} WHERE {rank} ", ranks, order

    def _keyset_condition(self, cursor: str, *, after: bool, inclusive: bool = False) -> Fragment:
        return keyset_predicate(self._keys, self._alias, self._cursors[cursor], after=after, inclusive=inclusive)

    @cached_property
    def _cursor(self) -> Fragment:
        """Returns the cursor of a row: the values of its sort keys, encoded."""
        keys = (exact(column_of(self._alias, column), decimal=is_decimal(column)) for column, _ in self._keys)
        encoded = ("encode(convert_to(json_build_array(", separated(", ", keys), ")::text, 'UTF8'), 'base64')")
        return "translate(", encoded, ", E'\\n', '')"

    @cached_property
    def _cursors(self) -> dict[str, list[Parameter]]:
        """Returns, for each given cursor (`after`, `before`), the parameters that contain its sort keys."""
        return {
            name: [
                self._builder.parameter(
                    partial(_key_of, self._arguments, name, self._keys, index), sql_type(column), self._selected
                )
                for index, (column, _) in enumerate(self._keys)
            ]
            for name in ("after", "before")
            if name in self._present_arguments
        }

    @cached_property
    def _limit(self) -> Parameter:
        name = "last" if self._backwards else "first"
        return self._builder.parameter(partial(_size, self._arguments, name), "bigint", self._selected)


def _size(arguments: Arguments, name: str, values: Values) -> int:
    size: int | None = arguments.of(values).get(name)
    if size is not None and not 1 <= size <= MAX_PAGE_SIZE:
        raise BadInputError(f"`{name}` must be from 1 to {MAX_PAGE_SIZE}.")
    return DEFAULT_PAGE_SIZE if size is None else size


def _key_of(arguments: Arguments, name: str, keys: SortKeys, index: int, values: Values) -> Any:
    """Decodes one sort key from a cursor argument."""
    try:
        cursor_values = _CURSOR.decode(b64decode(arguments.of(values)[name], validate=True))
        sort_values = [from_json(column, key) for (column, _), key in zip(keys, cursor_values, strict=True)]
        return to_parameter(keys[index][0], sort_values[index])
    except (ValueError, TypeError, ArithmeticError, BadInputError):
        raise BadInputError(
            f"`{name}` is not a cursor of this connection: pass a cursor of one of its pages."
        ) from None
