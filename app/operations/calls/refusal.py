"""Refusals of input that a caller can correct. Each becomes a Problem of the API, or a message of the command line."""

from collections.abc import Sequence
from enum import StrEnum

from app.billing import DeploymentState


class ProblemCode(StrEnum):
    NOT_FOUND = "NOT_FOUND"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    SLUG_TAKEN = "SLUG_TAKEN"
    ALREADY_SUBSCRIBED = "ALREADY_SUBSCRIBED"
    NOT_SUBSCRIBED = "NOT_SUBSCRIBED"
    PLAN_NOT_PUBLISHED = "PLAN_NOT_PUBLISHED"
    ADDON_INACTIVE = "ADDON_INACTIVE"
    INVOICE_NOT_DRAFT = "INVOICE_NOT_DRAFT"
    INVOICE_PAID = "INVOICE_PAID"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    PERIOD_NOT_ENDED = "PERIOD_NOT_ENDED"
    CONFLICT = "CONFLICT"
    DRAFT_STALE = "DRAFT_STALE"
    AMOUNT_TOO_LARGE = "AMOUNT_TOO_LARGE"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    ALREADY_ATTACHED = "ALREADY_ATTACHED"
    CONFIRMATION_REQUIRED = "CONFIRMATION_REQUIRED"
    TENANT_CLOSED = "TENANT_CLOSED"
    INVOICE_NOT_ISSUED = "INVOICE_NOT_ISSUED"
    CREDIT_EXCEEDS_LINE = "CREDIT_EXCEEDS_LINE"
    CREDIT_TOO_SMALL = "CREDIT_TOO_SMALL"
    SUPPLIER_INCOMPLETE = "SUPPLIER_INCOMPLETE"


class Refusal(Exception):
    """The refusal of a request by an operation, which has written nothing. `path` leads to the input value, with the
    API's names; empty: the whole input.
    """

    def __init__(self, code: ProblemCode, message: str, path: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = tuple(path)


class InvalidTransitionRefusal(Refusal):
    """The transition table does not allow this transition for the caller; `allowed` are the states that it
    does allow.
    """

    def __init__(
        self, from_state: DeploymentState, to_state: DeploymentState, allowed: tuple[DeploymentState, ...]
    ) -> None:
        where = f"allowed next states: {', '.join(allowed)}" if allowed else "no transition is allowed from this state"
        super().__init__(
            ProblemCode.INVALID_TRANSITION,
            f"a deployment cannot go from {from_state} to {to_state}; {where}",
            ("to",),
        )
        self.from_state = from_state
        self.to_state = to_state
        self.allowed = allowed
