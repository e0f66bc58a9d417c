"""How long a request's body may be in coming.

Cost follows work: who sends slowly holds memory, and at POST /usage one of a few places, for as long as the sending
takes. Only the time spent waiting for the client counts, not what is done with its bytes meanwhile.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

from litestar import Request
from litestar.exceptions import ClientException, InternalServerException

from app.server.request_errors import Code, RequestError

T = TypeVar("T")

GRACE_SECONDS = 10.0
"""What a body may take whatever its size."""
MIN_BYTES_PER_SECOND = 4_096
"""Beyond that: the least rate on average, 32 kbit/s."""
TOTAL_SECONDS = 600.0
"""The longest for any body: 128 MB at 1.7 Mbit/s."""


class Pace:
    """The time that one body has. Each wait for its next bytes goes through here."""

    def __init__(self) -> None:
        self._waited = 0.0
        self._received = 0

    async def wait(self, arriving: Awaitable[T]) -> T:
        """What arrives. Raises RequestError (408) once the body has taken too long for what has arrived of it."""
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
    """The parts of a body. Raises RequestError (408)."""
    pace = Pace()
    while True:
        try:
            part = await pace.wait(anext(parts))
        except StopAsyncIteration:
            return
        pace.received(len(part))
        yield part


async def chunks(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The parts of a request's body as they arrive. Raises RequestError (408; 400 where the client leaves in the
    middle).
    """
    try:
        async for part in paced(aiter(request.stream())):
            yield part
    except (InternalServerException, ClientException):  # Litestar's words for it
        raise RequestError(400, Code.BAD_REQUEST, "The request broke off.") from None


def _too_slow() -> RequestError:
    message = f"The body took too long to arrive: send at least {MIN_BYTES_PER_SECOND // 1024} KB each second."
    return RequestError(408, Code.TIMEOUT, message)
