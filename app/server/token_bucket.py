"""Limits how often a socket's client may send messages that cost no rate-limit points: a burst, and a number per
second.
"""

import time


class TokenBucket:
    """A token bucket of size `burst`, refilled by `per_second`."""

    __slots__ = ("_at", "_burst", "_per_second", "_tokens")

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._tokens = float(burst)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Takes one token; returns whether there was one."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
