"""The list of all codes: in problems, errors, records and the log.

`docs/errors.md` says what to do for each, and a test compares it with this list.
"""

from enum import StrEnum
from typing import Any

from app.operations.calls import audit
from app.operations.calls.refusal import ProblemCode
from app.schema import receivable_enums  # noqa: F401 - describes its enums before types use them
from app.schema.enums import describe


class ErrorCode(StrEnum):
    """Every ProblemCode, every code of a rejected event, and every `extensions.code`."""

    ADDON_INACTIVE = "ADDON_INACTIVE"
    ALREADY_ATTACHED = "ALREADY_ATTACHED"
    ALREADY_SUBSCRIBED = "ALREADY_SUBSCRIBED"
    AMOUNT_TOO_LARGE = "AMOUNT_TOO_LARGE"
    BAD_REQUEST = "BAD_REQUEST"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    CONFIRMATION_REQUIRED = "CONFIRMATION_REQUIRED"
    CONFLICT = "CONFLICT"
    CREDIT_EXCEEDS_LINE = "CREDIT_EXCEEDS_LINE"
    CREDIT_TOO_SMALL = "CREDIT_TOO_SMALL"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    DRAFT_STALE = "DRAFT_STALE"
    EVENTS_MISSED = "EVENTS_MISSED"
    FORBIDDEN = "FORBIDDEN"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    ID_REUSED = "ID_REUSED"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    INVALID_ID = "INVALID_ID"
    INVALID_INSTANT = "INVALID_INSTANT"
    INVALID_SOURCE = "INVALID_SOURCE"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    INVOICE_NOT_DRAFT = "INVOICE_NOT_DRAFT"
    INVOICE_NOT_ISSUED = "INVOICE_NOT_ISSUED"
    INVOICE_PAID = "INVOICE_PAID"
    IN_THE_FUTURE = "IN_THE_FUTURE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    LINK_EXPIRED = "LINK_EXPIRED"
    LINK_INVALID = "LINK_INVALID"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NEGATIVE_QUANTITY = "NEGATIVE_QUANTITY"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    NOT_FOUND = "NOT_FOUND"
    NOT_SUBSCRIBED = "NOT_SUBSCRIBED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    PERIOD_NOT_ENDED = "PERIOD_NOT_ENDED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    PLAN_NOT_PUBLISHED = "PLAN_NOT_PUBLISHED"
    QUANTITY_NOT_FINITE = "QUANTITY_NOT_FINITE"
    QUANTITY_OUT_OF_RANGE = "QUANTITY_OUT_OF_RANGE"
    RATE_LIMITED = "RATE_LIMITED"
    REQUEST_HEADERS_TOO_LARGE = "REQUEST_HEADERS_TOO_LARGE"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    SLUG_TAKEN = "SLUG_TAKEN"
    SUPPLIER_INCOMPLETE = "SUPPLIER_INCOMPLETE"
    TENANT_CLOSED = "TENANT_CLOSED"
    TIMEOUT = "TIMEOUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNKNOWN_DEPLOYMENT = "UNKNOWN_DEPLOYMENT"
    UNKNOWN_RESOURCE = "UNKNOWN_RESOURCE"
    UNKNOWN_RESOURCE_KIND = "UNKNOWN_RESOURCE_KIND"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    VALIDATION_FAILED = "VALIDATION_FAILED"


def _described(enum: Any) -> dict[str, str]:
    return {value.name: value.description for value in enum.__strawberry_definition__.values}


describe(
    ErrorCode,
    "The code of a refusal or failure. Problems, rejected events, failures and errors share these codes.",
    **_described(ProblemCode),
    BAD_REQUEST="The request is malformed.",
    BAD_USER_INPUT="An input value is not valid; `inputPath` or `path` leads to it.",
    EVENTS_MISSED="The GraphQL subscription was ended because events may have been missed.",
    FORBIDDEN="The caller's roles do not allow it.",
    GRAPHQL_PARSE_FAILED="The document is not valid GraphQL syntax.",
    GRAPHQL_VALIDATION_FAILED="The document does not match the schema.",
    INTERNAL_SERVER_ERROR="An internal error of the service; the log has the details under the error id.",
    LIMIT_EXCEEDED="The document or its variables exceed a limit.",
    LINK_EXPIRED="The signed link to a document or an export has expired.",
    LINK_INVALID="The signed link to a document or an export was altered, or its secret is no longer accepted.",
    METHOD_NOT_ALLOWED="The address does not support this HTTP method.",
    NOT_ACCEPTABLE="The service cannot produce any media type that the Accept header allows.",
    OPERATION_RESOLUTION_FAILURE="The document has no operation of the given name, or several and none was named.",
    OUTCOME_UNKNOWN="The connection was lost while saving, so the change may or may not have been made.",
    PAYLOAD_TOO_LARGE="The request is too large.",
    PERSISTED_QUERY_NOT_FOUND="No trusted document has the given id or hash.",
    PERSISTED_QUERY_NOT_SUPPORTED="The service is not configured with trusted documents.",
    RATE_LIMITED="The caller has exceeded its rate limit.",
    REQUEST_HEADERS_TOO_LARGE="The request's headers are too large.",
    SERVICE_UNAVAILABLE="The service is temporarily unavailable.",
    TIMEOUT="The operation took too long.",
    UNAUTHENTICATED="The token is missing or not valid.",
    UNSUPPORTED_MEDIA_TYPE="The media type or encoding of the body is not supported.",
    INVALID_ID="The event's id is not a text of 1 to 200 characters.",
    INVALID_SOURCE="The event's source is not a text of 1 to 200 characters.",
    UNKNOWN_DEPLOYMENT="The deployment does not exist.",
    UNKNOWN_RESOURCE_KIND="The resource kind does not exist.",
    UNKNOWN_RESOURCE="The deployment has no resource with this id.",
    QUANTITY_NOT_FINITE="The quantity is not a finite number.",
    NEGATIVE_QUANTITY="The quantity is below 0.",
    QUANTITY_OUT_OF_RANGE="The quantity is too large or has too many decimal places.",
    INVALID_INSTANT="The time is outside the years that can be recorded.",
    IN_THE_FUTURE="The time is in the future.",
    ID_REUSED="A different event was already recorded with this id.",
)

_RECORDED = {
    audit.DONE: None,
    audit.REPLAYED: None,
    audit.FAILED: ErrorCode.INTERNAL_SERVER_ERROR,
    audit.UNKNOWN: ErrorCode.OUTCOME_UNKNOWN,
    "INTERNAL_ERROR": ErrorCode.INTERNAL_SERVER_ERROR,
}
"""Codes that are recorded under another name: audit outcomes, and failures of rollups."""


def reason_of(recorded: str) -> ErrorCode | None:
    """Returns the error code of an outcome recorded in the audit log; None for a success."""
    return _RECORDED[recorded] if recorded in _RECORDED else ErrorCode(recorded)


def top_level_code(problem: ProblemCode) -> ErrorCode:
    """Returns the `extensions.code` of a refusal that is returned as an error."""
    return ErrorCode.FORBIDDEN if problem is ProblemCode.PERMISSION_DENIED else ErrorCode.BAD_USER_INPUT
