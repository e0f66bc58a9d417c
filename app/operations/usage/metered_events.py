"""A metered event as it is received, and its possible errors."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

import msgspec

from app.billing import quantity_fault
from app.operations.calls import validation

MAX_KEY_LENGTH = 200
FUTURE_ALLOWED = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS = 86_400


class MeteredEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One metered usage event. (source, id) is its idempotency key within the deployment's tenant."""

    id: str
    source: str = "api"
    deployment_id: UUID
    resource_kind: str
    quantity: Decimal
    occurred_at: datetime
    resource_id: UUID | None = None


MALFORMED = "MALFORMED_EVENT"
"""The code of a rejected line that is not an event."""


class UsageFault(StrEnum):
    """Why an event is rejected. Part of the API: clients use the code to decide what to correct."""

    INVALID_ID = "INVALID_ID"
    INVALID_SOURCE = "INVALID_SOURCE"
    UNKNOWN_DEPLOYMENT = "UNKNOWN_DEPLOYMENT"
    UNKNOWN_RESOURCE_KIND = "UNKNOWN_RESOURCE_KIND"
    UNKNOWN_RESOURCE = "UNKNOWN_RESOURCE"
    QUANTITY_NOT_FINITE = "QUANTITY_NOT_FINITE"
    NEGATIVE_QUANTITY = "NEGATIVE_QUANTITY"
    QUANTITY_OUT_OF_RANGE = "QUANTITY_OUT_OF_RANGE"
    INVALID_INSTANT = "INVALID_INSTANT"
    IN_THE_FUTURE = "IN_THE_FUTURE"
    ID_REUSED = "ID_REUSED"


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """A rejected event. `index` is its position in the batch, from 0."""

    index: int
    code: UsageFault
    message: str


InputFault = tuple[UsageFault, str]


def usage_fault_of(event: MeteredEvent, now: datetime) -> InputFault | None:
    """Returns what is wrong with a usage event, judged by its own fields only, or None."""
    if not _is_key(event.id):
        return UsageFault.INVALID_ID, f"id must be one line of text of 1 to {MAX_KEY_LENGTH} characters"
    if not _is_source(event.source):
        return UsageFault.INVALID_SOURCE, f"source must be one line of text of 1 to {MAX_KEY_LENGTH} characters"
    return _quantity_fault(event.quantity) or _instant_fault(event.occurred_at, now)


def epoch_microseconds(instant: datetime) -> int:
    """Returns the microseconds since 1970 of an instant in any zone."""
    since = instant - _EPOCH
    return (since.days * _DAY_SECONDS + since.seconds) * 1_000_000 + since.microseconds


def fingerprint(event: MeteredEvent, deployment: str, quantity: str, instant: int) -> bytes:
    """Returns the fingerprint of a usage event: 16 bytes that are equal for two events only if their content is equal.
    1.5 equals 1.50, and instants are compared independent of their time zone.

    It is made of the text of the deployment's id, decimal_text of the quantity, and the instant in microseconds.
    Fingerprints are stored permanently, so the algorithm must never change.
    """
    content = f"{deployment} {event.resource_kind} {quantity} {instant}"
    if event.resource_id is not None:
        content = f"{content} {event.resource_id}"
    return sha256(content.encode()).digest()[:16]


def _is_key(text: str) -> bool:
    return 0 < len(text) <= MAX_KEY_LENGTH and validation.text_fault(text) is None


_is_source = lru_cache(maxsize=1_024)(_is_key)  # few sources send many events


def _quantity_fault(quantity: Decimal) -> InputFault | None:
    if not (message := quantity_fault(quantity)):
        return None
    if not quantity.is_finite():
        return UsageFault.QUANTITY_NOT_FINITE, f"quantity {message}"
    if quantity < 0:
        return UsageFault.NEGATIVE_QUANTITY, f"quantity {message}"
    return UsageFault.QUANTITY_OUT_OF_RANGE, f"quantity {message}"


def _instant_fault(occurred_at: datetime, now: datetime) -> InputFault | None:
    if occurred_at.tzinfo is None:
        return UsageFault.INVALID_INSTANT, "occurredAt must have an offset from UTC"
    if occurred_at > now + FUTURE_ALLOWED:
        return UsageFault.IN_THE_FUTURE, "occurredAt is more than five minutes in the future"
    if occurred_at < validation.FIRST_INSTANT:
        return UsageFault.INVALID_INSTANT, f"occurredAt must not be before {validation.FIRST_INSTANT.date()}"
    return None
