"""Keys made in the application: UUIDv7 (RFC 9562), so that ids sort by creation time and indexes grow at their end."""

import secrets
import threading
import time
from uuid import UUID


class _Moments:
    """Milliseconds with a 12-bit fraction (RFC 9562, section 6.2, method 3), strictly rising within the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        milliseconds, rest = divmod(time.time_ns(), 1_000_000)
        moment = milliseconds << 12 | rest * 4096 // 1_000_000
        with self._lock:
            self._last = max(moment, self._last + 1)
            return self._last


_moments = _Moments()


def new_id() -> UUID:
    """A UUIDv7; later calls in one process give greater ids."""
    milliseconds, fraction = divmod(_moments.next(), 4096)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62))
