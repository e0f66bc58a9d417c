"""Adds to every HTTP response the request id and the security headers for browsers."""

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

REQUEST_ID = b"x-request-id"
_ACCEPTABLE_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")
"""The id of the current request, for everything that runs on its behalf; every log line contains it."""


def request_id_of(scope: Any) -> str:
    """Returns the caller's `x-request-id` if it is a plain word, otherwise a new id; the same throughout
    the request.
    """
    known: str | None = scope["state"].get("request_id")
    if known is None:
        sent_id = dict(scope["headers"]).get(REQUEST_ID)
        known = sent_id.decode() if sent_id and _ACCEPTABLE_ID.fullmatch(sent_id) else os.urandom(16).hex()
        scope["state"]["request_id"] = known
        current_request_id.set(known)
    return known


def client_address_of(scope: Any) -> str:
    """Returns the client's address, which the request middleware has determined."""
    return scope["client"][0] if scope.get("client") else ""


async def add_headers(message: Any, scope: Any) -> None:
    """Litestar's `before_send`: adds the headers that a response does not have yet."""
    if message["type"] != "http.response.start":
        return
    headers = list(message["headers"])
    names_present = {name for name, _ in headers}
    if REQUEST_ID in names_present:
        return  # the endpoint has already set all headers
    headers += [header for header in SECURITY_HEADERS if header[0] not in names_present]
    headers.append((REQUEST_ID, request_id_of(scope).encode()))
    message["headers"] = headers


async def send_answer(
    send: Any,
    request_id_of: str,
    status: int,
    headers: Iterable[tuple[bytes, bytes]],
    body: bytes,
    *,
    kind: str = "http.response",
) -> None:
    """Sends a complete response directly over ASGI. Its last header is the request id, by which add_headers recognises
    a complete response. `kind` is websocket.http.response for a socket that is refused before the upgrade.
    """
    length = [] if status == HTTPStatus.NO_CONTENT else [(b"content-length", b"%d" % len(body))]
    sent = [*headers, *length, (REQUEST_ID, request_id_of.encode())]
    await send({"type": f"{kind}.start", "status": status, "headers": sent})
    await send({"type": f"{kind}.body", "body": body})
