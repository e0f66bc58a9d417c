"""Compiles the declared fields of the query type, and the rows that references name."""

from collections.abc import Mapping
from functools import partial

from graphql import GraphQLObjectType, get_named_type
from graphql.execution.collect_fields import FieldDetailsList
from piccolo.columns import Column

from app.reads import paging
from app.reads.compiler import Compiler
from app.reads.errors import BadInputError
from app.reads.field_specs import Declaration, Page, RootMany, RootNode, RootOne
from app.reads.schema_model import DEFINITION
from app.reads.sql import Fragment, column_of, generated, separated, sort_keys, source
from app.reads.statement import TYPE_KEY, Arguments, Selected, Shape, Statement, Values
from app.reads.statement_builder import Compiled, Operation
from app.reads.values import sql_type, to_parameter, to_uuid

_MAX_IDS = 100


def compile_root(operation: Operation, declaration: Declaration, selected: Selected) -> Statement:
    """Returns the statement of a declared root field. Raises BadInputError."""
    compiler = Compiler(operation)
    match declaration:
        case RootOne(by, allow):
            return compiler.statement(_one(compiler, by, selected), allow)
        case RootMany(order, where, allow):
            keys = sort_keys(order, operation.model.types[selected.type.name].table)
            rows = compiler.rows(selected, partial(compiler.fixed, where), keys, many=True)
            return compiler.statement(rows, allow)
        case Page(allow=allow):
            return compiler.statement(
                paging.connection(compiler, compiler.object, declaration, selected, lambda _: []), allow
            )
        case RootNode(many):
            return compiler.statement((_nodes if many else _node)(compiler, selected))
        case _:
            raise TypeError(f"{declaration} declares no root field")


def compile_references(
    operation: Operation, type_: GraphQLObjectType, fields: FieldDetailsList, path: tuple[str, ...]
) -> Statement:
    """Returns the statement that reads one selection for all rows with the keys in `Values.keys`, as a JSON object by
    key.
    """
    compiler = Compiler(operation)
    table = operation.model.types[type_.name].table
    primary = table._meta.primary_key
    alias = compiler.alias()
    selection, shape = compiler.object(type_, fields, alias, path)
    keys = compiler.parameter(
        lambda values: [to_parameter(primary, key) for key in values.keys], f"{sql_type(primary)}[]"
    )
    key = column_of(alias, primary)
    rows = source(table, alias, [(f"{key} = ANY(", keys, ")"), *compiler.visible(table, alias)])
    objects = (f"(SELECT coalesce(json_object_agg({key}, ", selection.row(), "), '{}') ", rows, ")")
    return compiler.statement((objects, shape))


def _one(compiler: Compiler, by: Mapping[str, Column], selected: Selected) -> Compiled:
    arguments = Arguments(selected)
    columns = {
        name: by[argument.extensions[DEFINITION].python_name] for name, argument in selected.definition.args.items()
    }
    present_arguments = [name for name in columns if compiler.present_arguments(arguments).get(name) is not None]
    if len(present_arguments) != 1:
        raise selected.locate(BadInputError(f"Provide exactly one of {', '.join(columns)}."))
    (name,) = present_arguments
    column = columns[name]
    value = compiler.parameter(
        lambda values: to_parameter(column, arguments.of(values)[name]), sql_type(column), selected
    )
    return compiler.rows(selected, lambda alias: [(f"{column_of(alias, column)} = ", value)], [], many=False)


def _node(compiler: Compiler, selected: Selected) -> Compiled:
    arguments = Arguments(selected)
    id_ = compiler.parameter(lambda values: to_uuid(arguments.of(values)["id"]), "uuid", selected)
    return _object_of(compiler, selected, id_)


def _nodes(compiler: Compiler, selected: Selected) -> Compiled:
    arguments = Arguments(selected)

    def to_ids(values: Values) -> list[object]:
        ids = arguments.of(values)["ids"]
        if len(ids) > _MAX_IDS:
            raise BadInputError(f"At most {_MAX_IDS} ids may be requested at once: send several requests.")
        return [to_uuid(id_) for id_ in ids]

    ids = compiler.parameter(to_ids, "uuid[]", selected)
    row, id_, place = generated("i"), generated("id"), generated("n")
    sql, shape = _object_of(compiler, selected, f"{row}.{id_}")
    rows = ("FROM unnest(", ids, f") WITH ORDINALITY {row} ({id_}, {place})")
    return ("(SELECT coalesce(json_agg(", sql, f" ORDER BY {row}.{place}), '[]') ", rows, ")"), shape


def _object_of(compiler: Compiler, selected: Selected, id_: Fragment) -> Compiled:
    """Compiles the object with that id, which is looked up in the table of each of the interface's types in turn."""
    candidates = []
    for type_ in compiler.model.read_types_of(get_named_type(selected.definition.type)):
        table = compiler.model.types[type_.name].table
        alias = compiler.alias()
        selection, shape = compiler.object(type_, selected.fields, alias, selected.path)
        conditions = [(f"{column_of(alias, table._meta.primary_key)} = ", id_), *compiler.visible(table, alias)]
        candidates.append((type_.name, selection, source(table, alias, conditions), shape))
    python_field = any(shape for *_, shape in candidates)
    for name, selection, *_ in candidates:
        if python_field:
            selection.add(TYPE_KEY, f"'{name}'::text")
    shapes = {name: shape or Shape(name, {}, {}) for name, _, _, shape in candidates}
    objects = separated(", ", (selection.row(rows) for _, selection, rows, _ in candidates))
    return ("coalesce(", objects, ")"), shapes if python_field else None
