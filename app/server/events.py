"""GET /events: published events in their order, for consumers that poll.

`after` is the id of the last event that the consumer has read. An event that is committed later, whatever its id, comes
after it; so a consumer that keeps the id of the last one misses none. A tenant's users get their own tenant's events.
"""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.response.base import ASGIResponse

from app.operations.calls.access import Action, authorise
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.events import MAX_LIMIT, Envelope, read_events
from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError
from app.server.response_headers import client_address_of
from app.server.upload_calls import REQUEST_COST, UploadService, json_response

EVENTS_PATH = "/events"
DEFAULT_LIMIT = 100


class _EventPage(msgspec.Struct, rename="camel"):
    """The response. `next`: what to send as `after`; the one sent, if there are no more events yet."""

    events: list[Envelope]
    next: UUID | None


def events_handler(service: UploadService) -> HTTPRouteHandler:
    @get(EVENTS_PATH, name="events")
    async def events(
        request: Request[Any, Any, Any],
        after: Annotated[UUID | None, QueryParameter()] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    ) -> ASGIResponse:
        session = await service.signed_in(request.headers.get("authorization"), client_address_of(request.scope))
        await service.rate_limiter.spend(session.principal, REQUEST_COST)
        context = service.new_context(session.principal)
        try:
            authorise(context, Action.READ_EVENTS)
            read = await read_events(context, session.principal.scope, after=after, limit=limit)
        except Refusal as refusal:
            raise _answer(refusal) from refusal
        page = _EventPage(list(read), read[-1].id if read else after)
        return json_response(msgspec.json.encode(page), 200)

    return events


def _answer(refusal: Refusal) -> RequestError:
    if refusal.code is ProblemCode.NOT_FOUND:
        return RequestError(404, ErrorCode.NOT_FOUND, f"{refusal.message}.")
    return RequestError(403, ErrorCode.FORBIDDEN, f"{refusal.message}.")
