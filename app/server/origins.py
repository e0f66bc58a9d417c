"""Which origins' pages may call the API from a browser, and what browsers are told of it (CORS, the Fetch standard).

Every answer to an allowed origin carries the headers, whoever made it: without them a page sees no status, no code and
no Retry-After. No cookie signs anyone in, so an allowed origin may send any header: none is a credential that the
browser would add by itself.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.server.request_errors import Code, RequestError
from app.settings import Settings

Headers = list[tuple[bytes, bytes]]

EXPOSED_HEADERS = b"retry-after, x-request-id"
METHODS = b"GET, HEAD, POST"
HEADERS = b"authorization, content-type, idempotency-key, x-request-id"
"""Of a preflight that names none that is well-formed."""
PREFLIGHT_MAX_AGE_SECONDS = 600

_NAMES = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+( *, *[!#$%&'*+.^_`|~0-9A-Za-z-]+)*")


class Origins:
    """`allowed` as the setting has them; `loopback`: every origin of the machine itself as well."""

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
    """Of every name below a domain: https://*.example.com is neither https://example.com nor another port of it."""
    return re.compile(re.escape(wildcard).replace(r"\*", r"[a-z0-9_-]+(\.[a-z0-9_-]+)*"))


def cors_headers(origin: bytes) -> Headers:
    """The headers of an answer that pages of this origin may read."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", EXPOSED_HEADERS),
        (b"vary", b"origin"),
    ]


def preflight(origin: bytes, requested_headers: bytes) -> Headers:
    """The headers of the answer to a preflight that asks for these headers."""
    allowed = requested_headers if _NAMES.fullmatch(requested_headers) else HEADERS
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", allowed),
        (b"access-control-max-age", b"%d" % PREFLIGHT_MAX_AGE_SECONDS),
        (b"vary", b"origin, access-control-request-headers"),
    ]


def not_allowed(origin: str) -> RequestError:
    message = f"Pages of {origin[:200]} may not call this API: ARCADIA_ALLOWED_ORIGINS does not name that origin."
    return RequestError(403, Code.FORBIDDEN, message)


def _is_loopback(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"}:
            return False
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False
