"""The vocabulary of filters: what a filter input means in columns. An absent or null field filters nothing."""

from dataclasses import dataclass
from typing import Any, Literal

from piccolo.columns import Column, ForeignKey


class Condition:
    """What a value asks of a row."""


@dataclass(frozen=True)
class Compare(Condition):
    """`column operator value`."""

    column: Column
    operator: Literal["=", ">=", "<=", "<", ">"]


@dataclass(frozen=True)
class Among(Condition):
    """`column = any(values)`: one statement for lists of every length; an empty list matches nothing."""

    column: Column


@dataclass(frozen=True)
class Contains(Condition):
    """The text occurs in any of the columns, whatever its case in the database's locale; `%` and `_` are themselves."""

    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Through(Condition):
    """A related row, at the other end of the foreign key, meets the condition."""

    foreign_key: ForeignKey[Any]
    condition: Condition


def equals(column: Column) -> Compare:
    """The column is the value."""
    return Compare(column, "=")


def at_least(column: Column) -> Compare:
    """The column is the value or more."""
    return Compare(column, ">=")


def at_most(column: Column) -> Compare:
    """The column is the value or less."""
    return Compare(column, "<=")


def before(column: Column) -> Compare:
    """The column is less than the value: the open end of a half-open period."""
    return Compare(column, "<")


def among(column: Column) -> Among:
    """The column is one of the values."""
    return Among(column)


def contains(*columns: Column) -> Contains:
    """The text occurs in one of the columns, case ignored."""
    return Contains(columns)


def through(foreign_key: ForeignKey[Any], condition: Condition) -> Through:
    """The row at the other end of the foreign key (this table's, or another's that points here) meets the condition."""
    return Through(foreign_key, condition)
