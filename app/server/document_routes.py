"""GET /documents/{id}.pdf, .html and .xml: an invoice's or credit note's document.

The permanent URL requires a token. With the parameters tenant, expires and signature, as `pdfUrl` and the like have
them, none is needed for five minutes. Errors have the format of GraphQL.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.documents.document_files import read_document
from app.operations.documents.html import POLICY
from app.operations.documents.links import PATH, DocumentFormat, SignedLink, check_link
from app.operations.rate_limits import RateLimiter
from app.operations.signed_links import LINK_SUBJECT
from app.schema.codes import ErrorCode, top_level_code
from app.server.auth import Session
from app.server.concurrency import ConcurrencyLimit
from app.server.link_refusals import EXPIRES, hide_signature, link_invalid, link_refusals
from app.server.request_errors import RequestError, request_error_of
from app.server.request_log import note
from app.server.response_headers import client_address_of, request_id_of
from app.server.upload_calls import REQUEST_COST, json_response, refusal_response

MEDIA_TYPES = {
    DocumentFormat.PDF: "application/pdf",
    DocumentFormat.HTML: "text/html",
    DocumentFormat.XML: "application/xml; charset=utf-8",
}
_STATUS_OF = {ProblemCode.NOT_FOUND: 404, ProblemCode.PERMISSION_DENIED: 403, ProblemCode.INVOICE_NOT_ISSUED: 409}
_FILE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(pdf|html|xml)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SIGNED = ("tenant", "expires", "signature")

MAX_PER_CALLER, MAX_TOTAL = 4, 16
"""Documents read at once in a process: a long draft is rendered for seconds."""

SignIn = Callable[[str | None, str], Awaitable[Session]]
NewContext = Callable[[Principal], Context]


def documents_handler(signed_in: SignIn, new_context: NewContext, rate_limiter: RateLimiter) -> HTTPRouteHandler:
    places = ConcurrencyLimit("documents", max_per_caller=MAX_PER_CALLER, max_total=MAX_TOTAL)

    @get(f"{PATH}/{{file:str}}", name="documents")
    async def document(request: Request[Any, Any, Any]) -> ASGIResponse:
        request_id = request_id_of(request.scope)
        try:
            document_id, document_format = _document(request.path_params["file"])
            principal = await _caller(request, document_id, document_format, signed_in, new_context)
            await rate_limiter.spend(principal, REQUEST_COST)
            with places.one(principal):
                read = await read_document(new_context(principal), document_id, document_format)
        except Refusal as refusal:
            return _refused(refusal, request_id)
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is becomes an answer, and a bug is logged
            fault = request_error_of(error, request_id)
            note(code=fault.code)
            return json_response(fault.body(request_id), fault.status, fault.headers)
        headers = {"cache-control": "private, no-store", "content-disposition": f'inline; filename="{read.name}"'}
        if document_format is DocumentFormat.HTML:
            headers["content-security-policy"] = POLICY
        return ASGIResponse(body=read.content, media_type=MEDIA_TYPES[document_format], headers=headers)

    return document


def _document(file: str) -> tuple[UUID, DocumentFormat]:
    match = _FILE.fullmatch(file)
    if match is None:
        raise RequestError(404, ErrorCode.NOT_FOUND, "Not found: no resource has this address.")
    return UUID(match[1]), DocumentFormat(match[2])


async def _caller(
    request: Request[Any, Any, Any],
    document_id: UUID,
    document_format: DocumentFormat,
    signed_in: SignIn,
    new_context: NewContext,
) -> Principal:
    """The principal of the link's tenant, if the URL is signed; else that of the request's token."""
    if not any(name in request.query_params for name in _SIGNED):
        address = client_address_of(request.scope)
        return (await signed_in(request.headers.get("authorization"), address)).principal
    tenant, expires, signature = (str(request.query_params.get(name, "")) for name in _SIGNED)
    hide_signature(request.scope)
    if not (_UUID.fullmatch(tenant) and EXPIRES.fullmatch(expires)):
        raise link_invalid()
    principal = Principal(LINK_SUBJECT, frozenset({Role.TENANT_VIEWER}), UUID(tenant))
    context = new_context(principal)
    link = SignedLink(document_id, document_format, UUID(tenant), int(expires))
    with link_refusals():
        check_link(context.settings, link, signature, context.clock())
    note(subject=principal.subject, tenant=principal.tenant_id)
    return principal


def _refused(refusal: Refusal, request_id: str) -> ASGIResponse:
    code = ErrorCode.NOT_FOUND if refusal.code is ProblemCode.NOT_FOUND else top_level_code(refusal.code)
    note(code=code)
    return refusal_response(refusal, code, _STATUS_OF[refusal.code], request_id)
