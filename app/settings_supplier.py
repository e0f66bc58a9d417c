"""Parsers for the settings about the supplier, whose name and bank account are on its invoices."""

import re
from pathlib import Path

from app.business_numbers import abn_fault
from app.settings_parsing import path

MAX_LINES = 6
MAX_LINE_LENGTH = 100
LOGO_SUFFIXES = (".png", ".jpg", ".jpeg", ".svg")


def parse_abn(text: str) -> str:
    """Parses an ABN, with or without spaces, to its 11 digits."""
    digits = text.replace(" ", "")
    if (fault := abn_fault(digits)) is not None:
        raise ValueError(fault.replace(", without spaces", ""))
    return digits


def parse_line(text: str) -> str:
    """Parses one line of printable text."""
    if len(text) > MAX_LINE_LENGTH or not text.isprintable():
        raise ValueError(f"must be one line of at most {MAX_LINE_LENGTH} characters")
    return text


def parse_address(text: str) -> tuple[str, ...]:
    """Parses the lines of an address, separated by semicolons."""
    lines = tuple(parse_line(part.strip()) for part in text.split(";") if part.strip())
    if len(lines) > MAX_LINES:
        raise ValueError(f"must have at most {MAX_LINES} lines, separated by semicolons")
    return lines


def parse_bsb(text: str) -> str:
    """Parses a bank and branch number, six digits with or without a hyphen, to the form 000-000."""
    if not re.fullmatch(r"\d{3}-?\d{3}", text, re.ASCII):
        raise ValueError("must be a bank and branch number such as 062-000")
    return f"{text[:3]}-{text[-3:]}"


def parse_account_number(text: str) -> str:
    """Parses a bank account's number: 4 to 34 letters and digits, with or without spaces."""
    number = text.replace(" ", "")
    if not re.fullmatch(r"[A-Za-z0-9]{4,34}", number):
        raise ValueError("must be an account number of 4 to 34 letters and digits")
    return number


def parse_logo(text: str) -> Path:
    """Parses the path of an image that exists."""
    file = path(text)
    if file.suffix.lower() not in LOGO_SUFFIXES or not file.is_file():
        raise ValueError(f"must be the path of an image file: {', '.join(LOGO_SUFFIXES)}")
    return file
