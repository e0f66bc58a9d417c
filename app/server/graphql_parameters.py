"""A GraphQL request: one JSON object in a body, a query string or a socket's message."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from graphql import GraphQLError, OperationDefinitionNode, OperationType

from app.schema.codes import ErrorCode
from app.schema.limits import MAX_INPUT_LIST, parse_document
from app.schema.scalars import read_number
from app.server.request_errors import RequestError

MAX_REQUEST_BYTES = 2_097_152
"""Large enough for the largest allowed list, 1,000 events whose texts have 200 characters of any script, and a
document.
"""


class Parameters(msgspec.Struct, frozen=True, rename="camel"):
    query: str | None = None
    document_id: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


_FIRST_OPERATION = re.compile(r"\s*(?:query|mutation|subscription)\s+([_A-Za-z]\w{0,127})")

_decoder = msgspec.json.Decoder(Parameters, float_hook=read_number)
_values = msgspec.json.Decoder(float_hook=read_number)


def decode_parameters(body: bytes) -> Parameters:
    """Parses a request. Raises RequestError if it is not well-formed."""
    with _decoding():
        parameters = _decoder.decode(body)
    if len(body) > 2 * MAX_INPUT_LIST or b"\\u0000" in body:  # a shorter body cannot contain a list that is too long
        check_variables(parameters.variables)
    return parameters


def decode_query_string(query_string: bytes) -> Parameters:
    """Parses the parameters of a GET, of which `variables` and `extensions` are JSON texts."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError as error:
        raise RequestError(400, ErrorCode.BAD_REQUEST, "The query string is malformed.") from error
    members: dict[str, Any] = {}
    with _decoding():
        for name, text in pairs:
            members[name] = _values.decode(text) if name in {"variables", "extensions"} else text
        parameters = msgspec.convert(members, Parameters)
    check_variables(parameters.variables)
    return parameters


@contextmanager
def _decoding() -> Iterator[None]:
    try:
        yield
    except msgspec.ValidationError as error:
        raise RequestError(400, ErrorCode.BAD_REQUEST, f"This is not a GraphQL request: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(
            400, ErrorCode.BAD_REQUEST, "The request is not JSON in UTF-8, or is nested too deeply."
        ) from error


def check_variables(variables: dict[str, Any] | None) -> None:
    """Refuses lists that are too long, and U+0000, which PostgreSQL cannot store."""
    waiting: list[Iterable[Any]] = [[variables]]
    while waiting:
        for value in waiting.pop():
            if isinstance(value, str):
                if "\0" in value:
                    raise RequestError(
                        400, ErrorCode.BAD_USER_INPUT, "A variable contains U+0000, which cannot be stored: remove it."
                    )
            elif isinstance(value, dict):
                waiting.append(value.values())
            elif isinstance(value, list):
                if len(value) > MAX_INPUT_LIST:
                    message = f"A variable contains a list of {len(value)} items; the limit is {MAX_INPUT_LIST}."
                    raise RequestError(400, ErrorCode.LIMIT_EXCEEDED, message)
                waiting.append(value)


def fingerprint(parameters: Parameters) -> str:
    """Returns the fingerprint of a request: 64 hexadecimal digits, which do not depend on how its
    JSON was formatted.
    """
    request_parts = [parameters.query, parameters.document_id, parameters.operation_name, parameters.variables]
    if parameters.query is None and parameters.document_id is None:
        request_parts.append(parameters.extensions)
    return sha256(msgspec.json.encode(request_parts, order="deterministic")).hexdigest()


def operation_name(requested_name: str | None, text: str) -> str | None:
    """Returns the operation's name for the log: the one in the request, or that of the document's first operation."""
    if requested_name is not None:
        return requested_name
    match = _FIRST_OPERATION.match(text)
    return match[1] if match else None


def operation_type(text: str, operation_name: str | None) -> OperationType | None:
    """Returns the type of the requested operation; None if the document does not have it: executing it reports the
    error.
    """
    try:
        document = parse_document(text)
    except GraphQLError:
        return None
    types = [
        definition.operation
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        and operation_name in {None, definition.name.value if definition.name else None}
    ]
    return types[0] if len(types) == 1 else None
