"""Writes one structured log line for each request: what it was, who sent it, the result, and the duration."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from app.server.response_headers import request_id_of

log = logging.getLogger(__name__)

_PROBES = frozenset({"/health", "/ready"})
_facts: ContextVar[dict[str, Any] | None] = ContextVar("request_facts", default=None)


def note(**facts: Any) -> None:
    """Adds values to the log line of the current request; None is omitted."""
    known = _facts.get()
    if known is not None:
        known.update((name, value) for name, value in facts.items() if value is not None)


@contextmanager
def logged(level: int = logging.INFO, /, **facts: Any) -> Iterator[None]:
    """Logs one line when the block ends, with its duration in milliseconds and all values passed to
    `note` within it.
    """
    if not log.isEnabledFor(level):
        yield
        return
    began = time.perf_counter()
    known = dict(facts)
    outer = _facts.set(known)
    try:
        yield
    finally:
        _facts.reset(outer)
        known["duration_ms"] = round((time.perf_counter() - began) * 1000, 2)
        log.log(level, "request", extra=known)


class RequestLog:
    """Wraps the application and writes a line for each of its HTTP requests, and for each socket when it is closed.

    Health and readiness checks are logged at DEBUG. `status` is the HTTP status, or the close code of the socket.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in {"http", "websocket"} or not log.isEnabledFor(logging.INFO):
            await self._application(scope, receive, send)
            return

        async def watched(message: Any) -> None:
            match message["type"]:
                case "http.response.start":
                    note(status=message["status"])
                case "websocket.close":
                    note(status=message.get("code", 1000))
            await send(message)

        async def heard() -> Any:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                note(status=message.get("code", 1005))
            return message

        method, path = scope.get("method", "WEBSOCKET"), scope["path"]
        level = logging.DEBUG if path in _PROBES else logging.INFO
        with logged(level, method=method, path=path, request_id=request_id_of(scope)):
            await self._application(scope, receive if method != "WEBSOCKET" else heard, watched)
