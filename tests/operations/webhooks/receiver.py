"""A receiver of webhooks over real HTTP, which does what a test tells it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec


class Delivered(NamedTuple):
    """A request that the receiver got, whatever it answered."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        decoded: dict[str, Any] = msgspec.json.decode(self.body)
        return decoded


class Answer(NamedTuple):
    """What the receiver answers. close: it closes the connection instead. twice: it sends the answer two times. after:
    how many seconds it takes.
    """

    status: int = 204
    headers: Mapping[str, str] = {}
    body: bytes = b""
    close: bool = False
    twice: bool = False
    after: float = 0


Behaviour = Callable[[Delivered], Answer | None]
"""None: it never answers."""


@dataclass
class Receiver:
    """What a receiver got, in order, over how many connections, and how it behaves from now on."""

    url: str
    behaviour: Behaviour = lambda _request: Answer()
    requests: list[Delivered] = field(default_factory=list)
    connections: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def got(self, count: int) -> list[Delivered]:
        """Waits until it has got so many requests."""
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                async with self.changed:
                    self.changed.notify_all()
                answer = self.behaviour(request)
                if answer is None:
                    await reader.read()
                if answer is not None and answer.after:
                    await asyncio.sleep(answer.after)
                if answer is None or answer.close:
                    return
                writer.write(_written(answer) * (1 + answer.twice))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return


@asynccontextmanager
async def receiving(
    behaviour: Behaviour = lambda _request: Answer(), *, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[Receiver]:
    """Serves a receiver on a port of the loopback address."""
    receiver = Receiver("", behaviour)
    open_connections: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver.connections += 1
        serving = asyncio.create_task(receiver.serve(reader, writer))
        open_connections.add(serving)
        serving.add_done_callback(open_connections.discard)
        serving.add_done_callback(lambda _: writer.close())  # also of one that is cancelled before its first step

    server = await asyncio.start_server(connected, "127.0.0.1", port, ssl=tls)
    bound = server.sockets[0].getsockname()[1]
    receiver.url = f"{'http' if tls is None else 'https'}://{'127.0.0.1' if tls is None else 'localhost'}:{bound}/hook"
    try:
        yield receiver
    finally:
        server.close()
        for connection in list(open_connections):
            connection.cancel()
        await asyncio.gather(*open_connections, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Delivered | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode().split("\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, path, _ = first.split()
    return Delivered(path, headers, await reader.readexactly(int(headers.get("content-length", 0))), method)


def _written(answer: Answer) -> bytes:
    headers = {"content-length": str(len(answer.body)), **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n{lines}\r\n".encode() + answer.body
