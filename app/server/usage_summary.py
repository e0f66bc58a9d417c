"""The response of POST /usage: how many events were recorded, and which were rejected.

    {"accepted": 2, "duplicates": 1, "rejectedTotal": 1, "rejected": [{"index": 3, "code": "…", "message": "…"}]}

`index` is the event's position in the body, from 0. The first MAX_REJECTIONS are listed; all are counted.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from app.metrics import USAGE_EVENTS
from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError

MAX_REJECTIONS = 1_000


class Rejection(msgspec.Struct):
    """An event that was not recorded."""

    index: int
    code: str
    message: str


class Summary(msgspec.Struct, rename="camel"):
    """The result of recording the events of a request's body."""

    accepted: int = 0
    duplicates: int = 0
    rejected_total: int = 0
    rejected: list[Rejection] = []


class Tally:
    """Counts the results of the events read so far."""

    def __init__(self) -> None:
        self._summary = Summary()
        self._reasons = Counter[str]()

    def add(self, accepted: int, duplicates: int, rejections: Iterable[Rejection]) -> None:
        """Adds the results of one block of events; its rejections may be in any order."""
        USAGE_EVENTS.labels("new").inc(accepted)
        USAGE_EVENTS.labels("duplicate").inc(duplicates)
        summary, ordered = self._summary, sorted(rejections, key=lambda rejection: rejection.index)
        summary.accepted += accepted
        summary.duplicates += duplicates
        summary.rejected_total += len(ordered)
        summary.rejected += ordered[: MAX_REJECTIONS - len(summary.rejected)]
        self._reasons.update(rejection.code for rejection in ordered)
        USAGE_EVENTS.labels("rejected").inc(len(ordered))

    @property
    def counts(self) -> dict[str, Any]:
        """Returns the numbers of accepted, duplicate and rejected events for the log; the rejected ones by code."""
        summary = self._summary
        return {"accepted": summary.accepted, "duplicates": summary.duplicates, "rejected": dict(self._reasons)}

    @property
    def is_refused(self) -> bool:
        """Whether there were events and none of them is recorded, now or before."""
        return bool(self._summary.rejected_total) and not self._summary.accepted + self._summary.duplicates

    def body(self, request_id: str) -> bytes:
        """Returns the response of POST /usage. If no event was recorded it also has `errors`, as every response with a
        status other than 2xx has.
        """
        if not self.is_refused:
            return msgspec.json.encode(self._summary)
        reasons = ", ".join(f"{code} {count:,}" for code, count in sorted(self._reasons.items()))
        message = f"None of the {self._summary.rejected_total:,} events was accepted: {reasons}."
        (error,) = RequestError(422, ErrorCode.BAD_USER_INPUT, message).errors(request_id)
        error["extensions"]["rejected"] = dict(self._reasons)
        return msgspec.json.encode({"errors": [error], **msgspec.to_builtins(self._summary)})
