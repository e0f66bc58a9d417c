"""GraphQL over HTTP, according to the specification's drafts from 2023-11 on.

It is bare ASGI: it reads and writes bytes, sends the executor's response unchanged, and never creates a request object.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import nullcontext
from typing import Any

from graphql import OperationType
from litestar.response.base import ASGIResponse

from app.database.commit_positions import LastCommitPosition, noting_writes
from app.operations.calls.call import RequestMetadata
from app.operations.calls.principal import Principal
from app.operations.rate_limits import OperationCharge
from app.schema.codes import ErrorCode
from app.server.concurrency import ConcurrencyLimit
from app.server.cost_extension import with_cost
from app.server.document_policy import DocumentPolicy
from app.server.executor_protocol import Answer
from app.server.explain import HEADER as EXPLAIN_HEADER
from app.server.explain import SqlExplanation, asked_explanation, explaining
from app.server.graphql_parameters import (
    MAX_REQUEST_BYTES,
    Parameters,
    decode_parameters,
    decode_query_string,
    fingerprint,
    operation_name,
    operation_type,
)
from app.server.negotiation import GRAPHQL_RESPONSE, JSON, check_content_type, response_type, wants_page
from app.server.operation_metrics import OTHER, CountedOperation
from app.server.recent_writes import HEADER, read_after_position
from app.server.request_errors import RequestError, request_error_of
from app.server.request_log import note
from app.server.request_traces import traced_operation
from app.server.response_headers import SECURITY_HEADERS, client_address_of, request_id_of, send_answer
from app.server.service import GraphQLService, raise_if_unavailable
from app.server.unpacking import encoding_of, unpacked
from app.server.uploads import Pace
from app.tracing import describe_span

MAX_BODY_BYTES = MAX_REQUEST_BYTES
MAX_BODIES_PER_CALLER = 16
"""How many bodies that arrive in several pieces a caller may be sending at once."""
_ALLOWED = "GET, OPTIONS, POST"
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")
_HEADERS = {
    media_type: (*SECURITY_HEADERS, (b"content-type", f"{media_type}; charset=utf-8".encode()))
    for media_type in (JSON, GRAPHQL_RESPONSE)
}


_NOT_EXPLAINING = nullcontext()


class GraphQLEndpoint:
    """An ASGI application: GET and POST at one address. `page` is sent to browsers."""

    def __init__(self, service: GraphQLService[Any], page: Callable[[], ASGIResponse] | None) -> None:
        self._service = service
        self._page = page
        self._uploads = ConcurrencyLimit("unfinished request bodies", MAX_BODIES_PER_CALLER)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = request_id_of(scope)
        if scope["method"] == "GET" and self._page is not None and wants_page(_text(headers, b"accept")):
            await self._page()(scope, receive, send)
            return
        media_type, extra, charge, written = JSON, {}, None, LastCommitPosition()
        explanation: SqlExplanation | None = None
        measured = CountedOperation()
        try:
            media_type = response_type(_text(headers, b"accept"))
            principal = await self._signed_in(scope, headers)
            charge = self._service.rate_limiter.charge(principal)
            if self._service.explains and EXPLAIN_HEADER in headers and principal.is_platform_admin:
                explanation = asked_explanation(headers[EXPLAIN_HEADER])
            with noting_writes(written), explaining(explanation) if explanation else _NOT_EXPLAINING:
                answer = await self._answer(scope, headers, receive, principal, charge, measured=measured)
            self._service.recent_writes.note(principal, written.position)
            status = 400 if media_type is GRAPHQL_RESPONSE and not answer.executed else 200
            body = answer.body
            measured.answered("errors" if answer.errors else "ok")
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is becomes an answer, and a bug is logged
            fault = request_error_of(error, request_id)
            note(code=fault.code)
            describe_span({"arcadia.error_code": fault.code})
            measured.answered(fault.code)
            status, body, extra = fault.status, fault.body(request_id), fault.headers
        if charge is not None:
            body = with_cost(body, charge, written.position, explanation)
        headers_sent = [*_HEADERS[media_type], *((name.encode(), value.encode()) for name, value in extra.items())]
        await send_answer(send, request_id, status, headers_sent, body)

    async def _signed_in(self, scope: Any, headers: Mapping[bytes, bytes]) -> Principal:
        if scope["method"] not in {"POST", "GET"}:
            raise _unanswered(scope["method"])
        session = await self._service.signed_in(_text(headers, b"authorization"), client_address_of(scope))
        return session.principal

    async def _answer(
        self,
        scope: Any,
        headers: Mapping[bytes, bytes],
        receive: Any,
        principal: Principal,
        charge: OperationCharge,
        *,
        measured: CountedOperation,
    ) -> Answer:
        service = self._service
        charge.check()
        if scope["method"] == "POST":
            check_content_type(_text(headers, b"content-type"))
            parameters = decode_parameters(await _body(headers, receive, self._uploads, principal))
            text = service.documents.text_of(parameters, principal)
        else:
            parameters = decode_query_string(scope["query_string"])
            text = _text_to_run(service.documents, parameters, principal)
        measured.name = service.documents.trusted_name(text) or OTHER
        note(operation=operation_name(parameters.operation_name, text))
        request = service.new_request(principal, _metadata(scope, headers, parameters), charge)
        with traced_operation(text, parameters, measured.name, request_id_of(scope), principal):
            async with asyncio.timeout(service.time_limit):
                answer = await service.executor.execute(text, parameters.variables, parameters.operation_name, request)
            if answer.errors:
                describe_span({}, failed=True)
        if answer.errors:
            raise_if_unavailable(answer)
        if not answer.executed:
            await charge.pay_for_refusal(answer.cost, answer.reading_cost)
        return answer


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _unanswered(method: str) -> RequestError:
    message = "This address does not support the request's method: use one of the Allow header."
    return RequestError(405, ErrorCode.METHOD_NOT_ALLOWED, message, headers={"allow": _ALLOWED})


async def _body(headers: Mapping[bytes, bytes], receive: Any, uploads: ConcurrencyLimit, principal: Principal) -> bytes:
    """Returns the whole body, decompressed. Raises RequestError (408, 413, 415, 429) as early as possible, and 400 if
    the client disconnects before the end.
    """
    encoding = encoding_of(_text(headers, b"content-encoding")) if b"content-encoding" in headers else None
    if int(headers.get(b"content-length", b"0")) > MAX_BODY_BYTES:
        raise _too_large()
    pace = Pace()
    message = await pace.wait(receive())
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        with uploads.one(principal):
            message, body = await _rest(body, receive, pace)
    if message["type"] == "http.disconnect":
        raise RequestError(400, ErrorCode.BAD_REQUEST, "The request ended before its body was complete.")
    return await _unpacked(body, encoding) if encoding else body


async def _rest(body: bytes, receive: Any, pace: Pace) -> tuple[Any, bytes]:
    """Receives the rest of a request's body; returns the last ASGI message and the whole body."""
    parts, size = [body], len(body)
    while True:
        pace.received(len(parts[-1]))
        message = await pace.wait(receive())
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            raise _too_large()
        if not message.get("more_body"):
            return message, b"".join(parts)


