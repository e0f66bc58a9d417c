"""Selections to SQL: one statement for one root field, or for all the rows that one field's refs stand for.

Every object is a correlated sub-select with a `row_to_json`, every list a `json_agg` over one: of the ways to build
JSON in PostgreSQL this measures fastest, and it keeps the order of the selection.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from graphql import GraphQLField, GraphQLObjectType, OperationDefinitionNode, OperationType, get_named_type
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from piccolo.columns import Column, ForeignKey
from piccolo.table import Table

from app.reads import paging
from app.reads.field_specs import Allow, ColumnOf, Computed, Fixed, Many, One, Page, PythonField, Related
from app.reads.schema_model import Model
from app.reads.selection import Selection
from app.reads.sql import SortKeys, column_of, exact, generated, joined, order_by, sort_keys, source
from app.reads.statement import (
    Arguments,
    Getter,
    Selected,
    SelectedPythonField,
    Shape,
    Shapes,
    Source,
    Statement,
    Values,
)
from app.reads.values import is_decimal, referenced, sql_type, to_parameter

Compiled = tuple[str, Shapes | None]
"""The SQL of a value, and what Python adds to it."""

_PARAMETER = re.compile(r"\$(\d+)::")


@dataclass(frozen=True)
class Operation:
    """What a request executes, and what is compiled for all requests whose values have the same shape."""

    model: Model
    definition: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    values: Values

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.definition.operation

    @property
    def platform(self) -> bool:
        """Whether the viewer sees every tenant."""
        return self.values.request.scope.tenant_id is None

    @property
    def of_tenant(self) -> bool:
        """Whether row-level security holds the statement to the rows of one tenant."""
        return not self.values.request.scope.is_platform

    def selected(
        self, type_: GraphQLObjectType, fields: FieldDetailsList, path: tuple[str, ...]
    ) -> Iterator[tuple[str, Selected]]:
        """The fields selected of an object: fragments opened, skips left out, the same response key merged."""
        collected = collect_subfields(
            self.model.graphql, self.fragments, self.values.variables, self.definition, type_, fields
        )
        return self._selected(type_, collected, path)

    def root_fields(self, type_: GraphQLObjectType) -> Iterator[tuple[str, Selected]]:
        """The fields selected of the operation's own type."""
        collected = collect_fields(self.model.graphql, self.fragments, self.values.variables, type_, self.definition)
        return self._selected(type_, collected, ())

    def _selected(
        self, type_: GraphQLObjectType, collected: CollectedFields, path: tuple[str, ...]
    ) -> Iterator[tuple[str, Selected]]:
        for key, details in collected.grouped_field_set.items():
            definition = self.model.graphql.get_field(type_, details[0].node.name.value)
            yield key, Selected(cast("GraphQLField", definition), details, (*path, key))


