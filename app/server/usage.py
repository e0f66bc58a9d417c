"""POST /usage: metered events from machines, with the same rules and responses as `recordUsage`.

The body is NDJSON, a JSON array of events or one event, compressed with gzip or zstd if the header says so, with at
most 100,000 events; usage_summary.py describes the response. Events are committed in blocks as they arrive: a request
that fails half way has stored the blocks before, and must be sent again as a whole, which counts nothing twice. All
events counted as accepted in a response are committed. The status is 422 if events were rejected and none is recorded,
now or before.

Each block is a call of its own in the audit log, written in the block's transaction; Idempotency-Key is ignored.
"""

import logging
import math
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from app.database.errors import CommitUnknown, DatabaseUnavailable
from app.operations.calls.access import Action
from app.operations.calls.audit import auditing
from app.operations.calls.principal import Principal
from app.operations.calls.refusal import Refusal
from app.operations.rate_limits import RateLimitedError, RateLimiter
from app.operations.usage import MALFORMED, record_batch
from app.schema.codes import ErrorCode
from app.server.json_events import as_lines
from app.server.ndjson import blocks, without_byte_order_mark
from app.server.negotiation import utf8_media_type
from app.server.request_errors import RequestError, request_error_of
from app.server.response_headers import request_id_of
from app.server.unpacking import encoding_of, unpacked
from app.server.upload_calls import REQUEST_COST, Upload, UploadService, json_response
from app.server.uploads import chunks
from app.server.usage_lines import read_block
from app.server.usage_summary import Rejection, Tally

PATH = "/usage"
LINES_PER_POINT = 10
BYTES_PER_POINT = 10_240
"""Decompressed bytes per point. They are charged before the lines are counted or decoded."""

NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
JSON_TYPES = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")

logger = logging.getLogger(__name__)


class _BlockInput(msgspec.Struct):
    """A block in the audit log: the position of its lines in the body, and their hash, after decompression."""

    first: int
    lines: int
    sha256: str


class _Format(NamedTuple):
    """The format of a body, as its headers declare it."""

    is_json: bool
    encoding: str | None


class _Payment:
    """Charges the caller rate-limit points for a body while it is read. No request costs more than a full bucket."""

    def __init__(self, rate_limiter: RateLimiter, principal: Principal) -> None:
        self._rate_limiter = rate_limiter
        self._principal = principal
        self._paid = REQUEST_COST

    async def read(self, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yields the parts of a body. Each is charged before it is yielded, so a body that is refused half way has cost
        only what was read.
        """
        owed = 0.0
        async for part in parts:
            owed += part.count(b"\n") / LINES_PER_POINT + len(part) / BYTES_PER_POINT
            if owed >= 1:
                await self.pay(int(owed))
                owed %= 1
            yield part

    async def pay(self, cost: int) -> None:
        """Charges a part of the body's cost. Raises RateLimitedError. After its Retry-After the caller has enough
        points for the part that was read so far, so a repeated request gets further than this one.
        """
        limit = self._rate_limiter.limit
        if limit is not None:
            cost = min(cost, limit.burst - self._paid)
            if cost <= 0:
                return
        try:
            await self._rate_limiter.spend(self._principal, cost)
        except RateLimitedError as error:
            retry_after = math.ceil(self._paid / limit.per_second) if limit is not None else 0
            raise RateLimitedError(error.retry_after + retry_after) from error
        self._paid += cost


def usage_handler(service: UploadService) -> HTTPRouteHandler:
    @post(PATH, status_code=200, name="usage", request_max_body_size=None)
    async def ingest(request: Request[Any, Any, Any]) -> ASGIResponse:
        request_id = request_id_of(request.scope)
        try:
            upload = await service.begin(request, PATH, Action.RECORD_USAGE)
            payment = _Payment(service.rate_limiter, upload.principal)
            body = payment.read(_lines(chunks(request), _format(request)))
            with service.places.one(upload.principal):
                tally = await _record(upload, blocks(body))
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is becomes an answer, and a bug is logged
            fault = request_error_of(_message_of(error), request_id)
            return json_response(fault.body(request_id), fault.status, fault.headers)
        return json_response(tally.body(request_id), 422 if tally.is_refused else 200)

    return ingest


async def _record(upload: Upload, body: AsyncIterator[bytes]) -> Tally:
    tally, lines = Tally(), 0
    async for text in body:
        count = text.count(b"\n") + (not text.endswith(b"\n"))
        first, lines = lines, lines + count
        block = await read_block(text, first)
        if not (block.events or block.malformed):
            continue  # blank lines
        call = upload.call(_BlockInput(first, count, sha256(text).hexdigest()))
        async with auditing(upload.context, call) as operations:
            recorded = await record_batch(operations, block.events, malformed=len(block.malformed))
        rejections = [Rejection(line_number, MALFORMED, message) for line_number, message in block.malformed]
        rejections += [Rejection(block.numbers[each.index], each.code, each.message) for each in recorded.rejected]
        tally.add(recorded.accepted, recorded.duplicates, rejections)
    if tally.counts["rejected"]:
        logger.log(logging.WARNING if tally.is_refused else logging.INFO, "usage was rejected", extra=tally.counts)
    return tally


def _lines(sent: AsyncIterator[bytes], body: _Format) -> AsyncIterator[bytes]:
    """Yields the request's body as NDJSON, in parts of any size."""
    parts = without_byte_order_mark(unpacked(sent, body.encoding) if body.encoding else sent)
    return as_lines(parts) if body.is_json else parts


def _format(request: Request[Any, Any, Any]) -> _Format:
    """Returns the format of a request's body. Raises RequestError (415) for unsupported media types and encodings."""
    media_type = utf8_media_type(request.headers.get("content-type", ""))
    if media_type not in NDJSON_TYPES + JSON_TYPES:
        message = f"Send usage in UTF-8 as {NDJSON_TYPES[0]}, or as {', '.join(JSON_TYPES[:-1])} or {JSON_TYPES[-1]}."
        raise RequestError(415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
    return _Format(media_type in JSON_TYPES, encoding_of(request.headers.get("content-encoding", "")))


def _message_of(error: Exception) -> Exception:
    """Converts an operation's error to an HTTP error. A lost COMMIT needs no special answer here, because events that
    are sent again count once.
    """
    match error:
        case Refusal():
            return RequestError(403, ErrorCode.FORBIDDEN, f"{error.message}.")
        case CommitUnknown():
            return DatabaseUnavailable(str(error))
    return error
