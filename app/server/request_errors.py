"""Every way in which a request is refused before or instead of GraphQL's own answer, and its body."""

import logging
import uuid
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.exceptions import HTTPException

from app.database.errors import CommitUnknown, DatabaseNotMigrated, DatabaseUnavailable, DatabaseUnsuitable
from app.operations.rate_limits import RateLimitedError
from app.server.auth import UnauthenticatedError
from app.server.keys import KeysUnavailableError

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 2


class Code(StrEnum):
    """`extensions.code` of the edge's errors. Those of documents and fields are named where they are found."""

    BAD_REQUEST = "BAD_REQUEST"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    FORBIDDEN = "FORBIDDEN"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    NOT_FOUND = "NOT_FOUND"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    RATE_LIMITED = "RATE_LIMITED"
    REQUEST_HEADERS_TOO_LARGE = "REQUEST_HEADERS_TOO_LARGE"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    TIMEOUT = "TIMEOUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"


_HTTP: dict[int, tuple[Code, str]] = {
    HTTPStatus.NOT_FOUND: (Code.NOT_FOUND, "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: (Code.METHOD_NOT_ALLOWED, "This address does not answer that method."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (Code.PAYLOAD_TOO_LARGE, "The request is too large."),
}


class RequestError(Exception):
    """A refusal: its HTTP status, its `extensions.code`, a sentence for the client, and headers."""

    def __init__(self, status: int, code: Code, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.error_id: str | None = None

    def errors(self, request_id: str) -> list[dict[str, Any]]:
        extensions: dict[str, Any] = {"code": self.code.value, "requestId": request_id}
        if "retry-after" in self.headers:  # over a socket there is no header
            extensions["retryAfter"] = int(self.headers["retry-after"])
        if self.error_id is not None:
            extensions["errorId"] = self.error_id
        return [{"message": self.message, "extensions": extensions}]

    def body(self, request_id: str) -> bytes:
        return msgspec.json.encode({"errors": self.errors(request_id)})


def request_error_of(error: BaseException, request_id: str) -> RequestError:  # noqa: PLR0911  # a table of errors
    """What the client is told of an error. One that is nobody's doing but ours is masked, and logged with its id."""
    match error:
        case RequestError():
            return error
        case UnauthenticatedError():
            challenge = {"www-authenticate": 'Bearer realm="arcadia"'}
            return RequestError(401, Code.UNAUTHENTICATED, str(error), headers=challenge)
        case RateLimitedError():
            return RequestError(429, Code.RATE_LIMITED, str(error), headers={"retry-after": str(error.retry_after)})
        case CommitUnknown():
            message = "The connection was lost while saving: look whether it was done before you repeat it."
            return RequestError(503, Code.OUTCOME_UNKNOWN, message)
        case DatabaseUnavailable() | KeysUnavailableError():
            seconds = error.retry_after if isinstance(error, DatabaseUnavailable) else RETRY_AFTER_SECONDS
            message = "The service is temporarily unavailable. Retry after the number of seconds in Retry-After."
            return RequestError(503, Code.SERVICE_UNAVAILABLE, message, headers={"retry-after": str(seconds)})
        case DatabaseNotMigrated():
            message = "The database is not at this version's schema: run `arcadia migrate`."
            return RequestError(
                503, Code.SERVICE_UNAVAILABLE, message, headers={"retry-after": str(RETRY_AFTER_SECONDS)}
            )
        case DatabaseUnsuitable():
            message = "The database is of another version or another billing time zone than this service."
            return RequestError(
                503, Code.SERVICE_UNAVAILABLE, message, headers={"retry-after": str(RETRY_AFTER_SECONDS)}
            )
        case HTTPException() if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return _of_http(error)
        case TimeoutError():
            message = "The operation took too long: if it changes anything, look whether it did before you repeat it."
            return RequestError(504, Code.TIMEOUT, message)
    return masked(error, request_id)


def _of_http(error: HTTPException) -> RequestError:
    """Litestar's own refusals; what it has to say beyond the status stays here."""
    code, message = _HTTP.get(error.status_code, (Code.BAD_REQUEST, "The request is malformed."))
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() != "allow"}
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # Litestar counts a path's socket among its methods.
        allowed = next((value for name, value in (error.headers or {}).items() if name.lower() == "allow"), "")
        headers["allow"] = ", ".join(sorted(method for method in allowed.split(", ") if method.isupper()))
    return RequestError(error.status_code, code, message, headers=headers)


def masked(error: BaseException, request_id: str) -> RequestError:
    """Nothing of a bug leaves but the id under which the log has it."""
    fault = RequestError(
        500, Code.INTERNAL_SERVER_ERROR, "Something went wrong here; the error id finds it in our log."
    )
    fault.error_id = str(uuid.uuid4())
    log.error(
        "unexpected error",
        exc_info=error,
        extra={"error_id": fault.error_id, "request_id": request_id, "error": type(error).__name__},
    )
    return fault
