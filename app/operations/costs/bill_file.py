"""A provider's bill as a CSV file, read row by row: each row is read exactly or the whole file is refused."""

import asyncio
import csv
import gzip
import io
import re
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import BinaryIO, NamedTuple, TypeVar

from app.billing import Fault, cents_fault, quantity_fault, round_half_away
from app.billing.money import EXACT, ZERO, Ratio, add
from app.operations import validation
from app.operations.costs.layouts import REQUIRED, BillField

T = TypeVar("T")

MOST_ROWS = 100_000
LONGEST_LINE = 65_536
"""In characters."""
BLOCK_ROWS = 500
"""Rows read at a time: a few milliseconds of work, after which the event loop serves others."""

_AMOUNT = re.compile(
    r"(?P<minus>-?)[$€£¥]?(?P<other_minus>-?)(?P<amount>[0-9]{1,20}(\.[0-9]{1,20})?([Ee][+-]?[0-9]{1,2})?)"
)
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_FINEST = Decimal("1e-12")
_LONGEST_SHOWN = 80


class MalformedBill(Exception):
    """The file cannot be read as a bill. The text names the row (the header is row 1) and the column."""


class BillRow(NamedTuple):
    """One row. exact_cents: its amount in the currency's minor unit as the bill has it, with fractions; negative for
    a credit.
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
        """The calendar month, in the bill's own zone, in which it starts."""
        return self.started_at.date().replace(day=1)


class BillSummary(NamedTuple):
    """All of a bill's rows. exact_cents: their sum; absolute_cents: the sum without their signs; end_day: the first
    day after the last row, in the bill's own zone.
    """

    rows: int
    exact_cents: Decimal
    absolute_cents: Decimal
    first_day: date
    end_day: date
    ignored_columns: tuple[str, ...]


class BillFile:
    """A bill's CSV in UTF-8, plain or gzip. Every reading begins at the start of `file`, which must be seekable.

    layout: the column of each field, by its name in the header in any case. minor_units: of the amounts' currency.
    """

    def __init__(self, file: BinaryIO, layout: Mapping[BillField, str], minor_units: int) -> None:
        is_gzip = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        plain = gzip.GzipFile(fileobj=file) if is_gzip else file
        self._text = io.TextIOWrapper(plain, encoding="utf-8-sig", newline="")
        self._layout = layout
        self._minor_units = minor_units

    def rows(self) -> Iterator[BillRow]:
        """The rows in order. Raises MalformedBill."""
        records = self._records()
        columns, width = self._header(records)
        read = 0
        for number, fields in records:
            read += 1
            if read > MOST_ROWS:
                raise MalformedBill(f"the bill has more than {MOST_ROWS:,} rows; import it in parts")
            if len(fields) != width:
                raise MalformedBill(f"row {number}: has {len(fields)} fields; the header has {width}")
            yield _Record(number, self._layout, columns, fields).bill_row(self._minor_units)
        if not read:
            raise MalformedBill("the bill has no rows below its header")

    async def blocks(self) -> AsyncIterator[list[BillRow]]:
        """The rows, BLOCK_ROWS at a time; the event loop runs in between."""
        rows = self.rows()
        while block := list(islice(rows, BLOCK_ROWS)):
            yield block
            await asyncio.sleep(0)

    async def summary(self) -> BillSummary:
        """Reads the whole bill. Raises MalformedBill."""
        count, exact, absolute = 0, ZERO, ZERO
        first, last = date.max, date.min
        async for block in self.blocks():
            count += len(block)
            for row in block:
                exact, absolute = add(exact, row.exact_cents), add(absolute, row.exact_cents.copy_abs())
                first, last = min(first, row.started_at.date()), max(last, _day_after(row.ended_at))
        return BillSummary(count, exact, absolute, first, max(last, first + timedelta(days=1)), self.ignored_columns())

    def ignored_columns(self) -> tuple[str, ...]:
        """The header's columns that no field is read from."""
        header = next(self._records(), (1, []))[1]
        known = {_folded(name) for name in self._layout.values()}
        return tuple(name.strip() for name in header if _folded(name) not in known)

    def _header(self, records: Iterator[tuple[int, list[str]]]) -> tuple[dict[BillField, int], int]:
        """Where each field is, and the number of columns."""
        names = [_folded(name) for name in next(records, (1, []))[1]]
        columns = {}
        for field, column in self._layout.items():
            if names.count(_folded(column)) > 1:
                raise MalformedBill(f"row 1: column {column} appears more than once")
            if _folded(column) in names:
                columns[field] = names.index(_folded(column))
        missing = [self._layout[field] for field in REQUIRED if field not in columns]
        if missing:
            optional = [column for field, column in self._layout.items() if field not in REQUIRED]
            raise MalformedBill(
                f"row 1: missing columns: {', '.join(missing)}. Required, in any order: "
                f"{', '.join(self._layout[field] for field in REQUIRED)}; optional: {', '.join(optional) or 'none'}"
            )
        return columns, len(names)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """The records that are not blank, with their numbers from 1."""
        number = 0
        try:
            self._text.seek(0)
            for number, fields in enumerate(csv.reader(self._lines(), strict=True), 1):
                if fields:
                    yield number, fields
        except csv.Error as error:
            raise MalformedBill(f"row {number + 1}: {error}") from error
        except UnicodeDecodeError as error:
            raise MalformedBill(f"row {number + 1} or a later one: is not text in UTF-8") from error
        except (EOFError, OSError, zlib.error) as error:
            raise MalformedBill(f"row {number + 1} or a later one: the gzip data are damaged or incomplete") from error

    def _lines(self) -> Iterator[str]:
        while line := self._text.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise csv.Error(f"has a line of more than {LONGEST_LINE:,} characters")
            yield line


