"""Reads a provider's bill from a CSV file. If any row is malformed, the whole file is refused."""

import asyncio
import csv
import gzip
import io
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import BinaryIO, NamedTuple, Self

from app.billing.money import ZERO, add
from app.operations.costs.bill_rows import BillRow, Cell, MalformedBill, parser_of, read_row
from app.operations.costs.layouts import REQUIRED, BillField

MAX_ROWS = 100_000
MAX_LINES = 300_000
"""Larger than the maximum number of rows, because a quoted text may contain line breaks and blank lines are skipped."""
MAX_LINE_LENGTH = 65_536
"""In characters."""
MAX_BILL_BYTES = 64 * 1024 * 1024
"""In characters, after decompression."""
BLOCK_ROWS = 500
"""Rows read at a time: a few milliseconds of work, after which the event loop can run other tasks."""


class BillSummary(NamedTuple):
    """A summary of all rows of a bill. exact_cents: their sum; absolute_cents: the sum of their absolute amounts;
    end_day: the first day after the last row, in the bill's time zone.
    """

    rows: int
    exact_cents: Decimal
    absolute_cents: Decimal
    first_day: date
    end_day: date
    ignored_columns: tuple[str, ...]


class BillFile:
    """A provider's bill in a CSV file in UTF-8, plain or gzip. Each reading starts at the beginning of `file`, which
    must be seekable.

    layout: for each field, the name of its column in the header, in upper or lower case. minor_units: those of the
    amounts' currency.
    """

    def __init__(self, file: BinaryIO, layout: Mapping[BillField, str], minor_units: int) -> None:
        is_gzip = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        plain = gzip.GzipFile(fileobj=file, mode="rb") if is_gzip else file
        self._text = io.TextIOWrapper(plain, encoding="utf-8-sig", newline="")
        self._layout = layout
        self._minor_units = minor_units

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Detaches from the bill's file without closing it; the caller closes it."""
        self._text.detach()

    def rows(self) -> Iterator[BillRow]:
        """Yields the rows of the bill in order. Raises MalformedBill."""
        records = self._records()
        names = [_folded(name) for name in next(records, (1, []))[1]]
        cells, read = self._cells(names), 0
        for row_number, fields in records:
            read += 1
            if read > MAX_ROWS:
                raise MalformedBill(f"the bill has more than {MAX_ROWS:,} rows; import it in parts")
            if len(fields) != len(names):
                raise MalformedBill(f"row {row_number}: has {len(fields)} fields; the header has {len(names)}")
            yield read_row(row_number, cells, fields)
        if not read:
            raise MalformedBill("the bill has no rows below its header")

    async def blocks(self) -> AsyncIterator[list[BillRow]]:
        """Yields the bill's rows in blocks of BLOCK_ROWS; the event loop runs between two blocks."""
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
        """The header's columns that no field uses."""
        header = next(self._records(), (1, []))[1]
        known = {_folded(name) for name in self._layout.values()}
        return tuple(name.strip() for name in header if _folded(name) not in known)

    def _cells(self, names: Sequence[str]) -> list[Cell]:
        """Returns how to read each field of BillRow from a file whose header has these names."""
        for column in self._layout.values():
            if names.count(_folded(column)) > 1:
                raise MalformedBill(f"row 1: column {column} appears more than once")
        places = {
            field: names.index(_folded(column)) for field, column in self._layout.items() if _folded(column) in names
        }
        missing = [self._layout[field] for field in REQUIRED if field not in places]
        if missing:
            optional = [column for field, column in self._layout.items() if field not in REQUIRED]
            raise MalformedBill(
                f"row 1: missing columns: {', '.join(missing)}. Required, in any order: "
                f"{', '.join(self._layout[field] for field in REQUIRED)}; optional: {', '.join(optional) or 'none'}"
            )
        return [
            Cell(self._layout.get(field, field), places.get(field), parser_of(field, self._minor_units))
            for field in BillField
        ]

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yields the CSV records of the file that are not blank, each with its row number, counted from 1."""
        row_number = 0
        try:
            self._text.seek(0)
            for row_number, fields in enumerate(csv.reader(self._lines(), strict=True), 1):
                if fields:
                    yield row_number, fields
        except csv.Error as error:
            raise MalformedBill(f"row {row_number + 1}: {error}") from error
        except UnicodeDecodeError as error:
            raise MalformedBill(f"row {row_number + 1} or a later one: is not text in UTF-8") from error
        except (EOFError, OSError, zlib.error) as error:
            raise MalformedBill(
                f"row {row_number + 1} or a later one: the gzip data are damaged or incomplete"
            ) from error

    def _lines(self) -> Iterator[str]:
        """Yields the lines of the bill's text. Their size is limited, because a small gzip file can decompress to any
        size.
        """
        lines, size = 0, 0
        while line := self._text.readline(MAX_LINE_LENGTH + 1):
            lines, size = lines + 1, size + len(line)
            if len(line) > MAX_LINE_LENGTH:
                raise csv.Error(f"has a line of more than {MAX_LINE_LENGTH:,} characters")
            if lines > MAX_LINES or size > MAX_BILL_BYTES:
                message = f"{MAX_LINES:,} lines or {MAX_BILL_BYTES // 1024 // 1024} MB"
                raise MalformedBill(f"the bill has more than {message} uncompressed; import it in parts")
            yield line


def _folded(name: str) -> str:
    return name.strip().casefold()


def _day_after(ended_at: datetime) -> date:
    """Returns the first day after a bill's row, which ends at this instant: the instant's own day if that is when it
    begins, otherwise the next day.
    """
    day = ended_at.date()
    return day if ended_at.time() == time() else day + timedelta(days=1)
