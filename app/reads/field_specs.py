"""The field specs: declarations as the compiler finds them in the metadata of Strawberry's fields and types."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

from piccolo.columns import Column, ForeignKey
from piccolo.table import Table

from app.reads.filter_conditions import Condition

METADATA = "read"
READ_TYPE = "__read_type__"

R = TypeVar("R")

Fixed: TypeAlias = tuple[Column, str | int | bool | None]
"""A column and the value it must have."""


@dataclass(frozen=True)
class ReadType:
    """The table behind a GraphQL type. Without a tenant column and without `platform` it is a catalog, visible to all
    except for the rows that have one of the `platform_rows` values, which only the platform can see.
    """

    table: type[Table]
    tenant: Column | None
    platform: bool
    platform_rows: tuple[Fixed, ...] = ()


@dataclass(frozen=True)
class Descending:
    """A sort key in descending order."""

    column: Column


SortKey: TypeAlias = Column | Descending
Order: TypeAlias = Sequence[SortKey]
Allow: TypeAlias = Callable[[Any], bool]
TODAY: Literal["today"] = "today"


@dataclass(frozen=True)
class ColumnOf:
    """A field that is the value of a column."""

    column: Column


@dataclass(frozen=True)
class Computed:
    """A field that is the result of a database function over columns."""

    function: str
    arguments: tuple[Column | Literal["today"], ...]


@dataclass(frozen=True)
class Related:
    """A field that is the value of a column of another row: the one that a foreign key of this
    type's table points at.
    """

    foreign_key: ForeignKey[Any]
    column: Column


@dataclass(frozen=True)
class One:
    """A field that is the row at the other end of a foreign key; with an order, the first of several rows."""

    foreign_key: ForeignKey[Any]
    where: tuple[Fixed, ...] = ()
    order: Order = ()


@dataclass(frozen=True)
class Many:
    """A field that is the list of all rows whose foreign key points here."""

    foreign_key: ForeignKey[Any]
    order: Order
    where: tuple[Fixed, ...] = ()


@dataclass(frozen=True)
class Page:
    """A connection field, which has pages of rows: those whose foreign key points here or, at the root, all visible
    rows.
    """

    foreign_key: ForeignKey[Any] | None
    order: Order
    filters: Mapping[str, Condition]
    allow: Allow | None = None
    where: tuple[Fixed, ...] = ()


@dataclass(frozen=True)
class PythonField:
    """A Python function that computes a field for all rows of the response at once. `computed` are the results of
    database functions that it receives besides the columns: the statement computes them in its own snapshot.
    """

    batch: Callable[..., Any]
    needs: tuple[Column, ...]
    computed: Mapping[str, Computed] = field(default_factory=dict)


@dataclass(frozen=True)
class RootOne:
    """A root field that is the row with a given value in a unique column: a request provides exactly one of the
    arguments in `by`.
    """

    by: Mapping[str, Column]
    allow: Allow | None


@dataclass(frozen=True)
class RootMany:
    """A root field that is the list of all visible rows."""

    order: Order
    where: tuple[Fixed, ...]
    allow: Allow | None


@dataclass(frozen=True)
class RootNode:
    """A root field that is an object of an interface, found by its id, which is unique over all tables."""

    many: bool


Declaration: TypeAlias = ColumnOf | Computed | Related | One | Many | Page | PythonField | RootOne | RootMany | RootNode


@dataclass(frozen=True)
class RowReference:
    """A row that is not read yet: its type and its primary key."""

    type: type
    key: UUID | str | int


Rows: TypeAlias = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class PythonFieldInfo(Generic[R]):
    """The argument `info` of a Python field's function: it contains the request, which has the type that the server
    gives it.
    """

    request: R
