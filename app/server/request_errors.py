"""The errors with which a request is refused before GraphQL executes it, and their response bodies."""

import logging
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.exceptions import HTTPException

from app.database.errors import CommitUnknown, DatabaseNotMigrated, DatabaseUnavailable, DatabaseUnsuitable
from app.operations.rate_limits import RateLimitedError
from app.schema.codes import ErrorCode
from app.server.auth import UnauthenticatedError
from app.server.keys import KeysUnavailableError

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2


_HTTP: dict[int, tuple[ErrorCode, str]] = {
    HTTPStatus.NOT_FOUND: (ErrorCode.NOT_FOUND, "Not found: no resource has this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        ErrorCode.METHOD_NOT_ALLOWED,
        "This address does not support the request's method: use one of the Allow header.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (ErrorCode.PAYLOAD_TOO_LARGE, "The request is too large."),
}


class RequestError(Exception):
    """A refused request: its HTTP status, its `extensions.code`, a message for the client, and headers."""

    def __init__(self, status: int, code: ErrorCode, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.error_id: str | None = None

    def errors(self, request_id: str) -> list[dict[str, Any]]:
        extensions: dict[str, Any] = {"code": self.code.value, "requestId": request_id}
        if "retry-after" in self.headers:  # over a socket there are no headers
            extensions["retryAfter"] = int(self.headers["retry-after"])
        if self.error_id is not None:
            extensions["errorId"] = self.error_id
        return [{"message": self.message, "extensions": extensions}]

    def body(self, request_id: str) -> bytes:
        return msgspec.json.encode({"errors": self.errors(request_id)})


def request_error_of(error: BaseException, request_id: str) -> RequestError:  # noqa: PLR0911  # a table of errors
    """Returns an error as the client sees it. An internal error is masked, and logged with its id."""
    match error:
        case RequestError():
            return error
        case UnauthenticatedError():
            challenge = {"www-authenticate": 'Bearer realm="arcadia"'}
            return RequestError(401, ErrorCode.UNAUTHENTICATED, str(error), headers=challenge)
        case RateLimitedError():
            return RequestError(
                429, ErrorCode.RATE_LIMITED, str(error), headers={"retry-after": str(error.retry_after)}
            )
        case CommitUnknown():
            message = "The connection was lost while saving: check whether the change was made before repeating it."
            return RequestError(503, ErrorCode.OUTCOME_UNKNOWN, message)
        case DatabaseUnavailable() | KeysUnavailableError():
            seconds = error.retry_after if isinstance(error, DatabaseUnavailable) else RETRY_AFTER_SECONDS
            message = "The service is temporarily unavailable. Retry after the number of seconds in Retry-After."
            return RequestError(503, ErrorCode.SERVICE_UNAVAILABLE, message, headers={"retry-after": str(seconds)})
        case DatabaseNotMigrated():
            message = "The database's schema is not the one of this version: run `arcadia migrate`."
            return RequestError(
                503, ErrorCode.SERVICE_UNAVAILABLE, message, headers={"retry-after": str(RETRY_AFTER_SECONDS)}
            )
        case DatabaseUnsuitable():
            message = "The database has another schema version or billing time zone than this service."
            return RequestError(
                503, ErrorCode.SERVICE_UNAVAILABLE, message, headers={"retry-after": str(RETRY_AFTER_SECONDS)}
            )
        case HTTPException() if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return _of_http(error)
        case TimeoutError():
            message = "The operation took too long: if it changes data, check whether it did before repeating it."
            return RequestError(504, ErrorCode.TIMEOUT, message)
    return masked(error, request_id)


def _of_http(error: HTTPException) -> RequestError:
    """Converts Litestar's own refusals; their details are not sent to the client."""
    code, message = _HTTP.get(error.status_code, (ErrorCode.BAD_REQUEST, "The request is malformed."))
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() != "allow"}
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # Litestar includes a path's socket among its methods.
        allowed = next((value for name, value in (error.headers or {}).items() if name.lower() == "allow"), "")
        headers["allow"] = ", ".join(sorted(method for method in allowed.split(", ") if method.isupper()))
    return RequestError(error.status_code, code, message, headers=headers)


def masked(error: BaseException, request_id: str) -> RequestError:
    """Logs a bug and returns an error that contains only its id."""
    fault = RequestError(
        500,
        ErrorCode.INTERNAL_SERVER_ERROR,
        "Internal server error: report the errorId to the operator, who finds the details in the log.",
    )
    fault.error_id = str(uuid.uuid4())
    log.error(
        "unexpected error",
        exc_info=error,
        extra={"error_id": fault.error_id, "request_id": request_id, "error": type(error).__name__},
    )
    return fault
