"""DigitalOcean's invoice as CSV, read strictly: all of it or nothing."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple, TypeVar

from app.billing import Fault, cents_fault, quantity_fault, round_half_away
from app.billing.money import EXACT, Ratio
from app.operations import validation

T = TypeVar("T")

COLUMNS = ("product", "group_description", "description", "hours", "start", "end", "USD", "project_name", "category")
MOST_ROWS = 100_000

_AMOUNT = re.compile(r"(?P<minus>-?)\$(?P<other_minus>-?)(?P<amount>\d+(\.\d{1,12})?)")
# "web-1 (s-1vcpu-2gb)": a resource's name, then its size.
_SIZED = re.compile(r"(?P<name>.*\S)\s+\([^()]*\)")


class MalformedBill(Exception):
    """The file is no such bill; the text names the row (the header is row 1, as spreadsheets count) and the fault."""


class BillRow(NamedTuple):
    """One row. exact_cents: its amount in cents as the bill has it, with fractions; negative for a credit."""

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
        """The amount rounded half away from zero to whole cents."""
        return round_cents(self.exact_cents)

    @property
    def month(self) -> date:
        """The calendar month, in the bill's own zone, in which it starts."""
        return self.started_at.date().replace(day=1)

    @property
    def names(self) -> tuple[str, ...]:
        """What it may call a resource: the description, with and without the size that follows the name."""
        sized = _SIZED.fullmatch(self.description)
        return (self.description, sized["name"]) if sized else (self.description,)


def read_bill(text: str) -> list[BillRow]:
    """The bill's rows, in order. Raises MalformedBill for a file that is not one to the letter."""
    rows = _numbered_rows(text)
    _, header = next(rows, (1, []))
    if tuple(header) != COLUMNS:
        raise MalformedBill(f"row 1: the columns must be {','.join(COLUMNS)}")
    bill = [_bill_row(number, fields) for number, fields in rows]
    if not bill:
        raise MalformedBill("there is no row beneath the header")
    return bill


def _numbered_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    number = 0
    try:
        for number, fields in enumerate(reader, 1):
            if number > MOST_ROWS:
                raise MalformedBill(f"there are more than {MOST_ROWS} rows")
            if fields:
                yield number, fields
    except csv.Error as error:
        raise MalformedBill(f"row {number + 1}: {error}") from error


def _bill_row(number: int, fields: list[str]) -> BillRow:
    if len(fields) != len(COLUMNS):
        raise MalformedBill(f"row {number}: there are {len(fields)} fields, not {len(COLUMNS)}")
    named = dict(zip(COLUMNS, map(str.strip, fields), strict=True))

    def read(column: str, parse: Callable[[str], T]) -> T:
        try:
            return parse(named[column])
        except ValueError as error:
            raise MalformedBill(f"row {number}: {column} {named[column]!r} {error}") from error

    row = BillRow(
        product=read("product", _text),
        group_description=read("group_description", _text),
        description=read("description", _text),
        hours=read("hours", _hours),
        started_at=read("start", _instant),
        ended_at=read("end", _instant),
        exact_cents=read("USD", _cents),
        project_name=read("project_name", _text),
        category=read("category", _text),
    )
    if row.ended_at < row.started_at:
        raise MalformedBill(f"row {number}: it ends before it starts")
    return row


def _text(text: str) -> str:
    return _faultless(text, validation.free_text("", text.replace("\n", " ")))


def _hours(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        hours = Decimal(text)
    except InvalidOperation:
        raise ValueError("is no number") from None
    if fault := quantity_fault(hours):
        raise ValueError(fault)
    return hours


def _instant(text: str) -> datetime:
    try:
        instant = datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        raise ValueError("is no time such as 2026-04-01 00:00:00 +0000") from None
    return _faultless(instant, validation.instant("", instant))


def round_cents(exact: Decimal) -> int:
    """Whole cents, halves away from zero: the one rounding of costs."""
    return round_half_away(Ratio(exact))


def _cents(text: str) -> Decimal:
    match = _AMOUNT.fullmatch(text)
    if match is None or (match["minus"] and match["other_minus"]):
        raise ValueError("is no amount such as $12.00")
    cents = Decimal(match["amount"]).scaleb(2, EXACT)
    if fault := cents_fault(round_cents(cents)):
        raise ValueError(fault)
    return -cents if match["minus"] or match["other_minus"] else cents


def _faultless(value: T, faults: Iterator[Fault]) -> T:
    for fault in faults:
        raise ValueError(fault.message)
    return value
