"""Limits how long a request's body may take to arrive.

A slow sender holds memory, and at POST /usage one of a few places, for as long as the body takes. Only the time spent
waiting for the client counts, not the time spent processing its bytes.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

from litestar import Request
from litestar.exceptions import ClientException, InternalServerException

from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError

T = TypeVar("T")

GRACE_SECONDS = 10.0
"""The time allowed for any body, regardless of its size."""
MIN_BYTES_PER_SECOND = 4_096
"""In addition, the minimum average rate: 32 kbit/s."""
TOTAL_SECONDS = 600.0
"""The maximum for any body: 128 MB at 1.7 Mbit/s."""


class Pace:
    """The time that one body may still take. Each wait for its next bytes goes through here."""

    def __init__(self) -> None:
        self._waited = 0.0
        self._received = 0

    async def wait(self, arriving: Awaitable[T]) -> T:
        """Waits for the next bytes and returns them. Raises RequestError (408) once the body has taken too long for its
        size so far.
        """
        allowed = min(GRACE_SECONDS + self._received / MIN_BYTES_PER_SECOND, TOTAL_SECONDS)
        began = time.monotonic()
        try:
            async with asyncio.timeout(allowed - self._waited):
                return await arriving
        except TimeoutError:
            raise _too_slow() from None
        finally:
            self._waited += time.monotonic() - began

    def received(self, size: int) -> None:
        self._received += size


async def paced(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yields the parts of a request's body as they arrive. Raises RequestError (408) if they arrive too slowly."""
    pace = Pace()
    while True:
        try:
            part = await pace.wait(anext(parts))
        except StopAsyncIteration:
            return
        pace.received(len(part))
        yield part


async def chunks(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """Yields the parts of a request's body as they arrive. Raises RequestError (408; 400 if the client disconnects
    before the end).
    """
    try:
        async for part in paced(aiter(request.stream())):
            yield part
    except (InternalServerException, ClientException):  # Litestar's exceptions for a disconnect
        raise RequestError(400, ErrorCode.BAD_REQUEST, "The request ended before its body was complete.") from None


def _too_slow() -> RequestError:
    message = f"The body took too long to arrive: send at least {MIN_BYTES_PER_SECOND // 1024} KB each second."
    return RequestError(408, ErrorCode.TIMEOUT, message)
