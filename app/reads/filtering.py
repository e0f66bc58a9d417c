"""Compiles filters to SQL conditions, for those fields of a filter input that a request has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from graphql import GraphQLInputObjectType, get_named_type
from piccolo.table import Table

from app.reads.field_specs import Page
from app.reads.filter_conditions import Among, Compare, Condition, Contains, Through
from app.reads.schema_model import filter_names, node_type
from app.reads.sql import Fragment, column_of, joined, separated, source
from app.reads.statement import Arguments, Parameter, Selected
from app.reads.statement_builder import StatementBuilder
from app.reads.values import referenced, sql_type, to_parameter, to_text


def filtered(
    builder: StatementBuilder, page: Page, arguments: Arguments, selected: Selected, alias: str
) -> Iterator[Fragment]:
    """Yields the conditions of a connection's `filter` argument on the rows of `alias`."""
    filter_input = builder.present_arguments(arguments).get("filter")
    if filter_input is None:
        return
    table = builder.model.types[node_type(selected.definition).name].table
    argument = selected.definition.args["filter"]
    names = filter_names(cast("GraphQLInputObjectType", get_named_type(argument.type)))
    for python_name, condition in page.filters.items():
        name = names[python_name]
        if filter_input.get(name) is not None:
            yield _Filter(builder, arguments, name, selected).sql(condition, table, alias)


class _Filter:
    """One field of a filter, present in the request's filter input."""

    def __init__(self, builder: StatementBuilder, arguments: Arguments, name: str, selected: Selected) -> None:
        self._builder = builder
        self._arguments = arguments
        self._name = name
        self._selected = selected

    def sql(self, condition: Condition, table: type[Table], alias: str) -> Fragment:
        """Returns the SQL condition for a row of the table."""
        match condition:
            case Compare(column, operator):
                value = self._parameter(lambda value: to_parameter(column, value), sql_type(column))
                return f"{column_of(alias, column)} {operator} ", value
            case Among(column):
                values = self._parameter(
                    lambda value: [to_parameter(column, item) for item in value], f"{sql_type(column)}[]"
                )
                return f"{column_of(alias, column)} = ANY(", values, ")"
            case Contains(columns):
                pattern = self._parameter(_pattern, "text")
                matches = ((f"{column_of(alias, column)} ILIKE ", pattern) for column in columns)
                return "(", separated(" OR ", matches), ")"
            case Through(foreign_key, inner):
                holds_key = foreign_key._meta.table is table
                other = referenced(foreign_key)._meta.table if holds_key else foreign_key._meta.table
                related_alias = self._builder.alias()
                link = joined(foreign_key, alias, related_alias, holds_key=holds_key)
                conditions = [link, *self._builder.visible(other, related_alias), self.sql(inner, other, related_alias)]
                return "EXISTS (SELECT ", source(other, related_alias, conditions), ")"
            case _:
                raise TypeError(f"{condition} has no SQL")

    def _parameter(self, convert: Callable[[Any], Any], type_: str) -> Parameter:
        arguments, name = self._arguments, self._name
        return self._builder.parameter(
            lambda values: convert(arguments.of(values)["filter"][name]), type_, self._selected
        )


def _pattern(text: str) -> str:
    escaped = to_text(text).replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"
