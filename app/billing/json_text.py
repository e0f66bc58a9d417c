"""Fragments of canonical JSON, written by hand because there is one per subscription and json.dumps is slower."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from json.encoder import encode_basestring_ascii
from typing import Any, TypeVar

From = TypeVar("From")
To = TypeVar("To")

quoted = encode_basestring_ascii


def compact_text(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def optional(convert: Callable[[From], To], value: From | None) -> To | None:
    return None if value is None else convert(value)


def date_text(day: date | None) -> str:
    return "null" if day is None else f'"{day.isoformat()}"'


def instant_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def list_text(texts: Iterable[str]) -> str:
    return f"[{','.join(texts)}]"


def optional_text(text: str | None) -> str:
    return "null" if text is None else quoted(text)
