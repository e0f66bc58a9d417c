"""Builds SQL statements, below the compiler: aliases, parameters, visibility, joins and fixed conditions."""

import re
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
from app.reads.schema_model import Model
from app.reads.sql import column_of, generated, joined
from app.reads.statement import Arguments, Getter, Selected, Shapes, Source, Statement, Values
from app.reads.values import referenced, sql_type, to_parameter

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


class StatementBuilder:
    """Builds one SQL statement: its aliases, parameters, and the conditions that keep tenants apart."""

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
        """The first layer of tenant isolation, before row-level security: a tenant sees its own rows and catalogs."""
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
        """Columns that the declaration ties to a value, or to null."""

        def condition(column: Column, value: object) -> str:
            here = column_of(alias, column)
            if value is None:
                return f"{here} IS NULL"
            return f"{here} = {self.parameter(lambda _: to_parameter(column, value), sql_type(column))}"

        return [condition(column, value) for column, value in conditions]
