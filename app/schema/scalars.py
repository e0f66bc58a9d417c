"""The scalars of the API. Each is parsed strictly, and its errors have the code BAD_USER_INPUT.

Values that PostgreSQL encodes into the response have the same text as those that are serialised here.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from reprlib import repr as shortened
from typing import NewType, TypeVar
from uuid import UUID

import strawberry
from graphql import (
    FloatValueNode,
    GraphQLNamedType,
    GraphQLScalarType,
    IntValueNode,
    ValueNode,
)
from graphql.utilities import value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from app import billing
from app.billing import decimal_text
from app.reads import BadInputError

Cents = NewType("Cents", int)
T = TypeVar("T")

_MAX_CENTS = 2**63 - 1
_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def _refused(value: object, scalar: str, expected: str) -> BadInputError:
    return BadInputError(f"{shortened(value)} is not a valid {scalar}: expected {expected}.")


def parse_id(value: object) -> UUID:
    """Parses a UUID in its canonical text, in upper or lower case."""
    try:
        if isinstance(value, str) and str(parsed := UUID(value)) == value.lower():
            return parsed
    except ValueError:
        pass
    raise _refused(value, "ID", "a UUID such as 019d4500-0000-7000-8000-000000000001")


def parse_cents(value: object) -> int:
    """Parses a whole number, or its text: JavaScript's numbers hold no more than 53 bits."""
    amount = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value
    if isinstance(amount, int) and not isinstance(amount, bool) and abs(amount) <= _MAX_CENTS:
        return amount
    raise _refused(value, "Cents", 'a whole number of 64 bits such as 9900 or "9900"')


def parse_decimal(value: object) -> Decimal:
    """Parses text exactly, or a number as `read_number` returns it for JSON. Floats are accepted only if they are
    whole, because others may have been rounded on their way.

    NaN and the infinities are returned: the rules for the value refuse them, for usage event by event.
    """
    if isinstance(value, Decimal):
        return value
    if isinstance(value, float) and value.is_integer():
        return Decimal(value)
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and (parsed := billing.parse_decimal(text)) is not None:
        return parsed
    raise _refused(value, "Decimal", 'a decimal such as "0.5"')


def read_number(text: str) -> float | Decimal:
    """Parses a JSON number with a fraction or an exponent, exactly. Returns a float if it is whole and exact, so that
    1.0 can be an Int; and NaN, which every scalar refuses, if it has more digits than a Decimal can have.
    """
    exact, number = billing.parse_decimal(text), float(text)
    if exact is None:
        return math.nan
    return number if number.is_integer() and number == exact else exact


def literal_parser(parse: Callable[[object], T], *, exact: bool = False) -> Callable[..., T]:
    """Returns a parser for values written in a GraphQL document; its errors contain the value's location.

    `exact`: numbers are passed to `parse` as text.
    """

    def parse_literal(node: ValueNode, _variables: object = None) -> T:
        numeric = isinstance(node, IntValueNode | FloatValueNode)
        try:
            return parse(getattr(node, "value", None) if exact and numeric else value_from_ast_untyped(node))
        except BadInputError as error:
            raise BadInputError(error.message, node) from None

    return parse_literal


def parse_date(value: object) -> date:
    try:
        if isinstance(value, str) and (parsed := date.fromisoformat(value)).isoformat() == value:
            return parsed
    except ValueError:
        pass
    raise _refused(value, "Date", "a day such as 2026-04-01")


def parse_date_time(value: object) -> datetime:
    try:
        if isinstance(value, str) and _DATE_TIME.fullmatch(value):
            instant = datetime.fromisoformat(value.upper())
            return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _refused(value, "DateTime", "an instant with its offset such as 2026-04-01T09:30:00Z")


def _date_time_text(value: datetime) -> str:
    seconds, dot, fraction = value.astimezone(UTC).replace(tzinfo=None).isoformat().partition(".")
    return f"{seconds}{dot}{fraction.rstrip('0')}+00:00"


class _IDType(GraphQLScalarType):
    """GraphQL's ID, parsed to a UUID. graphql-core reserves the name for its own type, which accepts any text."""

    reserved_types: Mapping[str, GraphQLNamedType] = {}  # as in the base class


_ID = ScalarDefinition(
    name="ID",
    description=None,
    specified_by_url=None,
    serialize=None,
    parse_value=None,
    parse_literal=None,
    implementation=_IDType(
        "ID",
        serialize=str,
        parse_value=parse_id,
        parse_literal=literal_parser(parse_id),
        description="The id of an object, a UUIDv7 as text, unique among all objects of the API.",
    ),
)

SCALARS: Mapping[object, ScalarDefinition] = {
    UUID: _ID,
    strawberry.ID: _ID,
    Cents: strawberry.scalar(
        name="Cents",
        description="An amount in the minor unit of its currency, as a JSON integer of 64 bits. An input may also be a "
        "string that holds the integer.",
        serialize=int,
        parse_value=parse_cents,
        parse_literal=literal_parser(parse_cents, exact=True),
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal as a JSON string without exponent, such as "2160" or "0.5". An input may also be '
        "a JSON number and may have an exponent; it has at most 40 digits before and 40 after the point.",
        serialize=decimal_text,
        parse_value=parse_decimal,
        parse_literal=literal_parser(parse_decimal, exact=True),
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day in the billing time zone, such as 2026-04-01.",
        serialize=date.isoformat,
        parse_value=parse_date,
        parse_literal=literal_parser(parse_date),
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A time in RFC 3339 format, returned in UTC, such as 2026-04-01T09:30:00+00:00.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_date_time_text,
        parse_value=parse_date_time,
        parse_literal=literal_parser(parse_date_time),
    ),
}