async def _unpacked(body: bytes, encoding: str) -> bytes:
    async def whole() -> AsyncIterator[bytes]:
        yield body

    parts, size = [], 0
    async for part in unpacked(whole(), encoding):
        parts.append(part)
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise _too_large()
    return b"".join(parts)


def _too_large() -> RequestError:
    return RequestError(
        413, ErrorCode.PAYLOAD_TOO_LARGE, f"The request is larger than {MAX_BODY_BYTES // 1_048_576} MB."
    )


def _text_to_run(documents: DocumentPolicy, parameters: Parameters, by: Principal) -> str:
    """Returns the text of the GraphQL document to execute. A GET must be safe (RFC 9110, section 9.2.1), so only a
    query may be sent by GET.
    """
    text = documents.text_of(parameters, by)
    if operation_type(text, parameters.operation_name) not in {OperationType.QUERY, None}:
        raise RequestError(
            405, ErrorCode.METHOD_NOT_ALLOWED, "Only a query may be sent by GET.", headers={"allow": "POST"}
        )
    return text


def _metadata(scope: Any, headers: Mapping[bytes, bytes], parameters: Parameters) -> RequestMetadata:
    after = read_after_position(_text(headers, HEADER))
    if b"idempotency-key" not in headers:
        return RequestMetadata(request_id_of(scope), client_address_of(scope), read_after=after)
    key = _text(headers, b"idempotency-key")
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        message = "The Idempotency-Key must be 1 to 255 ASCII characters without spaces."
        raise RequestError(400, ErrorCode.BAD_REQUEST, message)
    return RequestMetadata(request_id_of(scope), client_address_of(scope), key, fingerprint(parameters), after)
