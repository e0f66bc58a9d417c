"""Converts values: a GraphQL input to an SQL parameter, and a column's JSON to a Python value."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from piccolo.columns import Column, ForeignKey

from app.reads.errors import BadInputError

_SQL_TYPES: dict[type, str] = {
    UUID: "uuid",
    str: "text",
    bool: "boolean",
    int: "bigint",
    Decimal: "numeric",
    date: "date",
    datetime: "timestamptz",
}

_FROM_JSON: dict[type, Callable[[str], Any]] = {
    UUID: UUID,
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


def referenced(foreign_key: ForeignKey[Any]) -> Column:
    """Returns the column a foreign key points at."""
    return foreign_key._foreign_key_meta.resolved_target_column


def python_type(column: Column) -> type:
    """Returns the Python type of a column's values; for a foreign key, that of the column it points at."""
    return python_type(referenced(column)) if isinstance(column, ForeignKey) else column.value_type


def sql_type(column: Column) -> str:
    """Returns the PostgreSQL type to which parameters that are compared with the column are cast."""
    return _SQL_TYPES[python_type(column)]


def is_decimal(column: Column) -> bool:
    """Whether the column holds exact decimals, which JSON numbers cannot represent."""
    return python_type(column) is Decimal


def to_parameter(column: Column, value: Any) -> Any:
    """Converts a GraphQL input value to the parameter it is compared with. Raises BadInputError for a value that the
    type cannot hold.
    """
    if isinstance(value, Enum):
        return value.name
    type_ = python_type(column)
    if type_ is UUID:
        return to_uuid(value)
    if type_ is str:
        return to_text(value)
    if type_ is int and not -(2**63) <= value < 2**63:
        raise BadInputError(f"{value} is out of range.")
    return value


def to_uuid(value: Any) -> UUID:
    """Converts an ID to a UUID. Raises BadInputError."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except ValueError:
        raise BadInputError("An id must be a UUID.") from None


def to_text(value: str) -> str:
    """Returns the text if PostgreSQL can store it: it contains neither NUL nor half of a surrogate pair. Raises
    BadInputError.
    """
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise BadInputError("A text contains U+0000 or half of a surrogate pair, which cannot be stored: remove it.")
    return value


def from_json(column: Column, value: Any) -> Any:
    """Converts a column's JSON value to a Python value. Raises ValueError or TypeError for a value that the column
    cannot have.
    """
    type_ = python_type(column)
    if value is None:
        return None
    if type_ in _FROM_JSON:
        return _FROM_JSON[type_](value)
    if type(value) is not type_:
        raise TypeError(f"{value!r} is not a {type_.__name__}")
    return value
