"""Formats GraphQL errors for responses."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError

from app.schema.codes import ErrorCode
from app.server.request_errors import request_error_of
from app.server.response_headers import current_request_id


def show_error(error: GraphQLError, _request: object = None) -> Mapping[str, Any]:
    """Formats an error. One with a code is meant for the client; one without is converted as HTTP errors are, and
    masked if it is a bug.
    """
    request_id = current_request_id.get()
    formatted: dict[str, Any] = dict(error.formatted)
    extensions = dict(error.extensions or {})
    cause = error.original_error
    if "code" in extensions:
        return {**formatted, "extensions": {**extensions, "requestId": request_id}}
    if cause is None or isinstance(cause, GraphQLError):  # graphql-core's message about the caller's input
        return {**formatted, "extensions": {"code": ErrorCode.BAD_USER_INPUT.value, "requestId": request_id}}
    (masked_error,) = request_error_of(cause, request_id).errors(request_id)
    return {**formatted, **masked_error}
