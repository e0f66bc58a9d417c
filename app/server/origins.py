"""The origins whose pages may call the API from a browser, and the CORS headers (the Fetch standard).

Every response to an allowed origin has the headers, because without them a page cannot read the status, the code or
Retry-After. No cookie signs anyone in, so an allowed origin may send any header: the browser adds no credentials by
itself.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError
from app.settings import Settings

Headers = list[tuple[bytes, bytes]]

EXPOSED_HEADERS = b"retry-after, x-request-id"
METHODS = b"GET, HEAD, POST"
HEADERS = b"authorization, content-type, idempotency-key, x-request-id"
"""The allowed headers for a preflight that names no well-formed header."""
PREFLIGHT_MAX_AGE_SECONDS = 600

_NAMES = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+( *, *[!#$%&'*+.^_`|~0-9A-Za-z-]+)*")


class Origins:
    """The origins whose pages may call the API. `allowed`: the origins in the setting; `loopback`: also allow every
    origin of the machine itself.
    """

    def __init__(self, allowed: Iterable[str] = (), *, loopback: bool = False) -> None:
        allowed = tuple(allowed)
        self._exact = frozenset(origin for origin in allowed if "*" not in origin)
        self._wildcards = [_pattern(origin) for origin in allowed if "*" in origin]
        self._loopback = loopback

    @classmethod
    def from_settings(cls, settings: Settings) -> "Origins":
        public = urlsplit(settings.public_url or "")
        public_origins = [f"{public.scheme}://{public.netloc}"] if settings.public_url else []
        return cls([*settings.allowed_origins, *public_origins], loopback=not settings.production)

    def allow(self, origin: str) -> bool:
        return (
            origin in self._exact
            or any(pattern.fullmatch(origin) for pattern in self._wildcards)
            or (self._loopback and _is_loopback(origin))
        )


def _pattern(wildcard: str) -> re.Pattern[str]:
    """Returns a pattern for all subdomains of a domain: https://*.example.com matches neither https://example.com nor
    another port.
    """
    return re.compile(re.escape(wildcard).replace(r"\*", r"[a-z0-9_-]+(\.[a-z0-9_-]+)*"))


def cors_headers(origin: bytes) -> Headers:
    """Returns the headers that allow pages of this origin to read a response."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", EXPOSED_HEADERS),
        (b"vary", b"origin"),
    ]


def preflight(origin: bytes, requested_headers: bytes) -> Headers:
    """Returns the headers of the response to a preflight that asks for these headers."""
    allowed = requested_headers if _NAMES.fullmatch(requested_headers) else HEADERS
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", allowed),
        (b"access-control-max-age", b"%d" % PREFLIGHT_MAX_AGE_SECONDS),
        (b"vary", b"origin, access-control-request-headers"),
    ]


def not_allowed(origin: str) -> RequestError:
    message = (
        f"Pages of origin {origin[:200]} may not call this API: ARCADIA_ALLOWED_ORIGINS does not contain that origin."
    )
    return RequestError(403, ErrorCode.FORBIDDEN, message)


def _is_loopback(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"}:
            return False
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False
