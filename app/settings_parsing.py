"""Parsers for each type of setting. They raise ValueError with a message that completes "ARCADIA_<NAME> …"."""

import re
from collections.abc import Callable
from datetime import time
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, reset_tzpath

from app.database_urls import UNREADABLE

# The zones' rules come from the package tzdata, whose version is locked, and not from the machine's files: two machines
# must agree on the day of an event.
reset_tzpath(())


def url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        try:
            parts = urlsplit(text)
            _ = parts.port
        except ValueError:
            raise ValueError(UNREADABLE if "@" in text else "is not a URL") from None
        if parts.scheme not in schemes:
            raise ValueError(f"must be a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        if "@" in parts.path + parts.query + parts.fragment:  # a / ? or hash sign in a password ends the host part
            raise ValueError(UNREADABLE)
        return text

    return parse


def integer(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return parse


def choice(choices: type[StrEnum]) -> Callable[[str], StrEnum]:
    def parse(text: str) -> StrEnum:
        for choice in choices:
            if choice.value.lower() == text.lower():
                return choice
        raise ValueError(f"must be one of {', '.join(choices)}")

    return parse


def on_or_off(text: str) -> bool:
    if text not in {"on", "off"}:
        raise ValueError("must be on or off")
    return text == "on"


def secret(text: str) -> str:
    if len(text.encode()) < 32:
        raise ValueError("must be at least 32 bytes long, as HMAC with SHA-256 requires (RFC 7518, section 3.2)")
    return text


def secrets(text: str) -> tuple[str, ...]:
    """One or two secrets, separated by a comma: two while one replaces the other."""
    keys = tuple(part.strip() for part in text.split(","))
    if not 1 <= len(keys) <= 2 or any(len(key.encode()) < 32 for key in keys):
        raise ValueError("must be a secret of at least 32 bytes, or two separated by a comma, the new one first")
    return keys


def time_zone(text: str) -> ZoneInfo:
    """Parses a time zone. Names without a place are refused: CET, EST and the like are fixed offsets in PostgreSQL and
    have daylight saving time in Python, or the other way round. posix/ and right/ are copies of the zone database,
    which PostgreSQL does not have.
    """
    is_place = "/" in text and not text.startswith(("posix/", "right/"))
    try:
        zone = ZoneInfo(text) if is_place or text == "UTC" else None
    except (ValueError, OSError, KeyError):
        zone = None
    if zone is None:
        raise ValueError(f"must be UTC or an IANA time zone such as Australia/Sydney, not {text}")
    return zone


def time_of_day(text: str) -> time:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError("must be a time of day from 00:00 to 23:59, such as 09:00")
    return time.fromisoformat(text)


def currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError("must be an ISO 4217 code, such as AUD")
    return text


def path(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("begins with ~, but there is no such home folder: set the whole path") from None
