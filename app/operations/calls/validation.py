"""Input validation. Each check yields the validation errors of one field; `refuse` raises all of
them as one refusal.
"""

import re
from collections.abc import Iterable, Iterator, Sized
from datetime import UTC, date, datetime
from decimal import Decimal

from app.billing import InputFault, cents_fault, quantity_fault
from app.business_numbers import abn_fault
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.currencies import CURRENCIES

MAX_NAME_LENGTH = 200
MAX_TEXT_LENGTH = 2000

_CODE = re.compile(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?")
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RESOURCE_KIND = re.compile(r"[a-z][a-z0-9_]{0,62}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,189}")
_NOT_IN_TEXT = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")

# A range that is wide enough for any contract and far from the limits of Python's dates in any time zone.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
FIRST_INSTANT, LAST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)


def refuse(faults: Iterable[InputFault]) -> None:
    """Raises VALIDATION_FAILED if there are validation errors. The message lists them all; the path
    leads to the first.
    """
    paths_and_messages = [(api_path(fault.path), fault.message) for fault in faults]
    if paths_and_messages:
        message = "; ".join(f"{'.'.join(path)} {message}" for path, message in paths_and_messages)
        raise Refusal(ProblemCode.VALIDATION_FAILED, message, paths_and_messages[0][0])


def api_path(path: Iterable[str]) -> tuple[str, ...]:
    """Converts the field names of a path to the API's spelling: ("resources", "0", "package_size") -> (…,
    "packageSize").
    """
    return tuple(re.sub(r"_([a-z])", lambda match: match[1].upper(), name) for name in path)


def text_fault(text: str) -> str | None:
    """Returns what is wrong with a line of text, or None.

    Terminals, logs and pages interpret control characters, line breaks and bidirectional marks, so a name with them
    could look like another name. PostgreSQL cannot store NUL and halves of surrogate pairs.
    """
    if text.isascii() and text.isprintable():
        return None
    match = _NOT_IN_TEXT.search(text)
    if match is None:
        return None
    return f"must be one line without control characters and bidirectional marks; it contains U+{ord(match[0]):04X}"


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def is_resource_kind(text: str) -> bool:
    return _RESOURCE_KIND.fullmatch(text) is not None


def code(field: str, text: str) -> Iterator[InputFault]:
    yield from _shape(
        _CODE, field, text, "1 to 64 lower-case letters, digits, - and _, beginning and ending with a letter or digit"
    )


def dns_label(field: str, text: str) -> Iterator[InputFault]:
    yield from _shape(
        _DNS_LABEL, field, text, "1 to 63 lower-case letters, digits and -, beginning and ending with a letter or digit"
    )


def resource_kind_code(field: str, text: str) -> Iterator[InputFault]:
    yield from _shape(_RESOURCE_KIND, field, text, "1 to 63 lower-case letters, digits and _, beginning with a letter")


def country(field: str, text: str) -> Iterator[InputFault]:
    yield from _shape(_COUNTRY, field, text, "an ISO 3166-1 code such as AU")


def currency(field: str, text: str) -> Iterator[InputFault]:
    if text not in CURRENCIES:
        yield InputFault((field,), "must be a current ISO 4217 code such as AUD")


def email(field: str, text: str | None) -> Iterator[InputFault]:
    if text is not None:
        yield from _shape(_EMAIL, field, text, "an e-mail address such as accounts@example.com")
        yield from free_text(field, text)


def abn(field: str, text: str | None) -> Iterator[InputFault]:
    """Yields a validation error unless the text is an Australian Business Number: 11 digits without spaces, with valid
    check digits.
    """
    if text is not None and (fault := abn_fault(text)) is not None:
        yield InputFault((field,), fault)


def _shape(pattern: re.Pattern[str], field: str, text: str, requirement: str) -> Iterator[InputFault]:
    if not pattern.fullmatch(text):
        yield InputFault((field,), f"must be {requirement}")


def name(field: str, text: str | None, longest: int = MAX_NAME_LENGTH) -> Iterator[InputFault]:
    """Validates a line of text for people: it may be absent, but not blank."""
    if text is not None and not text.strip():
        yield InputFault((field,), "must not be blank")
    else:
        yield from free_text(field, text, longest)


def lines(field: str, text: str | None) -> Iterator[InputFault]:
    """Validates a text of several lines, such as a postal address: it may be absent, but not blank."""
    yield from name(field, text and text.strip("\n").replace("\n", " "), MAX_TEXT_LENGTH)


def free_text(field: str, text: str | None, longest: int = MAX_TEXT_LENGTH) -> Iterator[InputFault]:
    """Validates one line of text: it may be absent or empty."""
    if text is None:
        return
    if len(text) > longest:
        yield InputFault((field,), f"must have at most {longest} characters")
    elif fault := text_fault(text):
        yield InputFault((field,), fault)


def at_most(field: str, items: Sized, maximum: int) -> Iterator[InputFault]:
    if len(items) > maximum:
        yield InputFault((field,), f"must be at most {maximum}")


def cents(field: str, amount: int | None) -> Iterator[InputFault]:
    if amount is not None and (message := cents_fault(amount)):
        yield InputFault((field,), message)


def quantity(field: str, amount: Decimal | None) -> Iterator[InputFault]:
    if amount is not None and (message := quantity_fault(amount)):
        yield InputFault((field,), message)


def day(field: str, value: date | None) -> Iterator[InputFault]:
    if value is not None and not FIRST_DAY <= value <= LAST_DAY:
        yield InputFault((field,), f"must be from {FIRST_DAY} to {LAST_DAY}")


def instant(field: str, value: datetime | None) -> Iterator[InputFault]:
    if value is not None and not FIRST_INSTANT <= value <= LAST_INSTANT:
        yield InputFault((field,), f"must be from {FIRST_INSTANT.date()} to {LAST_INSTANT.date()}")
