"""The spans of HTTP requests and of GraphQL operations."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from app.operations.calls.principal import Principal
from app.server.graphql_parameters import Parameters, operation_name, operation_type
from app.server.operation_metrics import OTHER
from app.server.response_headers import request_id_of
from app.tracing import describe_span, is_tracing, span

_UNTRACED = frozenset({"/health", "/ready"})
_NOT_TRACED = nullcontext()


async def traced_request(application: Any, scope: Any, receive: Any, send: Any) -> None:
    """Calls the application in a span of the request, which belongs to the trace that its traceparent names. Sockets
    have one for each operation instead.
    """
    if scope["type"] != "http" or scope["path"] in _UNTRACED:
        await application(scope, receive, send)
        return

    async def watched(message: Any) -> None:
        if message["type"] == "http.response.start":
            status = message["status"]
            describe_span({"http.response.status_code": status}, failed=status >= 500)
        await send(message)

    method = scope["method"]
    parent = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
    attributes = {"http.request.method": method, "arcadia.request_id": request_id_of(scope)}
    with span(method, "SERVER", attributes, parent=parent):
        await application(scope, receive, watched)
        if route := scope.get("path_template"):  # not the path: it may contain a signature
            describe_span({"http.route": route}, name=f"{method} {route}")


def traced_operation(
    text: str, parameters: Parameters, trusted_name: str, request_id: str, principal: Principal
) -> AbstractContextManager[None]:
    """Records the block as the span of a GraphQL operation. trusted_name: of its trusted document, or OTHER; only these
    are in the span's name, because other names are the callers' choice.
    """
    if not is_tracing():
        return _NOT_TRACED
    kind = operation_type(text, parameters.operation_name)
    shown = "GraphQL" if kind is None else kind.value
    attributes = {
        "graphql.operation.name": operation_name(parameters.operation_name, text),
        "graphql.operation.type": kind and kind.value,
        "arcadia.request_id": request_id,
        "arcadia.tenant_id": principal.tenant_id,
    }
    return span(shown if trusted_name == OTHER else f"{shown} {trusted_name}", "INTERNAL", attributes)
