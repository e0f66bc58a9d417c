"""uvicorn's HTTP/1.1 protocol with limits on the size of the headers and on the time they may take to arrive.

uvicorn reads headers of any size into memory before the application sees the request, and waits for their end without a
limit. Here they are counted as they arrive; a request whose headers arrive in one piece, as nearly all do, costs one
comparison. Sockets begin as a request, so the limits apply to them too.
"""

from asyncio import TimerHandle, Transport
from http import HTTPStatus
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError
from app.server.response_headers import REQUEST_ID, SECURITY_HEADERS

MAX_HEADERS_BYTES = 65_536
"""The size of the request line and all headers."""
LINGER_SECONDS = 1.0
"""How long data that a client still sends after a refusal is read and discarded before the connection is closed."""
HEADERS_TIME_LIMIT = 10.0
"""In seconds, from the connection, or from the first byte of a later request, to the end of its headers."""

_TOO_LARGE = RequestError(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ErrorCode.REQUEST_HEADERS_TOO_LARGE,
    f"The address and headers of a request may have {MAX_HEADERS_BYTES // 1024} KB in all.",
)
_TOO_SLOW = RequestError(
    HTTPStatus.REQUEST_TIMEOUT, ErrorCode.TIMEOUT, "The headers of the request took too long to arrive."
)
_MALFORMED = RequestError(HTTPStatus.BAD_REQUEST, ErrorCode.BAD_REQUEST, "This is not an HTTP/1.1 request.")


class HeadersTooLargeError(Exception):
    """The headers are larger than the limit. Raised in a callback of the parser, to make it stop."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One HTTP/1.1 connection of uvicorn, with limits on its headers."""

    _counted = 0
    """Bytes of the arriving headers in chunks before the present one."""
    _arriving = 0
    """The same including the present chunk, whatever else is in it."""
    _in_headers = True
    _begun = False
    _refusal = _MALFORMED
    _refused = False
    _headers_timer: TimerHandle | None = None
    _body_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._body_timer is not None:
            self._body_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._arriving = self._counted + len(data)
        super().data_received(data)
        if not self._awaits_headers():
            return
        self._counted = self._arriving
        if self._counted > MAX_HEADERS_BYTES:
            self._refuse(_TOO_LARGE)
        elif self._headers_timer is None:
            self._start_timer()

    def on_message_begin(self) -> None:
        self._in_headers = self._begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._arriving > MAX_HEADERS_BYTES and self._size() > MAX_HEADERS_BYTES:
            self._refusal = _TOO_LARGE
            raise HeadersTooLargeError  # the parser stops, and uvicorn calls send_400_response
        self._in_headers = False
        self._counted = 0
        self._stop_timer()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body and not self.transport.is_closing():
            self._body_timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def on_message_complete(self) -> None:
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None
        super().on_message_complete()

    def send_400_response(self, _msg: str) -> None:
        """Overrides uvicorn's answer to a request that the parser refuses."""
        self._refuse(self._refusal)

    def _awaits_headers(self) -> bool:
        return self._in_headers and not self._refused and not self.transport.is_closing()

    @property
    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _size(self) -> int:
        """Returns the size of the request's headers in bytes, as they were sent."""
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _start_timer(self) -> None:
        self._headers_timer = self.loop.call_later(HEADERS_TIME_LIMIT, self._out_of_time)

    def _stop_timer(self) -> None:
        if self._headers_timer is not None:
            self._headers_timer.cancel()
            self._headers_timer = None

    def _out_of_time(self) -> None:
        self._headers_timer = None
        if self._begun:
            self._refuse(_TOO_SLOW)
        else:
            self.transport.close()

    def _refuse(self, fault: RequestError) -> None:
        """Sends an error response and closes the connection. While an earlier request on the connection is still being
        answered, it is closed without sending the error response.

        For a moment, data that still arrives is read and discarded: closing at once would reset the connection, and the
        client would not receive the response.
        """
        self._stop_timer()
        request_id = uuid4().hex
        body = fault.body(request_id)
        headers = [
            *SECURITY_HEADERS,
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            (REQUEST_ID, request_id.encode()),
        ]
        if not self._answering:
            lines = [STATUS_LINE[fault.status], *(b"%b: %b\r\n" % header for header in headers), b"\r\n", body]
            self.transport.write(b"".join(lines))
        self._refused = True
        self.loop.call_later(LINGER_SECONDS, self.transport.close)
