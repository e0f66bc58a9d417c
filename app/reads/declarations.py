"""Functions with which a schema author declares the table of a type, and the column, relation or Python of a field.

    @read_type(Deployments, description="…")
    class Deployment(Node):
        slug: str = column(Deployments.slug, description="…")
        tenant: Annotated["Tenant", lazy("…")] = one(Deployments.tenant_id, description="…")
        events: Connection[Event] = connection(Events.deployment_id, order=(desc(Events.occurred_at),), description="…")

Strawberry's annotations remain the only source of GraphQL types; a declaration is stored in the field's metadata for
the compiler. A field without a declaration (such as the `id` of an interface) is the column with its name.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from inspect import Parameter, signature
from types import MappingProxyType
from typing import Any, Literal, TypeVar, cast, get_args
from uuid import UUID

import strawberry
from piccolo.columns import Column, ForeignKey
from piccolo.table import Table
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from app.reads.field_specs import (
    METADATA,
    READ_TYPE,
    Allow,
    ColumnOf,
    Computed,
    Declaration,
    Descending,
    Fixed,
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
    RowReference,
)
from app.reads.filter_conditions import Condition

T = TypeVar("T")


def read_type(
    table: type[Table],
    *,
    description: str,
    tenant: Column | None = None,
    platform: bool = False,
    platform_rows: Sequence[Fixed] = (),
    name: str | None = None,
) -> Callable[[type[T]], type[T]]:
    """Declares a Strawberry type whose objects are the rows of `table`.

    Visibility: with a tenant column (`tenant=`, by default the table's `tenant_id`) the rows are visible to the tenant
    itself and the platform; with `platform=True` to the platform only; otherwise, as a catalog, to everyone. Rows that
    have the value of one of the `platform_rows` are visible to the platform only; a non-null relation must never lead
    to one.
    """

    def decorate(cls: type[T]) -> type[T]:
        tenant_id = next((c for c in table._meta.columns if c._meta.name == "tenant_id"), None)
        setattr(cls, READ_TYPE, ReadType(table, tenant or tenant_id, platform, tuple(platform_rows)))
        return strawberry.type(cls, name=name, description=description)

    return decorate


def column(source: Column, *, description: str, name: str | None = None) -> Any:
    """The value of a column of this type's table. Nullable columns need an optional annotation."""
    return _field(ColumnOf(source), description, name)


def related(foreign_key: ForeignKey[Any], source: Column, *, description: str) -> Any:
    """The value of a column of the row that this table's `foreign_key` points at."""
    return _field(Related(foreign_key, source), description, None)


def computed(function: str, *arguments: Column | Literal["today"], description: str, name: str | None = None) -> Any:
    """The result of a database function (made by a migration) over columns and `TODAY`, the request's day."""
    return _field(Computed(function, arguments), description, name)


def one(
    foreign_key: ForeignKey[Any],
    *,
    description: str,
    where: Sequence[Fixed] = (),
    order: Order = (),
    name: str | None = None,
) -> Any:
    """The row at the other end of `foreign_key`, which belongs to this table or to another table that points here (then
    the field is optional).

    If several rows may point here, `order` says which is first and `where` compares columns with fixed values:
    `one(PlanVersions.plan_id, where=[(PlanVersions.status, "PUBLISHED")], order=[desc(PlanVersions.version)], …)`.
    """
    return _field(One(foreign_key, tuple(where), tuple(order)), description, name)


def many(
    foreign_key: ForeignKey[Any],
    *,
    order: Order,
    description: str,
    where: Sequence[Fixed] = (),
    name: str | None = None,
) -> Any:
    """All rows whose `foreign_key` points at this type's table, as a plain list: for lists that are always short."""
    return _field(Many(foreign_key, tuple(order), tuple(where)), description, name)


def connection(
    foreign_key: ForeignKey[Any],
    *,
    order: Order,
    description: str,
    filters: Mapping[str, Condition] | None = None,
    filter_input: type | None = None,
    name: str | None = None,
) -> Any:
    """The rows whose `foreign_key` points at this type's table, in pages.

    `order` names columns that are never null; the primary key is appended unless it is the last of them. `filters` maps
    each Python field name of `filter_input` to its condition.
    """
    page = Page(foreign_key, tuple(order), filters or {})
    return _field(page, description, name, _page_arguments(filter_input))


def root_connection(
    *,
    order: Order,
    description: str,
    where: Sequence[Fixed] = (),
    filters: Mapping[str, Condition] | None = None,
    filter_input: type | None = None,
    allow: Allow | None = None,
    name: str | None = None,
) -> Any:
    """Declares a root field: all visible rows, in pages. If `allow(viewer)` is false, the error is FORBIDDEN."""
    page = Page(None, tuple(order), filters or {}, allow, tuple(where))
    return _field(page, description, name, _page_arguments(filter_input))


def root_one(
    *,
    by: Column | Mapping[str, Column],
    description: str,
    allow: Allow | None = None,
    name: str | None = None,
) -> Any:
    """Declares a root field: the row with a given value in a unique column; null if there is none or it belongs to
    another tenant. The field's annotation names its type and must be optional.

    `by=Plans.code` makes a required argument of that name; `by={"id": T.id, "code": T.code}` makes optional ones, of
    which a request must provide exactly one.
    """
    columns = by if isinstance(by, Mapping) else {by._meta.name: by}
    optional = len(columns) > 1
    arguments = [
        _argument(key, _argument_type(source), f"The requested {key.replace('_', ' ')}.", optional=optional)
        for key, source in columns.items()
    ]
    return _field(RootOne(columns, allow), description, name, arguments)


def root_many(
    *,
    order: Order,
    description: str,
    where: Sequence[Fixed] = (),
    allow: Allow | None = None,
    name: str | None = None,
) -> Any:
    """Declares a root field: all visible rows of the type that the annotation names, as a plain list."""
    return _field(RootMany(tuple(order), tuple(where), allow), description, name)


def root_node(*, description: str, name: str | None = None) -> Any:
    """Declares `node(id)`: the object with that id, of the annotated interface, which must be optional."""
    return _field(RootNode(many=False), description, name, [_argument("id", strawberry.ID, "The id of the object.")])


def root_nodes(*, description: str, name: str | None = None) -> Any:
    """Declares `nodes(ids)`: the objects with those ids (at most 100) in that order; null if there is none."""
    return _field(RootNode(many=True), description, name, [_argument("ids", list[strawberry.ID], "The requested ids.")])


def python_field(
    *,
    needs: Sequence[Column],
    computed: Mapping[str, Computed] = MappingProxyType({}),
    description: str,
    name: str | None = None,
) -> Callable[[Callable[..., Sequence[Any] | Awaitable[Sequence[Any]]]], Any]:
    """A field that Python computes, for all rows of the response in one call; the function may be async.

        @python_field(needs=(Deployments.state,), description="…")
        async def allowed(rows: Rows, info: PythonFieldInfo[Request], limit: int | None = None) -> list[list[State]]:
            ...

    `rows` are mappings of the needed columns' names to Python values (UUID, Decimal, date, datetime, str, int, bool),
    and of the names in `computed` to the JSON that those database functions return.
    Parameters after `info` are the field's GraphQL arguments. It returns a value for each row, in order; a value
    that is an exception becomes that row's error. The GraphQL type is that of the list's items.
    """

    def decorate(batch: Callable[..., Sequence[Any] | Awaitable[Sequence[Any]]]) -> Any:
        namespace = batch.__globals__
        field = _field(PythonField(batch, tuple(needs), computed), description, name)
        field.type_annotation = _ItemOf(signature(batch).return_annotation, namespace=namespace)
        _, _, *parameters = signature(batch).parameters.values()
        field.arguments = [_parameter(parameter, namespace) for parameter in parameters]
        return field

    return decorate


def reference(type_: type[T], key: UUID | str | int) -> T:
    """Returns a reference to a row, for a resolver to return. One statement reads all rows referenced at a place.

    Its type is that of the object it represents: `DeploymentCreated(deployment=reference(Deployment, id))`. A row that
    does not exist or belongs to another tenant is read as null.
    """
    return cast("T", RowReference(type_, key))


def desc(source: Column) -> Descending:
    """A sort key in descending order."""
    return Descending(source)


class _ItemOf(StrawberryAnnotation):
    """The type of one row's value, taken from a batch function's annotation: the list of all rows' values."""

    @property
    def annotation(self) -> object:
        """Returns the annotation itself, so that dataclasses keep it: Strawberry would use the list."""
        return self

    @annotation.setter
    def annotation(self, value: object) -> None:
        raise AttributeError(value)

    def evaluate(self) -> type:
        return cast("type", get_args(super().evaluate())[0])


def _field(
    declaration: Declaration, description: str, name: str | None, arguments: Sequence[StrawberryArgument] = ()
) -> StrawberryField:
    field = StrawberryField(graphql_name=name, description=description, metadata={METADATA: declaration})
    field.arguments = list(arguments)
    return field


def _parameter(parameter: Parameter, namespace: dict[str, Any]) -> StrawberryArgument:
    default = UNSET if parameter.default is None else parameter.default  # None would print as `= null`
    annotation = StrawberryAnnotation(parameter.annotation, namespace=namespace)
    return StrawberryArgument(parameter.name, None, annotation, default=default)


def _argument(name: str, type_: object, description: str, *, optional: bool = False) -> StrawberryArgument:
    annotation = StrawberryAnnotation(cast("Any", type_) | None if optional else type_, namespace={})
    return StrawberryArgument(name, None, annotation, description=description)


def _argument_type(source: Column) -> object:
    return {UUID: strawberry.ID, date: date, int: int}.get(source.value_type, str)


def _page_arguments(filter_input: type | None) -> list[StrawberryArgument]:
    arguments = [
        _argument(
            "first",
            int,
            "The number of rows to return from the start: 1 to 100. Default: 20 if `last` is not given either.",
            optional=True,
        ),
        _argument("after", str, "Only rows after this cursor.", optional=True),
        _argument("last", int, "The number of rows to return from the end: 1 to 100.", optional=True),
        _argument("before", str, "Only rows before this cursor.", optional=True),
    ]
    if filter_input is not None:
        arguments.append(
            _argument("filter", filter_input, "Only rows that meet these conditions. Default: all rows.", optional=True)
        )
    return arguments
