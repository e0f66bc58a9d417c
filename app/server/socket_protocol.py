"""uvicorn's WebSocket protocol with a limit on control frames: without it, 100,000 pings a second would cost their
sender nothing.

The library answers each ping as it parses the data, so large chunks are parsed in small pieces, and a client that
exceeds its allowance is disconnected in between. Empty fragments of a message count as control frames do.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from app.server.token_bucket import TokenBucket

MIN_PIECE_BYTES = 256
MAX_PIECE_BYTES = 1_024
"""Pieces grow while no control frame arrives, so that a long message is not parsed in many small pieces."""
CONTROL_FRAMES = 20
"""The burst. Browsers send none by themselves, libraries one every few seconds."""
CONTROL_FRAMES_PER_SECOND = 5
POLICY_VIOLATION = 1008


class BoundedSocketProtocol(WebSocketsSansIOProtocol):
    """One socket, from its upgrade to its end."""

    _flooded = False
    _counted = 0
    _piece = MIN_PIECE_BYTES
    _allowance: TokenBucket | None = None

    def data_received(self, data: bytes) -> None:
        start = 0
        while start < len(data) and not self._flooded:
            counted, piece = self._counted, self._piece
            super().data_received(data[start : start + piece])
            start += piece
            self._piece = min(2 * piece, MAX_PIECE_BYTES) if self._counted == counted else MIN_PIECE_BYTES

    def handle_ping(self) -> None:
        self._count()
        super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        self._count()
        super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if not event.data and not event.fin:
            self._count()
        super().handle_cont(event)

    def _count(self) -> None:
        self._counted += 1
        if self._allowance is None:
            self._allowance = TokenBucket(CONTROL_FRAMES, CONTROL_FRAMES_PER_SECOND)
        if self._flooded or self._allowance.take():
            return
        self._flooded = True
        reason = "Too many control frames"
        self.queue.put_nowait({"type": "websocket.disconnect", "code": POLICY_VIOLATION, "reason": reason})
        if not self.close_sent and not self.transport.is_closing():
            self.conn.fail(POLICY_VIOLATION, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.transport.close()
