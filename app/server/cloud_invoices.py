r"""POST /cloud-invoices: imports a provider's bill of up to 100,000 rows, with the same rules as `importCloudInvoice`.

    curl --data-binary @bill.csv -H 'Content-Type: text/csv' -H "Authorization: Bearer $TOKEN" \
        'https://billing.example.com/cloud-invoices?provider=digitalocean&externalId=2026-04&currency=USD&exchangeRate=1.53'

The parameters are those of the mutation. `column.amount=UnblendedCost` names the column of a field, for a provider
without a built-in layout. The body is CSV in UTF-8, plain or gzip. It is kept in a temporary file until it is imported,
in one transaction: all of it or nothing. The response is

    {"cloudInvoiceId": "…", "rows": 2, "allocatedCents": 1200, "unallocatedCents": 2400, "ignoredColumns": []}

or errors in the format of GraphQL. Idempotency-Key is ignored: a bill that was already imported is refused (409).
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from app.billing import parse_decimal
from app.operations.calls.access import Action
from app.operations.calls.audit import auditing
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.costs import BillField, ColumnOfField, ImportOutcome, import_cloud_invoice
from app.schema.codes import ErrorCode, top_level_code
from app.server.negotiation import utf8_media_type
from app.server.query_parameters import malformed, query_parameters
from app.server.request_errors import RequestError, request_error_of
from app.server.response_headers import request_id_of
from app.server.upload_calls import UploadService, json_response, refusal_response
from app.server.uploads import chunks

PATH = "/cloud-invoices"
MAX_BODY_BYTES = 64 * 1024 * 1024
"""The size as sent, compressed or not."""
MEMORY_BYTES = 1024 * 1024
"""A larger body is buffered on disk while it arrives."""
BYTES_PER_POINT = 16_384
"""What one point of the caller's rate limit pays for, beside the cost of a request and a point for each row."""

MEDIA_TYPES = ("text/csv", "application/csv", "application/gzip", "application/x-gzip")
STATUS_OF = {
    ProblemCode.PERMISSION_DENIED: 403,
    ProblemCode.CONFLICT: 409,
}
"""The HTTP status for a refusal; 422 for all others."""

_COLUMN = "column."
_REQUIRED = ("provider", "externalId", "currency")
_KNOWN = {*_REQUIRED, "exchangeRate", *(f"{_COLUMN}{field.value}" for field in BillField)}


class _UploadInput(msgspec.Struct):
    """An upload in the audit log: its parameters, and its body as it was sent."""

    parameters: str
    bytes: int
    sha256: str


class _Summary(msgspec.Struct, rename="camel"):
    cloud_invoice_id: str
    rows: int
    allocated_cents: int
    unallocated_cents: int
    ignored_columns: tuple[str, ...]


def cloud_invoices_handler(service: UploadService) -> HTTPRouteHandler:
    @post(PATH, status_code=201, name="cloud-invoices", request_max_body_size=None)
    async def import_bill(request: Request[Any, Any, Any]) -> ASGIResponse:
        request_id = request_id_of(request.scope)
        try:
            upload = await service.begin(request, PATH, Action.IMPORT_CLOUD_INVOICE)
            pay = partial(service.rate_limiter.spend, upload.principal)
            _check_media_type(request)
            with service.places.one(upload.principal), SpooledTemporaryFile(max_size=MEMORY_BYTES) as file:
                body = cast("BinaryIO", file)
                received = await _receive(request, body, pay)
                async with auditing(upload.context, upload.call(received)) as operations:
                    imported = await _import(operations, received.parameters, body, pay)
        except Refusal as refusal:
            status = STATUS_OF.get(refusal.code, 422)
            return refusal_response(refusal, top_level_code(refusal.code), status, request_id)
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is becomes an answer, and a bug is logged
            fault = request_error_of(error, request_id)
            return json_response(fault.body(request_id), fault.status, fault.headers)
        return json_response(msgspec.json.encode(_summary(imported)), 201)

    return import_bill


async def _receive(
    request: Request[Any, Any, Any], file: BinaryIO, pay: Callable[[int], Awaitable[None]]
) -> _UploadInput:
    """Writes the body to the file, charging the rate limit for its bytes as they arrive. Raises RequestError (400,
    408, 413).
    """
    digest, size, unpaid = sha256(), 0, 0
    async for chunk in chunks(request):
        size, unpaid = size + len(chunk), unpaid + len(chunk)
        if size > MAX_BODY_BYTES:
            message = f"The body is larger than {MAX_BODY_BYTES // 1024 // 1024} MB. Nothing was imported."
            raise RequestError(413, ErrorCode.PAYLOAD_TOO_LARGE, message)
        if unpaid >= BYTES_PER_POINT:
            await pay(unpaid // BYTES_PER_POINT)
            unpaid %= BYTES_PER_POINT
        digest.update(chunk)
        file.write(chunk)
    file.seek(0)
    return _UploadInput(request.scope["query_string"].decode("latin-1"), size, digest.hexdigest())


async def _import(context: Context, query: str, file: BinaryIO, pay: Callable[[int], Awaitable[None]]) -> ImportOutcome:
    parameters = query_parameters(query, _KNOWN, _REQUIRED)
    rate = parse_decimal(parameters["exchangeRate"]) if "exchangeRate" in parameters else None
    if rate is None and "exchangeRate" in parameters:
        raise malformed("exchangeRate", "must be a decimal number such as 1.53")
    return await import_cloud_invoice(
        context,
        provider=parameters["provider"],
        external_id=parameters["externalId"],
        file=file,
        currency=parameters["currency"],
        exchange_rate=rate,
        columns=list(_columns(parameters)),
        admit=pay,
    )


def _columns(parameters: dict[str, str]) -> Iterator[ColumnOfField]:
    for field in BillField:
        if (column := parameters.get(f"{_COLUMN}{field.value}")) is not None:
            yield ColumnOfField(field, column)


def _check_media_type(request: Request[Any, Any, Any]) -> None:
    """Raises RequestError (415) unless the body is CSV in UTF-8, plain or gzip."""
    if utf8_media_type(request.headers.get("content-type", "")) not in MEDIA_TYPES:
        message = "Send the bill as text/csv in UTF-8: curl --data-binary @bill.csv -H 'Content-Type: text/csv'."
        raise RequestError(415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"identity", "gzip", "x-gzip"}:
        message = "The body has an unsupported content encoding: send it uncompressed or with gzip."
        raise RequestError(
            415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, message, headers={"accept-encoding": "gzip, identity"}
        )


def _summary(imported: ImportOutcome) -> _Summary:
    return _Summary(
        cloud_invoice_id=str(imported.cloud_invoice_id),
        rows=imported.rows,
        allocated_cents=imported.allocated_cents,
        unallocated_cents=imported.unallocated_cents,
        ignored_columns=imported.ignored_columns,
    )
