"""Receivers of webhooks in a process of their own: as little as HTTP needs.

    python -m bench.outbox.receivers COUNT

The first line that it prints is JSON: the ports of the receivers; of one that never answers; of one that refuses
connections; and of the control, which answers with how many requests each of the receivers got, and when the last.
"""

import asyncio
import json
import re
import socket
import sys
import time
from collections.abc import Callable
from functools import partial

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)\r\n")
_END = b"\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection. answer: the body, given for each request."""

    def __init__(self, answer: Callable[[], bytes]) -> None:
        self._answer = answer
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (end := self._got.find(_END)) >= 0:
            length = _LENGTH.search(self._got, 0, end + 2)
            end += len(_END) + int(length[1] if length else 0)
            if len(self._got) < end:
                return
            self._got = self._got[end:]
            body = self._answer()
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


class Hanging(asyncio.Protocol):
    """A connection whose requests are never answered."""


async def main(count: int) -> None:
    loop = asyncio.get_running_loop()
    got: dict[int, tuple[int, float]] = {}

    def counting(port: int) -> Callable[[], bytes]:
        def answer() -> bytes:
            requests, _ = got[port]
            got[port] = requests + 1, time.time()
            return b""

        return answer

    ports = []
    for _ in range(count):
        listening = _bound()
        ports.append(port := listening.getsockname()[1])
        got[port] = 0, 0.0
        await loop.create_server(partial(Receiver, counting(port)), sock=listening)
    control, hanging, refusing = _bound(), _bound(), _bound()
    await loop.create_server(lambda: Receiver(lambda: json.dumps(got).encode()), sock=control)
    await loop.create_server(Hanging, sock=hanging)
    others = {"control": control, "hanging": hanging, "refusing": refusing}
    told = {"receivers": ports, **{name: each.getsockname()[1] for name, each in others.items()}}
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def _bound() -> socket.socket:
    """A socket on a free port, which refuses connections as long as nothing listens on it."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
