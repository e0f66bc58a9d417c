"""Collects the declarations of a whole schema, and checks them against the tables once at start-up."""

from collections.abc import Iterator, Sequence
from typing import Any, cast
from uuid import UUID

import strawberry
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)
from piccolo.columns import Column, ForeignKey
from piccolo.table import Table
from strawberry.types.base import StrawberryObjectDefinition

from app.reads.field_specs import (
    METADATA,
    READ_TYPE,
    ColumnOf,
    Declaration,
    Descending,
    Many,
    One,
    Order,
    Page,
    PythonField,
    ReadType,
    Related,
    RootMany,
    RootNode,
    RootOne,
)
from app.reads.values import python_type, referenced

DEFINITION = "strawberry-definition"


class DeclarationError(Exception):
    """The declarations contradict the tables; the message has one line for every fault."""


class SchemaModel:
    """The declarations of a schema: what each GraphQL type and field reads. Raises DeclarationError."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.graphql: GraphQLSchema = schema._schema
        self.types: dict[str, ReadType] = {}
        self._names: dict[type, str] = {}
        for name, type_ in self.graphql.type_map.items():
            definition = type_.extensions.get(DEFINITION)
            if isinstance(type_, GraphQLObjectType) and isinstance(definition, StrawberryObjectDefinition):
                self._names[definition.origin] = name
                if READ_TYPE in vars(definition.origin):
                    self.types[name] = getattr(definition.origin, READ_TYPE)
        self._by_table = {read.table: read for read in self.types.values()}
        self._declarations = {
            (type_.name, name): declaration
            for type_ in self._object_types()
            for name, field in type_.fields.items()
            if (declaration := self._declared(type_, field)) is not None
        }
        faults = list(_DeclarationFaults(self).find())
        if faults:
            raise DeclarationError("\n".join(faults))

    def declaration(self, type_name: str, field_name: str) -> Declaration | None:
        """Returns the declaration of how a field is read from tables; None if an ordinary resolver returns the field's
        value.
        """
        return self._declarations.get((type_name, field_name))

    def of_table(self, table: type[Table]) -> ReadType | None:
        """Returns the declared visibility of a table's rows; None if no GraphQL type reads the table. Types of the same
        table declare the same visibility.
        """
        return self._by_table.get(table)

    def declared(self) -> Iterator[tuple[GraphQLObjectType, str, GraphQLField, Declaration]]:
        """Yields every declared field with its type and name."""
        for (type_name, name), declaration in self._declarations.items():
            type_ = cast("GraphQLObjectType", self.graphql.type_map[type_name])
            yield type_, name, type_.fields[name], declaration

    def object_type(self, origin: type) -> GraphQLObjectType:
        """Returns the GraphQL type of a declared class."""
        return cast("GraphQLObjectType", self.graphql.type_map[self._names[origin]])

    def read_types_of(self, interface: GraphQLNamedType) -> list[GraphQLObjectType]:
        """Returns the types with a table that implement an interface, in the order of their names."""
        possible = self.graphql.get_possible_types(cast("GraphQLInterfaceType", interface))
        with_uuid = [t for t in possible if t.name in self.types and python_type(_primary(self.types[t.name])) is UUID]
        return sorted(with_uuid, key=lambda type_: type_.name)

    def _object_types(self) -> Iterator[GraphQLObjectType]:
        for type_ in self.graphql.type_map.values():
            if isinstance(type_, GraphQLObjectType):
                yield type_

    def _declared(self, type_: GraphQLObjectType, field: GraphQLField) -> Declaration | None:
        definition = field.extensions.get(DEFINITION)
        if definition is None:
            return None
        declaration: Declaration | None = definition.metadata.get(METADATA)
        read = self.types.get(type_.name)
        if declaration is None and read is not None and definition.is_basic_field:
            return next((ColumnOf(c) for c in read.table._meta.columns if c._meta.name == definition.python_name), None)
        return declaration


def node_type(field: GraphQLField) -> GraphQLObjectType:
    """Returns the GraphQL type of a connection field's rows."""
    connection = cast("GraphQLObjectType", get_named_type(field.type))
    return cast("GraphQLObjectType", get_named_type(connection.fields["nodes"].type))


