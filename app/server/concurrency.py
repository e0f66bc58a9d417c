"""Limits how many slow things one caller may use at once: arriving bodies, open sockets."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from app.operations.calls.principal import Principal
from app.schema.codes import ErrorCode
from app.server.request_errors import RETRY_AFTER_SECONDS, RequestError


class ConcurrencyLimit:
    """Limits how many things of one kind may be in use in this process at once: per caller, and in total if `max_total`
    is given.
    """

    def __init__(self, plural_noun: str, max_per_caller: int, max_total: int | None = None) -> None:
        self._plural_noun = plural_noun
        self._max_per_caller = max_per_caller
        self._max_total = max_total
        self._in_use: Counter[Hashable] = Counter()

    @contextmanager
    def one(self, principal: Principal) -> Iterator[None]:
        """Occupies one of the caller's places during the block. Raises RequestError: 429 if the caller has no free
        place, 503 if no place is free in the whole process.
        """
        caller = principal.tenant_id, principal.subject
        if self._in_use[caller] >= self._max_per_caller:
            message = (
                f"At capacity: one caller may have {self._max_per_caller} {self._plural_noun} at once. Retry later."
            )
            raise _later(429, ErrorCode.RATE_LIMITED, message)
        if self._max_total is not None and self._in_use.total() >= self._max_total:
            message = f"At capacity: this process accepts {self._max_total} {self._plural_noun} at once. Retry later."
            raise _later(503, ErrorCode.SERVICE_UNAVAILABLE, message)
        self._in_use[caller] += 1
        try:
            yield
        finally:
            self._in_use[caller] -= 1
            if not self._in_use[caller]:
                del self._in_use[caller]


def _later(status: int, code: ErrorCode, message: str) -> RequestError:
    return RequestError(status, code, message, headers={"retry-after": str(RETRY_AFTER_SECONDS)})
