"""The messages of the graphql-transport-ws protocol, and its close codes."""

from enum import IntEnum
from typing import Any

import msgspec

from app.operations.rate_limits import OperationCharge
from app.server.cost_extension import cost_of

MAX_REASON_BYTES = 123
"""The maximum in a close frame (RFC 6455, section 5.5)."""


class Close(IntEnum):
    """The protocol's close codes."""

    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITS = 4429
    POLICY_VIOLATION = 1008
    TRY_AGAIN_LATER = 1013


class ClosingError(Exception):
    """The client violated the protocol, or the socket must be closed for another reason."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")


class Message(msgspec.Struct):
    type: str
    id: str | None = None
    payload: msgspec.Raw = msgspec.Raw(b"null")


class _RequestError(msgspec.Struct):
    errors: list[dict[str, Any]]


messages = msgspec.json.Decoder(Message)
_request_errors = msgspec.json.Decoder(_RequestError)


def errors_of(body: bytes) -> list[dict[str, Any]]:
    """Returns the errors of an operation that was not executed."""
    return _request_errors.decode(body).errors


def with_costs(errors: list[dict[str, Any]], charge: OperationCharge) -> bytes:
    """Returns the payload of an `error` message. The protocol allows only errors in it, so the cost is put into each
    error's extensions.
    """
    cost = msgspec.Raw(cost_of(charge))
    return msgspec.json.encode([{**e, "extensions": {**e.get("extensions", {}), "cost": cost}} for e in errors])


def framed(kind: str, name: str, payload: bytes | None = None) -> bytes:
    head = b'{"id":' + msgspec.json.encode(name) + b',"type":"' + kind.encode() + b'"'
    return head + (b"}" if payload is None else b',"payload":' + payload + b"}")
