"""GraphQL over HTTP, as its specification of 2023-11 and later drafts have it; the thin way in.

Bytes in, bytes out: the executor's answer is sent as it is.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic

from graphql import OperationType
from litestar import Request, get, post
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from app.database.errors import DatabaseUnavailable
from app.operations.call import Origin
from app.operations.principal import Principal
from app.server.auth import Authenticator, Session, UnauthenticatedError
from app.server.documents import DocumentPolicy
from app.server.edge import address, request_id
from app.server.executor import Answer, Executor, RequestT
from app.server.faults import Code, Fault, fault_of
from app.server.negotiation import GRAPHQL_RESPONSE, JSON, check_content_type, response_type, wants_page
from app.server.parameters import (
    Parameters,
    decode_parameters,
    decode_query_string,
    fingerprint,
    operation_type,
)

PATH = "/graphql"
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True, slots=True)
class GraphQLService(Generic[RequestT]):
    """What both transports answer with. `time_limit` is in seconds."""

    executor: Executor[RequestT]
    authenticator: Authenticator
    new_request: Callable[[Principal, Origin], RequestT]
    time_limit: float
    documents: DocumentPolicy = field(default_factory=DocumentPolicy)
    sign_in_refused: Callable[[str, str], None] = lambda _address, _reason: None
    """Told the address and the reason."""


def http_handlers(service: GraphQLService[Any], page: Callable[[], ASGIResponse] | None) -> list[HTTPRouteHandler]:
    """POST and GET at /graphql; `page` is what browsers get."""

    @post(PATH, status_code=200, name="graphql")
    async def execute(request: Request[Any, Any, Any]) -> ASGIResponse:
        return await _answered(service, request, _posted)

    @get(PATH, name="graphql-get")
    async def query(request: Request[Any, Any, Any]) -> ASGIResponse:
        if page is not None and wants_page(request.headers.get("accept", "")):
            return page()
        return await _answered(service, request, _queried)

    return [execute, query]


async def _posted(request: Request[Any, Any, Any]) -> Parameters:
    check_content_type(request.headers.get("content-type", ""))
    try:
        body = await request.body()
    except InternalServerException:  # Litestar's word for a client that left in the middle
        raise Fault(400, Code.BAD_REQUEST, "The request broke off.") from None
    return decode_parameters(body)


async def _queried(request: Request[Any, Any, Any]) -> Parameters:
    return decode_query_string(request.scope["query_string"])


def _text(service: GraphQLService[Any], request: Request[Any, Any, Any], parameters: Parameters, by: Principal) -> str:
    """What to run. A GET is safe (RFC 9110, section 9.2.1): it only ever queries."""
    text = service.documents.text_of(parameters, by)
    queries = {OperationType.QUERY, None}
    if request.method == "GET" and operation_type(text, parameters.operation_name) not in queries:
        raise Fault(405, Code.METHOD_NOT_ALLOWED, "Only a query may be sent by GET.", headers={"allow": "POST"})
    return text


async def _answered(
    service: GraphQLService[Any], request: Request[Any, Any, Any], read: Callable[[Request[Any, Any, Any]], Any]
) -> ASGIResponse:
    number = request_id(request.scope)
    media_type = JSON
    try:
        media_type = response_type(request.headers.get("accept", ""))
        session = await _signed_in(service, request)
        parameters = await read(request)
        text = _text(service, request, parameters, session.principal)
        async with asyncio.timeout(service.time_limit):
            answer = await service.executor.execute(
                text,
                parameters.variables,
                parameters.operation_name,
                service.new_request(session.principal, _origin(request, parameters)),
            )
        raise_if_unavailable(answer)
    except Exception as error:  # noqa: BLE001  # the edge: whatever it is becomes an answer, and a bug is logged
        fault = fault_of(error, number)
        return _response(fault.body(number), media_type, fault.status, fault.headers)
    status = 400 if media_type is GRAPHQL_RESPONSE and not answer.executed else 200
    return _response(answer.body, media_type, status)


async def _signed_in(service: GraphQLService[Any], request: Request[Any, Any, Any]) -> Session:
    try:
        return await service.authenticator.authenticate(request.headers.get("authorization"))
    except UnauthenticatedError as refused:
        service.sign_in_refused(address(request.scope), str(refused))
        raise


def _origin(request: Request[Any, Any, Any], parameters: Parameters) -> Origin:
    key = request.headers.get("idempotency-key")
    if key is None:
        return Origin(request_id(request.scope), address(request.scope))
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        told = "An Idempotency-Key is 1 to 255 characters of ASCII, without spaces."
        raise Fault(400, Code.BAD_REQUEST, told)
    return Origin(request_id(request.scope), address(request.scope), key, fingerprint(parameters))


def raise_if_unavailable(answer: Answer) -> None:
    """An answer that lacks what the database would have given is none: the caller is to try again."""
    for error in answer.errors:
        if isinstance(error.original_error, DatabaseUnavailable):
            raise error.original_error


def _response(body: bytes, media_type: str, status: int, headers: dict[str, str] | None = None) -> ASGIResponse:
    return ASGIResponse(body=body, media_type=f"{media_type}; charset=utf-8", status_code=status, headers=headers)
