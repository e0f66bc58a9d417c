"""Parses one row of a bill, and reports which column is malformed."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar

from app.billing import InputFault, cents_fault, quantity_fault, round_half_away
from app.billing.money import EXACT, ZERO, Ratio, add
from app.operations.calls import validation
from app.operations.costs.layouts import BillField

T = TypeVar("T")

_AMOUNT = re.compile(
    r"(?P<minus>-?)[$€£¥]?(?P<other_minus>-?)(?P<amount>[0-9]{1,20}(\.[0-9]{1,20})?([Ee][+-]?[0-9]{1,2})?)"
)
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_FINEST = Decimal("1e-12")
_MAX_SHOWN_LENGTH = 80
# The same few texts appear many times in a bill.
_CACHE_SIZE = 1_024


class MalformedBill(Exception):
    """The file cannot be read as a bill. The message names the row (the header is row 1) and the column."""


class BillRow(NamedTuple):
    """One row of a provider's bill, with its fields in the order of BillField. exact_cents: its amount in the
    currency's minor unit as the bill has it, with fractions; negative for a credit.
    """

    product: str
    group_description: str
    description: str
    hours: Decimal | None
    started_at: datetime
    ended_at: datetime
    exact_cents: Decimal
    project_name: str
    category: str

    @property
    def amount_cents(self) -> int:
        """The amount rounded half away from zero to the minor unit."""
        return round_cents(self.exact_cents)

    @property
    def month(self) -> date:
        """The calendar month in which the time span of a bill's row starts, in the bill's time zone."""
        return self.started_at.date().replace(day=1)


class Cell(NamedTuple):
    """How to read a field of BillRow: its column's name, the column's index (None if the file does not have it), and
    the parser.
    """

    name: str
    place: int | None
    parse: Callable[[str], Any]


def parser_of(field: BillField, minor_units: int) -> Callable[[str], Any]:
    """Returns a function that parses the text of one field of a bill's row, or raises ValueError. minor_units: those of
    the amounts' currency.
    """
    match field:
        case BillField.HOURS:
            return _hours
        case BillField.START | BillField.END:
            return _instant
        case BillField.AMOUNT:
            return partial(_cents, minor_units=minor_units)
    return _text


def read_row(row_number: int, cells: Sequence[Cell], fields: Sequence[str]) -> BillRow:
    """Parses a row. Raises MalformedBill. A column that the file does not have is read as blank."""
    values = []
    for name, place, parse in cells:
        text = "" if place is None else fields[place].strip()
        try:
            values.append(parse(text))
        except ValueError as error:
            excerpt = text if len(text) <= _MAX_SHOWN_LENGTH else f"{text[:_MAX_SHOWN_LENGTH]}…"
            raise MalformedBill(f"row {row_number}: {name} {excerpt!r} {error}") from error
    row = BillRow(*values)
    if row.ended_at < row.started_at:
        names = [cell.name for cell in cells]
        start, end = names[BillRow._fields.index("started_at")], names[BillRow._fields.index("ended_at")]
        raise MalformedBill(f"row {row_number}: {end} is before {start}")
    return row


@lru_cache(maxsize=_CACHE_SIZE)
def _text(text: str) -> str:
    return _faultless(text, validation.free_text("", text.replace("\n", " ")))


@lru_cache(maxsize=_CACHE_SIZE)
def _hours(text: str) -> Decimal | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError("is not a number such as 720")
    hours = Decimal(text)
    if fault := quantity_fault(hours):
        raise ValueError(fault)
    return hours


@lru_cache(maxsize=_CACHE_SIZE)
def _instant(text: str) -> datetime:
    try:
        instant = _parsed(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or not text.isascii():
        raise ValueError("is not a time such as 2026-04-01 00:00:00 +0000 or 2026-04-01T00:00:00Z")
    return _faultless(instant, validation.instant("", instant))


def _parsed(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return datetime.fromisoformat(text)


def round_cents(exact: Decimal) -> int:
    """Rounds to whole minor units, halves away from zero. All costs are rounded by this function."""
    return round_half_away(Ratio(exact))


def sum_exactly(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = add(total, amount)
    return total


@lru_cache(maxsize=_CACHE_SIZE)
def _cents(text: str, minor_units: int) -> Decimal:
    match = _AMOUNT.fullmatch(text)
    if match is None or (match["minus"] and match["other_minus"]):
        raise ValueError("is not an amount such as $12.00 or -0.0015")
    amount = Decimal(match["amount"])
    if EXACT.remainder(amount, _FINEST):
        raise ValueError("must have at most 12 fractional digits")
    cents = amount.scaleb(minor_units, EXACT)
    if fault := cents_fault(round_cents(cents)):
        raise ValueError(fault)
    return -cents if match["minus"] or match["other_minus"] else cents


def _faultless(value: T, faults: Iterator[InputFault]) -> T:
    for fault in faults:
        raise ValueError(fault.message)
    return value
