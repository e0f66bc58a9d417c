"""Builds SQL statements, below the compiler: aliases, parameters, visibility, joins and fixed conditions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from graphql import GraphQLField, GraphQLObjectType, OperationDefinitionNode, OperationType
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from piccolo.columns import Column, ForeignKey
from piccolo.table import Table

from app.reads.field_specs import Allow, Fixed
from app.reads.schema_model import SchemaModel
from app.reads.sql import Fragment, column_of, generated, joined, numbered
from app.reads.statement import Arguments, Getter, Parameter, Selected, Shapes, Statement, Values
from app.reads.values import referenced, sql_type, to_parameter

Compiled = tuple[Fragment, Shapes | None]
"""The SQL of a value, and what Python adds to it."""


@dataclass(frozen=True)
class Operation:
    """The operation that is compiled, with the values of the request. The result is reused for requests whose values
    have the same shape (see `shape` in variables.py).
    """

    model: SchemaModel
    definition: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    values: Values

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.definition.operation

    @property
    def platform(self) -> bool:
        """Whether the viewer may see every tenant."""
        return self.values.request.scope.tenant_id is None

    @property
    def of_tenant(self) -> bool:
        """Whether row-level security restricts the statement to the rows of one tenant."""
        return not self.values.request.scope.is_platform

    def selected(
        self, type_: GraphQLObjectType, fields: FieldDetailsList, path: tuple[str, ...]
    ) -> Iterator[tuple[str, Selected]]:
        """Yields the selected fields of an object: fragments expanded, skipped fields removed, and equal response keys
        merged.
        """
        collected = collect_subfields(
            self.model.graphql, self.fragments, self.values.variables, self.definition, type_, fields
        )
        return self._selected(type_, collected, path)

    def root_fields(self, type_: GraphQLObjectType) -> Iterator[tuple[str, Selected]]:
        """Yields the selected fields of the operation's root type."""
        collected = collect_fields(self.model.graphql, self.fragments, self.values.variables, type_, self.definition)
        return self._selected(type_, collected, ())

    def _selected(
        self, type_: GraphQLObjectType, collected: CollectedFields, path: tuple[str, ...]
    ) -> Iterator[tuple[str, Selected]]:
        for key, details in collected.grouped_field_set.items():
            definition = self.model.graphql.get_field(type_, details[0].node.name.value)
            yield key, Selected(cast("GraphQLField", definition), details, (*path, key))


class StatementBuilder:
    """Builds one SQL statement: its aliases, parameters, and the conditions that keep tenants apart."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.model = operation.model
        self._parameters: list[Parameter] = []
        self._tenant: Parameter | None = None
        self._aliases = count(1)

    def statement(self, value: Compiled, allow: Allow | None = None) -> Statement:
        """Returns the text of the finished statement. For a tenant it sets the setting that row-level security reads,
        for this statement only and before the first row is looked up. If it were set too late, the policies would see
        an empty setting and show no row.
        """
        fragment, shape = value
        of_tenant = self.operation.of_tenant
        sql, used = numbered(fragment, self._parameters, 2 if of_tenant else 1)
        checks = tuple(parameter for parameter in self._parameters if parameter not in used)
        if of_tenant:
            scope = generated("scope")
            setting = f"WITH {scope} AS MATERIALIZED (SELECT set_config('app.tenant_id', $1, true))"
            sql = f"{setting} SELECT {sql} FROM {scope}"
        else:
            sql = f"SELECT {sql}"
        return Statement(sql, used, checks, shape, of_tenant, allow)

    def alias(self) -> str:
        """Returns a new table alias, unique in this statement."""
        return generated(f"t{next(self._aliases)}")

    def parameter(self, getter: Getter, type_: str, error_source: Selected | None = None) -> Parameter:
        """Adds a parameter to the statement: values are never part of its text. The value is checked even if the
        finished statement does not use the parameter.
        """
        parameter = Parameter(type_, getter, error_source)
        self._parameters.append(parameter)
        return parameter

    def present_arguments(self, arguments: Arguments) -> Mapping[str, Any]:
        """Returns a field's arguments in the current request. The statement's text may depend on which of them are
        null, but not on their values, because those are parameters.
        """
        return arguments.of(self.operation.values)

    def visible(self, table: type[Table], alias: str) -> list[Fragment]:
        """Returns the SQL conditions of the first layer of tenant isolation, before row-level security: a tenant sees
        its own rows and catalogs.
        """
        read = self.model.of_table(table)
        if self.operation.platform or read is None:
            return []
        if read.platform:
            return ["false"]
        conditions: list[Fragment] = [("NOT ", condition) for condition in self.fixed(read.platform_rows, alias)]
        if read.tenant is not None:
            if self._tenant is None:
                self._tenant = self.parameter(lambda values: values.request.scope.tenant_id, "uuid")
            conditions.append((f"{column_of(alias, read.tenant)} = ", self._tenant))
        return conditions

    def link(self, foreign_key: ForeignKey[Any], here: str, there: str, *, holds_key: bool) -> list[Fragment]:
        """Returns the conditions that join the rows of `there` to a row of `here` by a foreign key, and within the same
        tenant. (For a tenant's viewer, `visible` already restricts both tables to it.)

        Indexes do not support IS NOT DISTINCT FROM, so the key finds the rows. With = PostgreSQL would combine two
        indexes, which takes longer. Both tenants may be null, for a shared resource and a bill's line that is allocated
        to no deployment.
        """
        conditions: list[Fragment] = [joined(foreign_key, here, there, holds_key=holds_key)]
        ends = [self.model.of_table(table) for table in (foreign_key._meta.table, referenced(foreign_key)._meta.table)]
        tenants = [read.tenant for read in ends if read is not None and read.tenant is not None]
        if self.operation.platform and len(tenants) == len(ends) and foreign_key._meta.name != tenants[0]._meta.name:
            aliases = (here, there) if holds_key else (there, here)
            pairs = zip(aliases, tenants, strict=True)
            conditions.append(" IS NOT DISTINCT FROM ".join(column_of(alias, tenant) for alias, tenant in pairs))
        return conditions

    def fixed(self, conditions: Sequence[Fixed], alias: str) -> list[Fragment]:
        """Returns the conditions for columns that the declaration fixes to a value, or to null."""

        def condition(column: Column, value: object) -> Fragment:
            here = column_of(alias, column)
            if value is None:
                return f"{here} IS NULL"
            return (f"{here} = ", self.parameter(lambda _: to_parameter(column, value), sql_type(column)))

        return [condition(column, value) for column, value in conditions]
