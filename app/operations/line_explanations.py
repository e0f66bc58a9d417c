"""Explains lines: an explanation is derived from the inputs that the invoice was rated from, and is not stored."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from app.billing import Explanation, Line, explain_tax, parse_header, rate_document


class LineToExplain(NamedTuple):
    """A line's key and unit price, and the documents it was rated from; the first is the header of its invoice."""

    key: str
    is_tax: bool
    unit_price_cents: Decimal
    documents: tuple[str, ...]


def explain_lines(lines: Sequence[LineToExplain]) -> list[Explanation]:
    """Returns one explanation per line, in order. Raises ValueError for inputs that this version cannot rate."""
    rate = lru_cache(maxsize=256)(_rate)  # many lines of a response share their documents
    return [
        explain_tax(line.key, line.unit_price_cents) if line.is_tax else rate(line.documents)[line.key].explanation
        for line in lines
    ]


def _rate(documents: tuple[str, ...]) -> dict[str, Line]:
    """Rates an invoice's stored documents (the header first) again; returns the lines by key."""
    header = parse_header(documents[0])
    return {line.key: line for document in documents[1:] for line in rate_document(header, document)}
