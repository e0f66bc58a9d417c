"""The outermost part of the application, which handles what is common to all requests.

In this order: it refuses missing or repeated headers, determines the client's address and the path, answers CORS
preflight requests, and adds the CORS headers for allowed origins to every response.
"""

from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlsplit

from litestar import Litestar

from app.schema.codes import ErrorCode
from app.server.admission import Admission, capacity
from app.server.error_responses import send_error_response
from app.server.origins import Origins, cors_headers, not_allowed, preflight
from app.server.proxies import client_address
from app.server.request_errors import RequestError
from app.server.request_traces import traced_request
from app.server.response_headers import SECURITY_HEADERS, request_id_of, send_answer
from app.settings import Settings
from app.tracing import is_tracing

SINGLE_HEADERS = {
    name.lower().encode(): name
    for name in ("Host", "Authorization", "Content-Type", "Idempotency-Key", "Origin", "Upgrade")
}
"""Headers that must not be repeated, because it would be unclear which one counts."""


class RequestMiddleware:
    """An ASGI application that wraps another and limits its concurrent requests to the configured number."""

    def __init__(self, application: Litestar, settings: Settings) -> None:
        self.application = application
        self._admitting = Admission(application, capacity(settings))
        self._origins = Origins.from_settings(settings)
        self._proxies = settings.trusted_proxies
        self._prefix = urlsplit(settings.public_url or "").path
        self._settles = bool(self._proxies or self._prefix)

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Returns the lifespan of the wrapped application (its database and queue), for code that opens it itself
        instead of the ASGI server.
        """
        return self.application.lifespan()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
            return
        raw_headers: list[tuple[bytes, bytes]] = scope["headers"]
        headers = dict(raw_headers)
        if self._settles:
            self._settle(scope, raw_headers)
        origin = headers.get(b"origin")
        if origin is not None and scope["type"] == "http" and self._origins.allow(origin.decode("latin-1")):
            send = _adding_cors_headers(send, origin)
        try:
            if len(headers) != len(raw_headers) or b"host" not in headers:
                _check(scope, raw_headers, headers)
            if origin is not None and b"access-control-request-method" in headers and scope.get("method") == "OPTIONS":
                await self._answer_preflight(origin, headers, scope, send)
                return
        except RequestError as fault:
            await send_error_response(scope, receive, send, fault)
            return
        if is_tracing():
            await traced_request(self._admitting, scope, receive, send)
        else:
            await self._admitting(scope, receive, send)

    def _settle(self, scope: Any, raw_headers: list[tuple[bytes, bytes]]) -> None:
        """Sets the client's address, and removes the path prefix, which a proxy may or may not have removed."""
        if self._proxies and scope.get("client"):
            peer, port = scope["client"]
            forwarded = [value for name, value in raw_headers if name == b"x-forwarded-for"]
            address = client_address(peer, forwarded, self._proxies)
            scope["client"] = address, port if address == peer else 0
        if self._prefix and (scope["path"] + "/").startswith(self._prefix + "/"):
            scope["path"] = scope["path"][len(self._prefix) :] or "/"
            scope["raw_path"] = scope["raw_path"].removeprefix(self._prefix.encode()) or b"/"

    async def _answer_preflight(self, origin: bytes, headers: dict[bytes, bytes], scope: Any, send: Any) -> None:
        """Answers a preflight request. Raises RequestError (403) for an origin that is not allowed."""
        if not self._origins.allow(origin.decode("latin-1")):
            raise not_allowed(origin.decode("latin-1"))
        requested_headers = headers.get(b"access-control-request-headers", b"")
        sent = (*SECURITY_HEADERS, *preflight(origin, requested_headers))
        await send_answer(send, request_id_of(scope), 204, sent, b"")


def _check(scope: Any, raw_headers: list[tuple[bytes, bytes]], headers: dict[bytes, bytes]) -> None:
    """Raises RequestError (400) for missing or repeated headers. HTTP/1.0, which some health checks use,
    has no Host.
    """
    names = [name for name, _ in raw_headers]
    for name, header_name in SINGLE_HEADERS.items():
        if names.count(name) > 1:
            raise RequestError(
                400, ErrorCode.BAD_REQUEST, f"The header {header_name} appears more than once: send it once."
            )
    if b"host" not in headers and scope["http_version"] != "1.0":
        raise RequestError(400, ErrorCode.BAD_REQUEST, "The header Host is missing: HTTP/1.1 requires it.")


def _adding_cors_headers(send: Any, origin: bytes) -> Any:
    async def share(message: Any) -> None:
        if message["type"] == "http.response.start":
            names = {name for name, _ in message["headers"]}
            if b"access-control-allow-origin" not in names:  # the response to a preflight has headers of its own
                message = {**message, "headers": [*message["headers"], *cors_headers(origin)]}
        await send(message)

    return share
