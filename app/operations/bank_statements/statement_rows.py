"""The rows of a bank statement's CSV, each with the reference that identifies it."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from app.billing import InputFault, cents_fault
from app.operations.calls import validation

MAX_ROWS = 10_000
MAX_TEXT_LENGTH = 400
MAX_FAULTS = 20
"""What is named of what is wrong with a file; the rest is like it."""
COLUMNS = ("date", "amount", "description", "reference")

_AMOUNT = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,18})(\.(?P<fraction>[0-9]{1,18}))?")


class BankRow(NamedTuple):
    """One row. line: where it begins in the file, from 1. amount_cents: below 0 for money that went out.

    payment_reference: the reference of its payment. It is made of the row's content and of its place among identical
    rows of the file, so that the same row of another export of the account has it too.
    """

    line: int
    booked_on: date
    amount_cents: int
    description: str
    reference: str
    payment_reference: str


def read_rows(text: str, currency: str, minor_units: int, today: date) -> tuple[BankRow, ...]:
    """The rows in order. minor_units: of the currency of all amounts.

    The first line names the columns, in any order and case; others than COLUMNS are ignored. Raises VALIDATION_FAILED,
    with the lines and columns at fault.
    """
    faults: list[InputFault] = []
    rows, seen = [], Counter[str]()
    for line, cells in _records(text, faults):
        content, found = _read(line, cells, minor_units, today)
        faults += found
        if content is not None:
            digest = sha256(json.dumps([currency, str(content[0]), *content[1:]]).encode()).hexdigest()[:32]
            seen[digest] += 1
            rows.append(BankRow(line, *content, f"statement {content[0]} {digest} {seen[digest]}"))
        if len(faults) >= MAX_FAULTS:
            break
    validation.refuse(faults[:MAX_FAULTS])
    return tuple(rows)


def _records(text: str, faults: list[InputFault]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each record's first line and its cells by column. What is wrong with the file itself is added to the faults."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    count, line, width = 0, 1, 0
    places: Mapping[str, int] = {}
    try:
        for fields in reader:
            start, line = line, reader.line_num + 1
            if not fields:
                continue
            if not width:
                places, width = _places(start, fields, faults), len(fields)
                if faults:
                    return
            elif len(fields) != width:
                faults.append(InputFault(("csv", str(start)), f"has {len(fields)} fields; the header has {width}"))
            elif count == MAX_ROWS:
                faults.append(InputFault(("csv",), f"has more than {MAX_ROWS:,} rows; import it in parts"))
                return
            else:
                count += 1
                yield start, {name: " ".join(fields[place].split()) for name, place in places.items()}
    except csv.Error as error:
        faults.append(InputFault(("csv", str(line)), f"is not CSV: {error}"))
    if not count and not faults:
        faults.append(InputFault(("csv",), "has no rows below its header"))


def _places(line: int, header: Sequence[str], faults: list[InputFault]) -> Mapping[str, int]:
    names = [name.strip().casefold() for name in header]
    for column in COLUMNS:
        if names.count(column) != 1:
            how = "is missing" if column not in names else "appears more than once"
            faults.append(InputFault(("csv", str(line)), f"column {column} {how}; required: {', '.join(COLUMNS)}"))
    return {column: names.index(column) for column in COLUMNS if column in names}


def _read(
    line: int, cells: Mapping[str, str], minor_units: int, today: date
) -> tuple[tuple[date, int, str, str] | None, list[InputFault]]:
    """Date, amount, description and reference, or None and what is wrong with them."""
    faults = []
    for column in ("description", "reference"):
        found = validation.free_text(column, cells[column], MAX_TEXT_LENGTH)
        faults += [InputFault(("csv", str(line), column), fault.message) for fault in found]
    booked_on, amount = _day(cells["date"]), _cents(cells["amount"], minor_units)
    if booked_on is None or booked_on > today:
        wrong = "must be a day such as 2026-05-01" if booked_on is None else f"is in the future; today is {today}"
        faults.append(InputFault(("csv", str(line), "date"), wrong))
    if amount is None:
        wrong = f"must be a decimal such as -1250.5, without separators and with at most {minor_units} decimal places"
        faults.append(InputFault(("csv", str(line), "amount"), wrong))
    if faults or booked_on is None or amount is None:
        return None, faults
    return (booked_on, amount, cells["description"], cells["reference"]), []


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text and validation.FIRST_DAY <= day <= validation.LAST_DAY else None


def _cents(text: str, minor_units: int) -> int | None:
    """The amount in the minor unit, exactly; None for no decimal, or one that is finer or too large."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    fraction = (found["fraction"] or "").rstrip("0")
    if len(fraction) > minor_units:
        return None
    cents = int(found["whole"] + fraction.ljust(minor_units, "0"))
    return None if cents_fault(cents) else -cents if found["sign"] == "-" else cents
