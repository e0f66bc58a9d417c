"""POST /usage: metered events for machines. `recordUsage` by another entry point: the same rules and answers.

The body is NDJSON, a JSON array of events or one event, packed with gzip or zstd if so declared, of at most 100,000
events; usage_summary.py has the answer. Events are committed by the block as they come: a request that fails half way
has kept what came before, and is to be sent again whole, which counts nothing twice. What is counted as accepted in an
answer is committed. The status is 422 where events were rejected and none is recorded, now or before.

Each block is a call of its own in the audit log, entered in the block's transaction; no Idempotency-Key is looked at.
"""

import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from app.database.errors import CommitUnknown, DatabaseUnavailable
from app.operations.calls.access import Action, authorise
from app.operations.calls.audit import auditing
from app.operations.calls.call import Call, RequestMetadata
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal
from app.operations.calls.refusal import Refusal
from app.operations.rate_limits import RateLimitedError, RateLimiter
from app.operations.usage import MALFORMED, record_batch
from app.server.auth import Session
from app.server.concurrency import ConcurrencyLimit
from app.server.json_events import as_lines
from app.server.ndjson import blocks, without_byte_order_mark
from app.server.negotiation import utf8_media_type
from app.server.request_errors import Code, RequestError, request_error_of
from app.server.response_headers import client_address_of, request_id_of
from app.server.unpacking import encoding_of, unpacked
from app.server.uploads import chunks
from app.server.usage_lines import read_block
from app.server.usage_summary import Rejection, Tally

PATH = "/usage"
CALL_NAME = f"POST {PATH}"
"""In the audit log."""
REQUEST_COST = 10
"""In points of the caller's rate limit, before anything is read."""
LINES_PER_POINT = 10
BYTES_PER_POINT = 10_240
"""Unpacked. What is read is paid for before its lines are counted or decoded."""

NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
JSON_TYPES = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")

logger = logging.getLogger(__name__)


class _BlockInput(msgspec.Struct):
    """A block as the audit log has it: where its lines are in the body, and what they were, as unpacked."""

    first: int
    lines: int
    sha256: str


class _Format(NamedTuple):
    """Of a body, as its headers declare it."""

    is_json: bool
    encoding: str | None


class _Payment:
    """What a body costs its caller, paid as it is read; no body costs more than a full bucket."""

    def __init__(self, rate_limiter: RateLimiter, principal: Principal) -> None:
        self._rate_limiter = rate_limiter
        self._principal = principal
        self._paid = 0

    async def read(self, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The parts, each paid for before it is handed on: a body that is refused half way has cost what it came to."""
        owed = 0.0
        async for part in parts:
            owed += part.count(b"\n") / LINES_PER_POINT + len(part) / BYTES_PER_POINT
            if owed >= 1:
                await self.pay(int(owed))
                owed %= 1
            yield part

    async def pay(self, cost: int) -> None:
        """Raises RateLimitedError, by whose Retry-After the caller has what the body costs up to here: sent again then,
        it is read further than before.
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


def usage_handler(
    signed_in: Callable[[str | None, str], Awaitable[Session]],
    new_context: Callable[[Principal], Context],
    rate_limiter: RateLimiter,
    uploads: ConcurrencyLimit,
) -> HTTPRouteHandler:
    @post(PATH, status_code=200, name="usage", request_max_body_size=None)
    async def ingest(request: Request[Any, Any, Any]) -> ASGIResponse:
        request_id = request_id_of(request.scope)
        metadata = RequestMetadata(request_id, client_address_of(request.scope))
        try:
            session = await signed_in(request.headers.get("authorization"), metadata.address)
            context = new_context(session.principal)
            payment = _Payment(rate_limiter, session.principal)
            await payment.pay(REQUEST_COST)
            async with auditing(context, _call(metadata)):
                authorise(context, Action.RECORD_USAGE)
            body = payment.read(_lines(chunks(request), _format(request)))
            with uploads.one(session.principal):
                tally = await _record(context, metadata, blocks(body))
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is becomes an answer, and a bug is logged
            fault = request_error_of(_message_of(error), request_id)
            return _response(fault.body(request_id), fault.status, fault.headers)
        return _response(tally.body(request_id), 422 if tally.is_refused else 200)

    return ingest


async def _record(context: Context, metadata: RequestMetadata, body: AsyncIterator[bytes]) -> Tally:
    tally, lines = Tally(), 0
    async for text in body:
        count = text.count(b"\n") + (not text.endswith(b"\n"))
        first, lines = lines, lines + count
        block = await read_block(text, first)
        if not (block.events or block.malformed):
            continue  # blank lines
        call = _call(metadata, _BlockInput(first, count, sha256(text).hexdigest()))
        async with auditing(context, call) as operations:
            recorded = await record_batch(operations, block.events, malformed=len(block.malformed))
        rejections = [Rejection(line_number, MALFORMED, message) for line_number, message in block.malformed]
        rejections += [Rejection(block.numbers[each.index], each.code, each.message) for each in recorded.rejected]
        tally.add(recorded.accepted, recorded.duplicates, rejections)
    if tally.counts["rejected"]:
        logger.log(logging.WARNING if tally.is_refused else logging.INFO, "usage was rejected", extra=tally.counts)
    return tally


def _call(metadata: RequestMetadata, block: _BlockInput | None = None) -> Call:
    return Call(CALL_NAME, PATH, None if block is None else msgspec.json.encode(block).decode(), metadata)


def _lines(sent: AsyncIterator[bytes], body: _Format) -> AsyncIterator[bytes]:
    """The body as NDJSON, in parts of any size."""
    parts = without_byte_order_mark(unpacked(sent, body.encoding) if body.encoding else sent)
    return as_lines(parts) if body.is_json else parts


def _format(request: Request[Any, Any, Any]) -> _Format:
    """Raises RequestError (415) for what no body may be."""
    media_type = utf8_media_type(request.headers.get("content-type", ""))
    if media_type not in NDJSON_TYPES + JSON_TYPES:
        message = f"Send usage in UTF-8 as {NDJSON_TYPES[0]}, or as {', '.join(JSON_TYPES[:-1])} or {JSON_TYPES[-1]}."
        raise RequestError(415, Code.UNSUPPORTED_MEDIA_TYPE, message)
    return _Format(media_type in JSON_TYPES, encoding_of(request.headers.get("content-encoding", "")))


def _message_of(error: Exception) -> Exception:
    """Operations' words in HTTP's. Here a lost COMMIT is no riddle: what is sent again is counted once."""
    match error:
        case Refusal():
            return RequestError(403, Code.FORBIDDEN, f"{error.message}.")
        case CommitUnknown():
            return DatabaseUnavailable(str(error))
    return error


def _response(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> ASGIResponse:
    return ASGIResponse(body=body, media_type="application/json; charset=utf-8", status_code=status, headers=headers)
