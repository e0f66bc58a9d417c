"""Compiles selections to SQL: one statement for one root field, or for all rows that one field's references name.

Every object is a correlated sub-select with a `row_to_json`, every list a `json_agg` over one. This is the fastest way
to build JSON in PostgreSQL by our measurements, and it keeps the order of the selection.
"""

from collections.abc import Callable
from typing import Any, cast

from graphql import GraphQLObjectType, get_named_type
from graphql.execution.collect_fields import FieldDetailsList
from piccolo.columns import Column, ForeignKey

from app.reads import paging
from app.reads.field_specs import ColumnOf, Computed, Many, One, Page, PythonField, Related
from app.reads.selection import Selection
from app.reads.sql import Fragment, SortKeys, column_of, exact, order_by, separated, sort_keys, source
from app.reads.statement import Arguments, Selected, SelectedPythonField, Shape, Shapes
from app.reads.statement_builder import Compiled, StatementBuilder
from app.reads.values import is_decimal, referenced


class Compiler(StatementBuilder):
    """Compiles the selections of one statement."""

    def object(
        self, type_: GraphQLObjectType, fields: FieldDetailsList, alias: str, path: tuple[str, ...]
    ) -> tuple[Selection, Shape | None]:
        """Compiles the members of an object whose row is `alias`."""
        selection = Selection()
        python_field: dict[str, SelectedPythonField] = {}
        children: dict[str, Shapes] = {}
        for key, selected in self.operation.selected(type_, fields, path):
            match self.model.declaration(type_.name, selected.name):
                case None:
                    selection.add(key, f"'{type_.name}'::text")  # all fields except __typename have a declaration
                case ColumnOf() | Computed() | Related() as scalar:
                    selection.add(key, self._scalar(scalar, selected, alias))
                case PythonField() as declaration:
                    python_field[key] = SelectedPythonField(declaration, selected, Arguments(selected))
                    for member, column in python_field[key].needs:
                        selection.add(member, exact(column_of(alias, column), decimal=is_decimal(column)))
                    for name, computed in declaration.computed.items():
                        selection.add(f":{name}", self._scalar(computed, selected, alias))
                case One() | Many() | Page() as relation:
                    sql, child = self._relation(relation, type_, selected, alias)
                    selection.add(key, sql)
                    if child is not None:
                        children[key] = child
                case other:
                    raise TypeError(f"{type_.name}.{selected.name} cannot be compiled: {other}")
        return selection, Shape(type_.name, python_field, children) if python_field or children else None

    def _scalar(self, declaration: ColumnOf | Computed | Related, selected: Selected, alias: str) -> Fragment:
        if isinstance(declaration, ColumnOf):
            sql: Fragment = column_of(alias, declaration.column)
        elif isinstance(declaration, Related):
            key, table, there = declaration.foreign_key, declaration.column._meta.table, self.alias()
            conditions = [*self.link(key, alias, there, holds_key=True), *self.visible(table, there)]
            sql = f"(SELECT {column_of(there, declaration.column)} ", source(table, there, conditions), ")"
        else:
            arguments = (
                column_of(alias, argument)
                if isinstance(argument, Column)
                else self.parameter(lambda values: values.request.today, "date")
                for argument in declaration.arguments
            )
            sql = f"{declaration.function}(", separated(", ", arguments), ")"
        return exact(sql, decimal=get_named_type(selected.definition.type).name == "Decimal")

    def _relation(
        self, declaration: One | Many | Page, type_: GraphQLObjectType, selected: Selected, alias: str
    ) -> Compiled:
        key = cast("ForeignKey[Any]", declaration.foreign_key)  # only a root connection has none
        if isinstance(declaration, Page):

            def link(there: str) -> list[Fragment]:
                return self.link(key, alias, there, holds_key=False)

            return paging.connection(self, self.object, declaration, selected, link)
        here = self.model.types[type_.name].table
        table = self.model.types[selected.type.name].table
        holds_key = isinstance(declaration, One) and key._meta.table is here and referenced(key)._meta.table is table

        def where(there: str) -> list[Fragment]:
            return [*self.link(key, alias, there, holds_key=holds_key), *self.fixed(declaration.where, there)]

        order = sort_keys(declaration.order, table) if declaration.order else []
        return self.rows(selected, where, order, many=isinstance(declaration, Many))

    def rows(
        self, selected: Selected, where: Callable[[str], list[Fragment]], order: SortKeys, *, many: bool
    ) -> Compiled:
        """Compiles the visible rows of the selected type that meet `where`: the list of all, or the first."""
        table = self.model.types[selected.type.name].table
        alias = self.alias()
        selection, shape = self.object(selected.type, selected.fields, alias, selected.path)
        tail = order_by(order, alias) if order else ""
        conditions = [*where(alias), *self.visible(table, alias)]
        if many:
            return selection.rows(source(table, alias, conditions, tail)), shape
        return selection.row(source(table, alias, conditions, f"{tail} LIMIT 1" if tail else "")), shape