class Compiler:
    """One statement in the making."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.model = operation.model
        self._sources: list[Source] = []
        self._tenant: str | None = None
        self._aliases = count(1)

    def statement(self, value: Compiled, allow: Allow | None = None) -> Statement:
        """The whole statement. For a tenant it sets what row-level security reads, for itself alone and before the
        first row is looked for; were that ever too late, the policies would find '' and show nothing.
        """
        sql, shape = value
        used = sorted({int(number) for number in _PARAMETER.findall(sql)})
        of_tenant = self.operation.of_tenant
        numbers = {number: index for index, number in enumerate(used, 2 if of_tenant else 1)}
        sql = _PARAMETER.sub(lambda match: f"${numbers[int(match[1])]}::", sql)
        getters = [self._sources[number] for number in used]
        checks = [source for number, source in enumerate(self._sources) if number not in numbers]
        if of_tenant:
            scope = generated("scope")
            setting = f"WITH {scope} AS MATERIALIZED (SELECT set_config('app.tenant_id', $1, true))"
            sql = f"{setting} SELECT {sql} FROM {scope}"
        else:
            sql = f"SELECT {sql}"
        return Statement(sql, tuple(getters), tuple(checks), shape, of_tenant, allow)

    def alias(self) -> str:
        """A name for a table, new in this statement."""
        return generated(f"t{next(self._aliases)}")

    def parameter(self, getter: Getter, type_: str, blamed: Selected | None = None) -> str:
        """A parameter: values never stand in the text. What the statement turns out not to need is still checked."""
        self._sources.append((getter, blamed))
        return f"${len(self._sources) - 1}::{type_}"

    def given(self, arguments: Arguments) -> Mapping[str, Any]:
        """The arguments now: only which of them are null may shape the statement, their values being parameters."""
        return arguments.of(self.operation.values)

    def visible(self, table: type[Table], alias: str) -> list[str]:
        """The first wall of tenancy, row-level security being the second: a tenant sees its own rows and catalogs."""
        read = self.model.of_table(table)
        if self.operation.platform or read is None:
            return []
        if read.platform:
            return ["false"]
        conditions = [f"NOT {condition}" for condition in self.fixed(read.platform_rows, alias)]
        if read.tenant is not None:
            if self._tenant is None:
                self._tenant = self.parameter(lambda values: values.request.scope.tenant_id, "uuid")
            conditions.append(f"{column_of(alias, read.tenant)} = {self._tenant}")
        return conditions

    def link(self, foreign_key: ForeignKey[Any], here: str, there: str, *, own: bool) -> list[str]:
        """The rows of `there` that a foreign key joins to a row of `here`, and of the same tenant: where the
        viewer is a tenant, `visible` holds both tables to it already.

        No index serves IS NOT DISTINCT FROM: the key finds the rows. With = PostgreSQL combines two indexes, and takes
        longer. Both tenants may be null, of a resource and a bill's row that are nobody's.
        """
        conditions = [joined(foreign_key, here, there, own=own)]
        ends = [self.model.of_table(table) for table in (foreign_key._meta.table, referenced(foreign_key)._meta.table)]
        tenants = [read.tenant for read in ends if read is not None and read.tenant is not None]
        if self.operation.platform and len(tenants) == len(ends) and foreign_key._meta.name != tenants[0]._meta.name:
            aliases = (here, there) if own else (there, here)
            pairs = zip(aliases, tenants, strict=True)
            conditions.append(" IS NOT DISTINCT FROM ".join(column_of(alias, tenant) for alias, tenant in pairs))
        return conditions

    def fixed(self, conditions: Sequence[Fixed], alias: str) -> list[str]:
        """Columns that the declaration ties to a value."""

        def constant(column: Column, value: object) -> str:
            return self.parameter(lambda _: to_parameter(column, value), sql_type(column))

        return [f"{column_of(alias, column)} = {constant(column, value)}" for column, value in conditions]

    def object(
        self, type_: GraphQLObjectType, fields: FieldDetailsList, alias: str, path: tuple[str, ...]
    ) -> tuple[Selection, Shape | None]:
        """The members of an object whose row is `alias`."""
        selection = Selection()
        python_field: dict[str, SelectedPythonField] = {}
        children: dict[str, Shapes] = {}
        for key, selected in self.operation.selected(type_, fields, path):
            match self.model.declaration(type_.name, selected.name):
                case None:
                    selection.add(key, f"'{type_.name}'::text")  # all but __typename is declared
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

    def _scalar(self, declaration: ColumnOf | Computed | Related, selected: Selected, alias: str) -> str:
        if isinstance(declaration, ColumnOf):
            sql = column_of(alias, declaration.column)
        elif isinstance(declaration, Related):
            key, table, there = declaration.foreign_key, declaration.column._meta.table, self.alias()
            conditions = [*self.link(key, alias, there, own=True), *self.visible(table, there)]
            sql = f"(SELECT {column_of(there, declaration.column)} {source(table, there, conditions)})"
        else:
            arguments = (
                column_of(alias, argument)
                if isinstance(argument, Column)
                else self.parameter(lambda values: values.request.today, "date")
                for argument in declaration.arguments
            )
            sql = f"{declaration.function}({', '.join(arguments)})"
        return exact(sql, decimal=get_named_type(selected.definition.type).name == "Decimal")

    def _relation(
        self, declaration: One | Many | Page, type_: GraphQLObjectType, selected: Selected, alias: str
    ) -> Compiled:
        key = cast("ForeignKey[Any]", declaration.foreign_key)  # only a root connection has none
        if isinstance(declaration, Page):
            return paging.connection(self, declaration, selected, lambda there: self.link(key, alias, there, own=False))
        here = self.model.types[type_.name].table
        table = self.model.types[selected.type.name].table
        own = isinstance(declaration, One) and key._meta.table is here and referenced(key)._meta.table is table

        def where(there: str) -> list[str]:
            return [*self.link(key, alias, there, own=own), *self.fixed(declaration.where, there)]

        order = sort_keys(declaration.order, table) if declaration.order else []
        return self.rows(selected, where, order, many=isinstance(declaration, Many))

    def rows(self, selected: Selected, where: Callable[[str], list[str]], order: SortKeys, *, many: bool) -> Compiled:
        """The visible rows of the selected type that meet `where`: the list of all, or the first."""
        table = self.model.types[selected.type.name].table
        alias = self.alias()
        selection, shape = self.object(selected.type, selected.fields, alias, selected.path)
        tail = order_by(order, alias) if order else ""
        conditions = [*where(alias), *self.visible(table, alias)]
        if many:
            return selection.rows(source(table, alias, conditions, tail)), shape
        return selection.row(source(table, alias, conditions, f"{tail} LIMIT 1" if tail else "")), shape
