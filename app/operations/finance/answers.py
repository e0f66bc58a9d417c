"""Judges the finance system's answers: the one place that decides what follows from each."""

import random
from datetime import timedelta
from typing import NamedTuple

import msgspec

from app.operations.finance.payloads import Receipt
from app.operations.webhooks.sending import Attempt
from app.tables.finance import FinancePushStatus

FIRST_PAUSE_SECONDS = 5
MAX_PAUSE_SECONDS = 900
"""Pauses double from the first to this."""
JITTER = 0.1
MAX_RETRY_AFTER_SECONDS = 86_400
MAX_EXTERNAL_ID_LENGTH = 200

_BOOKED = (200, 201)
_SETTINGS_FAULT = frozenset({401, 403, 407, *range(300, 400)})
"""The request was not looked at: the secret or the URL is not the right one. All pushes fail alike."""
_LATER = frozenset({408, 409, 425, 429})


class Judgement(NamedTuple):
    """What follows from an attempt. error: None for a push that is SENT. is_unavailable: the finance system takes no
    push at present, whatever it says.
    """

    status: FinancePushStatus
    error: str | None = None
    external_id: str | None = None
    is_unavailable: bool = False


def judge(attempt: Attempt) -> Judgement:
    """200 and 201: SENT. No answer, 5xx, 3xx, 401, 403, 407, 408, 409, 425, 429: PENDING, so tried again. All else,
    such as 400, 404 and 422: BLOCKED, since the same bytes would be refused again.
    """
    status = attempt.status
    if status is None:
        return Judgement(FinancePushStatus.PENDING, attempt.error, is_unavailable=True)
    if status in _BOOKED:
        return Judgement(FinancePushStatus.SENT, external_id=_external_id(attempt.body))
    if status >= 500 or status in _SETTINGS_FAULT:
        return Judgement(FinancePushStatus.PENDING, f"the finance system answered {status}", is_unavailable=True)
    if status in _LATER:
        return Judgement(
            FinancePushStatus.PENDING, f"the finance system answered {status}", is_unavailable=status == 429
        )
    return Judgement(FinancePushStatus.BLOCKED, f"the finance system answered {status}")


def pause_after(attempts: int, attempt: Attempt) -> timedelta:
    """How long the next attempt waits, after so many before this one; at least as long as Retry-After asks."""
    doubled = min(FIRST_PAUSE_SECONDS * 2 ** min(attempts, 20), MAX_PAUSE_SECONDS)
    pause = doubled * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter
    return timedelta(seconds=max(pause, min(attempt.retry_after, MAX_RETRY_AFTER_SECONDS)))


def _external_id(body: str | None) -> str | None:
    """Reads the receipt. What is not one has no external id: the push is booked all the same."""
    try:
        found = msgspec.json.decode((body or "").encode(), type=Receipt).external_id
    except msgspec.DecodeError:
        return None
    return None if found is None else found[:MAX_EXTERNAL_ID_LENGTH]
