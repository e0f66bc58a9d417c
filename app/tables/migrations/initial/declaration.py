"""Declares the tables of the first migration, with a function for each type of column.

No column has a default, and a foreign key restricts: Piccolo's own defaults are '', 0, a random UUID and CASCADE.
"""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    Numeric,
    Text,
    Timestamptz,
)
from piccolo.columns.base import Column, OnDelete, OnUpdate
from piccolo.constraints import Constraint
from piccolo.table import Table, create_table_class


def table(tablename: str, /, **members: Column | Constraint) -> type[Table]:
    """Declares a table: the keywords are its columns and constraints, in their order in the database. The name of its
    class is derived from the table's.
    """
    class_name = "".join(word.capitalize() for word in tablename.split("_"))
    return create_table_class(class_name, class_kwargs={"tablename": tablename}, class_members=members)


def reference(target: type[Table], *, null: bool = False) -> ForeignKey[Table]:
    return ForeignKey(target, default=None, null=null, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict)


def uuid(*, null: bool = False, primary_key: bool = False, unique: bool = False) -> UUID:
    return UUID(default=None, null=null, primary_key=primary_key, unique=unique)


def text(*, null: bool = False, primary_key: bool = False, unique: bool = False) -> Text:
    return Text(default=None, null=null, primary_key=primary_key, unique=unique)


def integer(*, null: bool = False, primary_key: bool = False) -> Integer:
    return Integer(default=None, null=null, primary_key=primary_key)


def bigint(*, null: bool = False) -> BigInt:
    return BigInt(default=None, null=null)


def numeric(*, null: bool = False) -> Numeric:
    return Numeric(default=None, null=null)


def boolean() -> Boolean:
    return Boolean(default=None)


def date(*, null: bool = False) -> Date:
    return Date(default=None, null=null)


def timestamptz(*, null: bool = False) -> Timestamptz:
    return Timestamptz(default=None, null=null)


def array(element: type[Column]) -> Array:
    return Array(base_column=element(), default=None)


def jsonb() -> JSONB:
    return JSONB(default=None)


def bytea(*, null: bool = False) -> Bytea:
    return Bytea(default=None, null=null)
