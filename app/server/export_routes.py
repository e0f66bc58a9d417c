"""GET /exports/{records}.csv and .jsonl: invoices, lines, payments or the ledger of a period, streamed.

The permanent URL has the parameters `from`, `to` and `tenant` and requires a token. With the parameters that
`exportLink` adds, none is needed for five minutes. An export that fails after its first bytes is cut off: the response
lacks its end, which clients report. Errors have the format of GraphQL.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from app.operations.calls.context import Context
from app.operations.calls.principal import Principal
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.exports import ExportedRecords, ExportFormat, ExportRequest, SignedExport, export_records
from app.operations.exports.export_links import PATH, PLATFORM_CALLER
from app.schema.codes import ErrorCode, top_level_code
from app.server.client_connection import while_connected
from app.server.link_refusals import EXPIRES, hide_signature, link_invalid, link_refusals
from app.server.query_parameters import malformed, query_parameters
from app.server.request_errors import RequestError, request_error_of
from app.server.request_log import note
from app.server.response_headers import client_address_of, request_id_of
from app.server.upload_calls import UploadService, json_response, refusal_response

EXPORT_COST = 1_000
"""In points of the caller's rate limit."""
MEDIA_TYPES = {ExportFormat.CSV: b"text/csv; charset=utf-8; header=present", ExportFormat.JSONL: b"application/jsonl"}
_STATUS_OF = {ProblemCode.NOT_FOUND: 404, ProblemCode.PERMISSION_DENIED: 403}
_PERIOD, _SIGNED = ("from", "to"), ("caller", "expires", "signature")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Export:
    """The asked export, and the context of its caller."""

    context: Context
    asked: ExportRequest


def exports_handler(service: UploadService) -> HTTPRouteHandler:
    """Returns the handler. `service.places` limits the exports at once."""

    @get(f"{PATH}/{{file:str}}", name="exports")
    async def export(request: Request[Any, Any, Any]) -> ASGIApp:
        async def respond(_scope: Any, receive: Any, send: Any) -> None:
            answer = _Answer(request, send)
            if not await while_connected(answer.send(service), receive):
                log.info("An export was stopped, because its client disconnected.")

        return respond

    return export


class _Answer:
    """The response to one request, which begins with the first text of the export."""

    def __init__(self, request: Request[Any, Any, Any], send: Any) -> None:
        self._request = request
        self._send = send
        self._begun = False

    async def send(self, service: UploadService) -> None:
        request_id = request_id_of(self._request.scope)
        try:
            export = await _authenticated(self._request, service.signed_in, service.new_context)
            await service.rate_limiter.spend(export.context.principal, EXPORT_COST)
            with service.places.one(export.context.principal):
                await self._stream(export)
        except Refusal as refusal:
            code = ErrorCode.NOT_FOUND if refusal.code is ProblemCode.NOT_FOUND else top_level_code(refusal.code)
            note(code=code)
            status = _STATUS_OF.get(refusal.code, 422)
            await self._respond(refusal_response(refusal, code, status, request_id))
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is becomes an answer, and a bug is logged
            fault = request_error_of(error, request_id)
            note(code=fault.code)
            if self._begun:
                log.warning("An export was cut off: %s", str(error) or type(error).__name__)
            else:
                await self._respond(json_response(fault.body(request_id), fault.status, fault.headers))

    async def _stream(self, export: _Export) -> None:
        """Sends the export. Raises TimeoutError if the client reads none of it for as long as a transaction may idle,
        after which PostgreSQL would end the query.
        """
        seconds = export.context.settings.idle_transaction_timeout
        async with aclosing(export_records(export.context, export.asked)) as texts:
            async for text in texts:
                if not self._begun:
                    await self._begin(export.asked)
                try:
                    async with asyncio.timeout(seconds):
                        await self._send({"type": "http.response.body", "body": text.encode(), "more_body": True})
                except TimeoutError:
                    raise TimeoutError(f"its client read nothing for {seconds} seconds") from None
        await self._send({"type": "http.response.body", "body": b""})

    async def _begin(self, asked: ExportRequest) -> None:
        name = f"{asked.records}-{asked.first_day}-{asked.end}.{asked.export_format}"
        headers = [
            (b"content-type", MEDIA_TYPES[asked.export_format]),
            (b"content-disposition", f'attachment; filename="{name}"'.encode()),
            (b"cache-control", b"private, no-store"),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        self._begun = True

    async def _respond(self, response: ASGIApp) -> None:
        await response(self._request.scope, self._request.receive, self._send)


async def _authenticated(
    request: Request[Any, Any, Any],
    signed_in: Callable[[str | None, str], Awaitable[Any]],
    new_context: Callable[[Principal], Context],
) -> _Export:
    """The export for the caller of the link, if the URL is signed; else for that of the request's token."""
    query = request.scope["query_string"].decode("latin-1")
    if any(name in request.query_params for name in _SIGNED):
        hide_signature(request.scope)
        link, signature = _link(request.path_params["file"], query)
        context = new_context(link.principal())
        with link_refusals():
            link.check(context.settings, signature, context.clock())
        note(subject=context.principal.subject, tenant=context.principal.tenant_id)
        return _Export(context, link.asked)
    session = await signed_in(request.headers.get("authorization"), client_address_of(request.scope))
    parameters = query_parameters(query, {*_PERIOD, "tenant"}, _PERIOD)
    return _Export(new_context(session.principal), _asked(request.path_params["file"], parameters))


def _link(file: str, query: str) -> tuple[SignedExport, str]:
    """Returns what a signed URL says, with its signature. Raises RequestError (403) for one that was altered."""
    try:
        parameters = query_parameters(query, {*_PERIOD, "tenant", *_SIGNED}, {*_PERIOD, *_SIGNED})
        asked = _asked(file, parameters)
    except (Refusal, RequestError):
        raise link_invalid() from None
    caller, expires, signature = (parameters[name] for name in _SIGNED)
    if not EXPIRES.fullmatch(expires) or not (caller == PLATFORM_CALLER or _UUID.fullmatch(caller)):
        raise link_invalid()
    return SignedExport(asked, caller, int(expires)), signature


def _asked(file: str, parameters: dict[str, str]) -> ExportRequest:
    """Raises RequestError (404) for another file, and VALIDATION_FAILED."""
    name, _, suffix = file.partition(".")
    if name not in set(ExportedRecords) or suffix not in set(ExportFormat):
        raise RequestError(404, ErrorCode.NOT_FOUND, "Not found: no resource has this address.")
    tenant = parameters.get("tenant")
    if tenant is not None and not _UUID.fullmatch(tenant):
        raise malformed("tenant", "must be the id of a tenant")
    first_day, end = (_day(each, parameters[each]) for each in _PERIOD)
    tenant_id = None if tenant is None else UUID(tenant)
    return ExportRequest(ExportedRecords(name), ExportFormat(suffix), first_day, end, tenant_id)


def _day(name: str, text: str) -> date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise malformed(name, "must be a day such as 2026-04-01")