class _Record(NamedTuple):
    """The fields of one row. columns: where each is."""

    number: int
    layout: Mapping[BillField, str]
    columns: Mapping[BillField, int]
    fields: Sequence[str]

    def bill_row(self, minor_units: int) -> BillRow:
        row = BillRow(
            product=self._read(BillField.PRODUCT, _text),
            group_description=self._read(BillField.GROUP_DESCRIPTION, _text),
            description=self._read(BillField.DESCRIPTION, _text),
            hours=self._read(BillField.HOURS, _hours),
            started_at=self._read(BillField.START, _instant),
            ended_at=self._read(BillField.END, _instant),
            exact_cents=self._read(BillField.AMOUNT, lambda text: _cents(text, minor_units)),
            project_name=self._read(BillField.PROJECT_NAME, _text),
            category=self._read(BillField.CATEGORY, _text),
        )
        if row.ended_at < row.started_at:
            end, start = self.layout[BillField.END], self.layout[BillField.START]
            raise MalformedBill(f"row {self.number}: {end} is before {start}")
        return row

    def _read(self, field: BillField, parse: Callable[[str], T]) -> T:
        """The field's value; a column that the file does not have is read as blank."""
        column = self.columns.get(field)
        text = "" if column is None else self.fields[column].strip()
        try:
            return parse(text)
        except ValueError as error:
            shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
            raise MalformedBill(f"row {self.number}: {self.layout[field]} {shown!r} {error}") from error


def _folded(name: str) -> str:
    return name.strip().casefold()


def _day_after(ended_at: datetime) -> date:
    """The first day that does not belong to a row that ends at this instant."""
    day = ended_at.date()
    return day if ended_at.time() == time() else day + timedelta(days=1)


def _text(text: str) -> str:
    return _faultless(text, validation.free_text("", text.replace("\n", " ")))


def _hours(text: str) -> Decimal | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError("is not a number such as 720")
    hours = Decimal(text)
    if fault := quantity_fault(hours):
        raise ValueError(fault)
    return hours


@lru_cache(maxsize=4_096)
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
    """Whole minor units, halves away from zero: the one rounding of costs."""
    return round_half_away(Ratio(exact))


def sum_exactly(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = add(total, amount)
    return total


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


def _faultless(value: T, faults: Iterator[Fault]) -> T:
    for fault in faults:
        raise ValueError(fault.message)
    return value
