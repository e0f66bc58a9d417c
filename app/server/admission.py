"""The concurrency limit of a process: requests beyond it are refused at once, so that accepted requests stay fast.

A process that accepts every request answers all of them late: clients give up and retry, and it never catches up.
"""

from typing import Any

from app.schema.codes import ErrorCode
from app.server.error_responses import send_error_response
from app.server.request_errors import RequestError
from app.settings import Settings

RETRY_AFTER_SECONDS = 1
REQUESTS_PER_CONNECTION = 4
"""PostgreSQL serves one request per connection; a few more can wait while others are parsed and encoded."""

_PROBES = frozenset({"/health", "/ready"})  # a process at capacity is still alive
_REFUSAL = RequestError(
    503,
    ErrorCode.SERVICE_UNAVAILABLE,
    "At capacity: too many concurrent requests. Retry after the number of seconds in Retry-After.",
    headers={"retry-after": str(RETRY_AFTER_SECONDS)},
)


class Admission:
    """Wraps the application and limits its concurrent HTTP requests. A request counts from when its body has arrived,
    so that a slow sender occupies no place; sockets and streamed bodies have limits of their own.
    """

    def __init__(self, application: Any, max_requests: int) -> None:
        self._application = application
        self._free = max_requests

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._application(scope, receive, send)
        elif self._free <= 0:
            await send_error_response(scope, receive, send, _REFUSAL)
        else:
            await self._admit(scope, receive, send)

    async def _admit(self, scope: Any, receive: Any, send: Any) -> None:
        places_taken = 0

        async def counted() -> Any:
            nonlocal places_taken
            message = await receive()
            if not places_taken and not message.get("more_body"):
                places_taken = 1
                self._free -= 1
            return message

        if scope["method"] != "POST":
            places_taken = 1
            self._free -= 1
        try:
            await self._application(scope, counted, send)
        finally:
            self._free += places_taken


def capacity(settings: Settings) -> int:
    """Returns how many requests a process handles at once: the setting, or a number derived from its connections to
    PostgreSQL.
    """
    connections = settings.database_pool_size + settings.read_pool_size
    return settings.max_concurrent_requests or REQUESTS_PER_CONNECTION * connections
