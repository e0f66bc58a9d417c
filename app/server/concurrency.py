"""Limits how many slow things one caller may use at once: arriving bodies, open sockets."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from app.operations.calls.principal import Principal
from app.schema.codes import ErrorCode
from app.server.request_errors import RETRY_AFTER_SECONDS, RequestError


class ConcurrencyLimit:
    """Limits concurrent things of one kind in a process: per caller, and in all if `most` is given."""

    def __init__(self, things: str, of_one_caller: int, most: int | None = None) -> None:
        self._things = things
        self._of_one_caller = of_one_caller
        self._most = most
        self._held: Counter[Hashable] = Counter()

    @contextmanager
    def one(self, principal: Principal) -> Iterator[None]:
        """Holds one place. Raises RequestError: 429 if the caller's places are taken, 503 if all are."""
        caller = principal.tenant_id, principal.subject
        if self._held[caller] >= self._of_one_caller:
            told = f"At capacity: one caller may have {self._of_one_caller} {self._things} at once. Retry later."
            raise _later(429, ErrorCode.RATE_LIMITED, told)
        if self._most is not None and self._held.total() >= self._most:
            told = f"At capacity: this process accepts {self._most} {self._things} at once. Retry later."
            raise _later(503, ErrorCode.SERVICE_UNAVAILABLE, told)
        self._held[caller] += 1
        try:
            yield
        finally:
            self._held[caller] -= 1
            if not self._held[caller]:
                del self._held[caller]


def _later(status: int, code: ErrorCode, told: str) -> RequestError:
    return RequestError(status, code, told, headers={"retry-after": str(RETRY_AFTER_SECONDS)})
