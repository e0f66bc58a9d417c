"""POST /usage: metered events by the line, for machines. `recordUsage` by another door: the same rules and answers.

The body is NDJSON, packed with gzip if so declared, of at most 100,000 lines; the answer is

    {"accepted": 2, "duplicates": 1, "rejectedTotal": 1, "rejected": [{"index": 3, "code": "…", "message": "…"}]}

with the number of the line, from 0, as the index, and the first rejections only. Events are committed by the block as
they come: a request that fails half way has kept what came before, and is to be sent again whole, which counts
nothing twice. What is counted as accepted in an answer is committed.

Each block is a call of its own in the audit log, entered in the block's transaction; no Idempotency-Key is looked at.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256
from typing import Any

import msgspec
from litestar import Request, post
from litestar.exceptions import ClientException, InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from app.database.errors import CommitUnknown, DatabaseUnavailable
from app.operations.access import Action, authorise
from app.operations.audit import auditing
from app.operations.call import Call, Origin
from app.operations.context import Context
from app.operations.principal import Principal
from app.operations.rate_limits import RateLimiter
from app.operations.refusal import Refusal
from app.operations.usage import record_batch
from app.server.auth import Session
from app.server.edge import address, request_id
from app.server.faults import Code, Fault, fault_of
from app.server.ndjson import blocks, too_large
from app.server.places import Places
from app.server.uploads import paced
from app.server.usage_lines import MALFORMED, read_block

PATH = "/usage"
CALLED = f"POST {PATH}"
"""In the audit log."""
MOST_LINES = 100_000
MOST_REJECTIONS = 1_000
REQUEST_COST = 10
"""In points of the caller's rate limit, whatever the number of lines: those are held back by 503."""

MEDIA_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")


class _Input(msgspec.Struct):
    """A block as the audit log has it: where its lines are in the body, and what they were, as unpacked."""

    first: int
    lines: int
    sha256: str


class _Rejection(msgspec.Struct):
    index: int
    code: str
    message: str


class _Summary(msgspec.Struct, rename="camel"):
    accepted: int = 0
    duplicates: int = 0
    rejected_total: int = 0
    rejected: list[_Rejection] = []

    def reject(self, rejections: list[_Rejection]) -> None:
        self.rejected_total += len(rejections)
        self.rejected += rejections[: MOST_REJECTIONS - len(self.rejected)]


def usage_handler(
    signed_in: Callable[[str | None, str], Awaitable[Session]],
    new_context: Callable[[Principal], Context],
    rate_limiter: RateLimiter,
    uploads: Places,
) -> HTTPRouteHandler:
    @post(PATH, status_code=200, name="usage", request_max_body_size=None)
    async def ingest(request: Request[Any, Any, Any]) -> ASGIResponse:
        number = request_id(request.scope)
        origin = Origin(number, address(request.scope))
        try:
            session = await signed_in(request.headers.get("authorization"), origin.address)
            context = new_context(session.principal)
            await rate_limiter.spend(session.principal, REQUEST_COST)
            async with auditing(context, _call(origin)):
                authorise(context, Action.RECORD_USAGE)
            gzipped = _is_gzipped(request)
            with uploads.one(session.principal):
                summary = await _record(context, origin, blocks(_chunks(request), gzipped=gzipped))
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is becomes an answer, and a bug is logged
            fault = fault_of(_told(error), number)
            return _response(fault.body(number), fault.status, fault.headers)
        return _response(msgspec.json.encode(summary))

    return ingest


async def _record(context: Context, origin: Origin, body: AsyncIterator[bytes]) -> _Summary:
    summary, lines = _Summary(), 0
    async for text in body:
        block = read_block(text, lines)
        first, lines = lines, lines + block.lines
        if lines > MOST_LINES:
            raise too_large(f"The body has more than {MOST_LINES:,} lines")
        call = _call(origin, _Input(first, block.lines, sha256(text).hexdigest()))
        async with auditing(context, call) as operations:
            recorded = await record_batch(operations, block.events)
        summary.accepted += recorded.accepted
        summary.duplicates += recorded.duplicates
        rejected = [_Rejection(number, MALFORMED, told) for number, told in block.malformed]
        rejected += [_Rejection(block.numbers[each.index], each.code, each.message) for each in recorded.rejected]
        summary.reject(sorted(rejected, key=lambda rejection: rejection.index))
    return summary


def _call(origin: Origin, block: _Input | None = None) -> Call:
    return Call(CALLED, PATH, None if block is None else msgspec.json.encode(block).decode(), origin)


async def _chunks(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    try:
        async for chunk in paced(aiter(request.stream())):
            yield chunk
    except (InternalServerException, ClientException):  # Litestar's words for a client that left in the middle
        raise Fault(400, Code.BAD_REQUEST, "The request broke off.") from None


def _is_gzipped(request: Request[Any, Any, Any]) -> bool:
    """Raises Fault (415) for what is neither NDJSON nor NDJSON in gzip."""
    media_type, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    charsets = [parameter.partition("=")[2].strip('"') for parameter in parameters if parameter.startswith("charset=")]
    if media_type not in MEDIA_TYPES or charsets not in ([], ["utf-8"], ["utf8"]):
        raise Fault(415, Code.UNSUPPORTED_MEDIA_TYPE, f"Send usage as {MEDIA_TYPES[0]} in UTF-8.")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        told = "A body may be packed with gzip, and with nothing else."
        raise Fault(415, Code.UNSUPPORTED_MEDIA_TYPE, told, headers={"accept-encoding": "gzip, identity"})
    return encoding == "gzip"


def _told(error: Exception) -> Exception:
    """Operations' words in HTTP's. Here a lost COMMIT is no riddle: what is sent again is counted once."""
    match error:
        case Refusal():
            return Fault(403, Code.FORBIDDEN, f"{error.message}.")
        case CommitUnknown():
            return DatabaseUnavailable(str(error))
    return error


def _response(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> ASGIResponse:
    return ASGIResponse(body=body, media_type="application/json; charset=utf-8", status_code=status, headers=headers)
