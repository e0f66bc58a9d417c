"""Assembles the Litestar application around a GraphQL service."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlsplit

from litestar import Litestar, Request, Response, asgi
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.types import Receive, Scope, Send

from app.server.graphiql import GraphiQL, asset_handler
from app.server.health import health_handlers, nothing_outbound
from app.server.http import MAX_BODY_BYTES, GraphQLEndpoint
from app.server.origins import Origins
from app.server.request_errors import RequestError, request_error_of
from app.server.request_log import note
from app.server.request_middleware import RequestMiddleware
from app.server.response_headers import add_headers, request_id_of
from app.server.root import root_handler
from app.server.service import PATH, GraphQLService
from app.server.session_route import session_handler
from app.server.sockets import serve_socket
from app.settings import Settings

JSON_UTF8 = "application/json; charset=utf-8"

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def assemble(
    service: GraphQLService[Any],
    *,
    ready: Callable[[], Awaitable[str | None]],
    outbound: Callable[[], Awaitable[dict[str, Any]]] = nothing_outbound,
    graphiql: GraphiQL,
    settings: Settings,
    handlers: Sequence[HTTPRouteHandler] = (),
    lifespan: Sequence[Lifespan] = (),
) -> RequestMiddleware:
    """Returns the application with all routes (GraphQL's and those of `handlers`), wrapped in the
    request middleware.
    """
    prefix = urlsplit(settings.public_url or "").path
    graphiql = graphiql.under(prefix)
    routes = Litestar(
        route_handlers=[
            _graphql_handler(service, graphiql, Origins.from_settings(settings)),
            asset_handler(graphiql),
            root_handler(prefix),
            session_handler(service.signed_in),
            *health_handlers(ready, outbound),
            *handlers,
        ],
        lifespan=list(lifespan),
        before_send=[add_headers],
        exception_handlers={RequestError: _answer, HTTPException: _answer, Exception: _answer},
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    return RequestMiddleware(routes, settings)


def _graphql_handler(service: GraphQLService[Any], graphiql: GraphiQL, origins: Origins) -> ASGIRouteHandler:
    """Returns the handler for HTTP and sockets, which have the same address."""
    endpoint = GraphQLEndpoint(service, graphiql.page)

    @asgi(PATH, copy_scope=False, name="graphql")
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await serve_socket(scope, receive, send, service, origins)
        else:
            await endpoint(scope, receive, send)

    return serve


def _answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    request_id = request_id_of(request.scope)
    fault = request_error_of(error, request_id)
    note(code=fault.code)
    return Response(fault.body(request_id), status_code=fault.status, media_type=JSON_UTF8, headers=fault.headers)
