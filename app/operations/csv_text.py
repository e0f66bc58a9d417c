"""Writes CSV for spreadsheets, which take a text that begins like a formula for one."""

import csv
import io
from collections.abc import Iterable


def text_cell(text: str) -> str:
    """Returns the text with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def csv_row(cells: Iterable[str]) -> str:
    """Returns a row that ends with a line feed. Cells with a line feed or a carriage return are quoted."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # so that a cell with either character is quoted
    return line.getvalue().removesuffix("\r\n") + "\n"