class _DeclarationFaults:
    """Collects contradictions to the tables: a column of another table, a non-null field whose value can be missing."""

    def __init__(self, model: SchemaModel) -> None:
        self._model = model

    def find(self) -> Iterator[str]:
        for name, read in self._model.types.items():
            type_ = cast("GraphQLObjectType", self._model.graphql.type_map[name])
            other = self._model.of_table(read.table)
            if read != other:
                yield f"{name}: another type of {read.table.__name__} has another visibility"
            for field_name in type_.fields:
                if self._model.declaration(name, field_name) is None:
                    yield f"{name}.{field_name}: {read.table.__name__} has no such column, and nothing else is declared"
        for type_, name, field, declaration in self._model.declared():
            for fault in self._of(type_, field, declaration):
                yield f"{type_.name}.{name}: {fault}"

    def _of(self, type_: GraphQLObjectType, field: GraphQLField, declaration: Declaration) -> Iterator[str]:
        read = self._model.types.get(type_.name)
        match declaration:
            case ColumnOf() | Related() | PythonField():
                yield from self._value(read, field, declaration)
            case One(foreign_key):
                yield from self._one(read, field, foreign_key)
            case Many(foreign_key, order):
                yield from self._rows(read, get_named_type(field.type), foreign_key, order)
            case Page(foreign_key, order):
                yield from self._rows(read, node_type(field), foreign_key, order)
                yield from self._filters(field, declaration)
            case RootOne() | RootMany() | RootNode():
                yield from self._root(field, declaration)

    def _value(
        self, read: ReadType | None, field: GraphQLField, declaration: ColumnOf | Related | PythonField
    ) -> Iterator[str]:
        match declaration:
            case ColumnOf(column):
                yield from self._columns(read, (column,))
                if is_non_null_type(field.type) and column._meta.null:
                    yield "the column is nullable, the field is not"
            case Related(foreign_key, column):
                yield from self._columns(read, (foreign_key,))
                if column._meta.table is not referenced(foreign_key)._meta.table:
                    yield f"{foreign_key._meta.name} does not lead to {column._meta.table.__name__}"
                if is_non_null_type(field.type) and (foreign_key._meta.null or column._meta.null):
                    yield "the value may be missing, so the field must be optional"
            case PythonField(needs=needs, computed=computed):
                yield from self._columns(read, needs)
                for function in computed.values():
                    yield from self._columns(read, [one for one in function.arguments if isinstance(one, Column)])

    def _root(self, field: GraphQLField, declaration: RootOne | RootMany | RootNode) -> Iterator[str]:
        type_ = get_named_type(field.type)
        match declaration:
            case RootMany(order):
                yield from self._rows(None, type_, None, order)
            case RootOne(by):
                yield from self._columns(self._model.types.get(type_.name), tuple(by.values()))
        if not is_list_type(get_nullable_type(field.type)) and is_non_null_type(field.type):
            yield "what may not exist must be optional"

    def _columns(self, read: ReadType | None, columns: Sequence[Column]) -> Iterator[str]:
        for column in columns:
            if read is None or column._meta.table is not read.table:
                yield f"{column._meta.table.__name__}.{column._meta.name} is not a column of this type's table"

    def _one(self, read: ReadType | None, field: GraphQLField, foreign_key: ForeignKey[Any]) -> Iterator[str]:
        target = self._model.types.get(get_named_type(field.type).name)
        if read is None or target is None:
            yield "both ends of a relation are read types"
            return
        holds_key = foreign_key._meta.table is read.table and referenced(foreign_key)._meta.table is target.table
        if not holds_key and not (foreign_key._meta.table is target.table and points_at(foreign_key, read)):
            yield f"{foreign_key._meta.name} does not join {read.table.__name__} and {target.table.__name__}"
        hidden = (target.platform and not read.platform) or (target.tenant and not (read.tenant or read.platform))
        if is_non_null_type(field.type) and (not holds_key or foreign_key._meta.null or hidden):
            yield "the row may be missing or hidden, so the field must be optional"

    def _rows(
        self, read: ReadType | None, node: GraphQLNamedType, foreign_key: ForeignKey[Any] | None, order: Order
    ) -> Iterator[str]:
        target = self._model.types.get(node.name)
        keys = [key.column if isinstance(key, Descending) else key for key in order]
        yield from self._columns(target, keys)
        for key in keys:
            if key._meta.null:
                yield f"{key._meta.name} is nullable and cannot order rows"
        if foreign_key is not None:
            yield from self._columns(target, (foreign_key,))
            if read is None or not points_at(foreign_key, read):
                yield f"{foreign_key._meta.name} does not point at this type's table"

    def _filters(self, field: GraphQLField, page: Page) -> Iterator[str]:
        argument = field.args.get("filter")
        names = set(filter_names(cast("GraphQLInputObjectType", get_named_type(argument.type)))) if argument else set()
        for name in names ^ set(page.filters):
            yield f"the filter {name} is declared or an input field, but not both"


def _primary(read: ReadType) -> Column:
    return read.table._meta.primary_key


def points_at(foreign_key: ForeignKey[Any], read: ReadType) -> bool:
    """Whether the foreign key references the table of a type."""
    return referenced(foreign_key)._meta.table is read.table


def filter_names(input_type: GraphQLInputObjectType) -> dict[str, str]:
    """Returns the GraphQL name of each field of a filter input, by its Python name."""
    return {field.extensions[DEFINITION].python_name: name for name, field in input_type.fields.items()}
