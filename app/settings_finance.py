"""Parsers for the settings about the finance system, and what they require of each other."""

import base64
from binascii import Error
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

SIGNING_PREFIX = "whsec_"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def parse_finance_url(text: str) -> str:
    """Parses the base URL of the finance system: https, or http at a loopback address; without a slash at its end."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("must be a URL that starts with https://")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("must start with https://, except for a loopback address in development")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("must not contain a user name, a password, a query or a fragment")
    return text.rstrip("/")


def parse_finance_secret(text: str) -> tuple[str, ...]:
    """Parses one or two signing secrets as Standard Webhooks writes them: two while one replaces the other."""
    secrets = tuple(part.strip() for part in text.split(","))
    if not 1 <= len(secrets) <= 2 or not all(map(_is_signing_secret, secrets)):
        raise ValueError(
            "must be whsec_ and the base64 of 24 to 64 bytes, or two such secrets separated by a comma, the new one"
            " first"
        )
    return secrets


def finance_faults(values: Mapping[str, Any], faults: list[str], *, production: bool) -> list[str]:
    """Returns what is wrong with the settings about the finance system as a whole. faults: those found already."""
    has_url, has_secret = "finance_url" in values, "finance_secret" in values
    if any("ARCADIA_FINANCE" in fault for fault in faults) or not (has_url or has_secret):
        return []
    if has_url != has_secret:
        missing, given = ("SECRET", "URL") if has_url else ("URL", "SECRET")
        return [f"ARCADIA_FINANCE_{missing} must be set, because ARCADIA_FINANCE_{given} is."]
    found = []
    if production and not values["finance_url"].startswith("https://"):
        found.append("ARCADIA_FINANCE_URL must start with https:// in production.")
    if production and "public_url" not in values and not any("PUBLIC_URL" in fault for fault in faults):
        found.append("ARCADIA_PUBLIC_URL must be set, because ARCADIA_FINANCE_URL is: pushes link to documents.")
    return found


def _is_signing_secret(text: str) -> bool:
    try:
        return text.startswith(SIGNING_PREFIX) and 24 <= len(base64.b64decode(text[6:], validate=True)) <= 64
    except Error:
        return False
