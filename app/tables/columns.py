"""Columns without implicit defaults.

Piccolo fills an absent value with '', 0, a random UUID or CASCADE. With these columns the database refuses an absent
value, and a foreign key restricts.
"""

from enum import StrEnum

from piccolo.columns import UUID, BigInt, Boolean, Date, ForeignKey, Integer, Numeric, Text, Timestamptz
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.constraints import Check
from piccolo.table import Table


def primary_key() -> UUID:
    return UUID(primary_key=True, default=None)


def reference(table: type[Table], *, null: bool = False, index: bool = False) -> ForeignKey[Table]:
    return ForeignKey(
        table, default=None, null=null, index=index, on_delete=OnDelete.restrict, on_update=OnUpdate.restrict
    )


def text(*, null: bool = False, primary_key: bool = False, unique: bool = False) -> Text:
    return Text(default=None, null=null, primary_key=primary_key, unique=unique)


def cents(*, null: bool = False) -> BigInt:
    """Returns a table column for an amount of money, in the minor unit of the row's currency."""
    return BigInt(default=None, null=null)


def decimal(*, null: bool = False) -> Numeric:
    """Returns a table column for an exact quantity or unit price, of any precision."""
    return Numeric(default=None, null=null)


def integer(*, null: bool = False, primary_key: bool = False) -> Integer:
    return Integer(default=None, null=null, primary_key=primary_key)


def boolean() -> Boolean:
    return Boolean(default=None)


def calendar_day(*, null: bool = False) -> Date:
    """Returns a table column for a day in the billing time zone."""
    return Date(default=None, null=null)


def instant(*, null: bool = False) -> Timestamptz:
    return Timestamptz(default=None, null=null)


def member_of(column: str, choices: type[StrEnum]) -> Check:
    """Returns a CHECK constraint: the column contains one of the enum's values."""
    listed = ", ".join(f"'{choice.value}'" for choice in choices)
    return Check(f"{column} IN ({listed})")


def one_month(start: str, end: str) -> Check:
    """Returns a CHECK constraint: [start, end) is one calendar month."""
    return Check(f"extract(day from {start}) = 1 AND {end} = ({start} + interval '1 month')::date")
