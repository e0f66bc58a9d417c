"""Sends an error response directly over ASGI, for requests that are refused before any handler runs."""

from typing import Any

from app.server.request_errors import RequestError
from app.server.response_headers import SECURITY_HEADERS, request_id_of, send_answer

_JSON = (*SECURITY_HEADERS, (b"content-type", b"application/json; charset=utf-8"))


async def send_error_response(scope: Any, receive: Any, send: Any, fault: RequestError) -> None:
    """Sends an error response to an HTTP request, or to a WebSocket's upgrade request."""
    kind = "http.response"
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        kind = "websocket.http.response"
    request_id = request_id_of(scope)
    headers = [*_JSON, *((name.encode(), value.encode()) for name, value in fault.headers.items())]
    await send_answer(send, request_id, fault.status, headers, fault.body(request_id), kind=kind)
