"""The conditions of filters: how the fields of a filter input apply to columns. An absent or null field has
no effect.
"""

from dataclasses import dataclass
from typing import Any, Literal

from piccolo.columns import Column, ForeignKey


class Condition:
    """The base class of conditions: each tells how a value in a filter selects rows."""


@dataclass(frozen=True)
class Compare(Condition):
    """A comparison of a column with the filter's value: `column operator value`."""

    column: Column
    operator: Literal["=", ">=", "<=", "<", ">"]


@dataclass(frozen=True)
class Among(Condition):
    """The column is one of the filter's values: `column = any(values)`. The statement does not depend on their number;
    an empty list matches nothing.
    """

    column: Column


@dataclass(frozen=True)
class Contains(Condition):
    """The text occurs in any of the columns, ignoring case by the database's locale; `%` and `_` have no special
    meaning.
    """

    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Through(Condition):
    """A related row, at the other end of the foreign key, meets the condition."""

    foreign_key: ForeignKey[Any]
    condition: Condition


def equals(column: Column) -> Compare:
    """The column equals the value."""
    return Compare(column, "=")


def at_least(column: Column) -> Compare:
    """The column is at least the value."""
    return Compare(column, ">=")


def at_most(column: Column) -> Compare:
    """The column is at most the value."""
    return Compare(column, "<=")


def before(column: Column) -> Compare:
    """The column is less than the value: the end of a half-open period."""
    return Compare(column, "<")


def among(column: Column) -> Among:
    """The column is one of the values."""
    return Among(column)


def contains(*columns: Column) -> Contains:
    """The text occurs in one of the columns, ignoring upper and lower case."""
    return Contains(columns)


def through(foreign_key: ForeignKey[Any], condition: Condition) -> Through:
    """The row at the other end of the foreign key (this table's, or another's that points here) meets the condition."""
    return Through(foreign_key, condition)
