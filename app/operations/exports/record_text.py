"""The formats of an export: how a row reads in it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from app.billing import decimal_text
from app.operations.csv_text import csv_row, text_cell


class ExportFormat(StrEnum):
    """CSV with a row of names first, or a JSON object a line."""

    CSV = "csv"
    JSONL = "jsonl"


def head_of(export_format: ExportFormat, columns: Sequence[str]) -> str:
    """Returns what comes before the first row."""
    return csv_row(columns) if export_format is ExportFormat.CSV else ""


def row_text(export_format: ExportFormat, columns: Sequence[str], row: Sequence[Any]) -> str:
    """Returns a row, with its line feed. Null is an empty cell in CSV; decimals are strings in JSON."""
    if export_format is ExportFormat.CSV:
        return csv_row([_cell(value) for value in row])
    values = {name: _json(value) for name, value in zip(columns, row, strict=True)}
    return msgspec.json.encode(values).decode() + "\n"


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return text_cell(value)
        case Decimal():
            return decimal_text(value)
        case datetime() | date():
            return value.isoformat()
    return str(value)


def _json(value: object) -> object:
    match value:
        case Decimal():
            return decimal_text(value)
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
    return value
