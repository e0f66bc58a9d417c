"""Requests at a rate that does not wait for answers, or as many at a time as the server answers."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

import httpx


@dataclass
class Answers:
    """The response times of the accepted requests in seconds, and the refused requests."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    without_retry_after: int = 0
    others: set[int] = field(default_factory=set)

    @property
    def p99(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]


class Connections:
    """HTTP/1.1 by hand over kept connections: a client that costs little, for it shares the machine."""

    def __init__(self, url: str, headers: httpx.Headers, body: bytes) -> None:
        self._at = httpx.URL(url)
        self._request = (
            f"POST /graphql HTTP/1.1\r\nhost: {self._at.host}\r\nauthorization: {headers['authorization']}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode() + body
        self._idle: deque[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self._writers: set[asyncio.StreamWriter] = set()

    async def ask(self, answers: Answers) -> None:
        began = time.monotonic()
        reader, writer = self._kept(began) or await asyncio.open_connection(self._at.host, self._at.port)
        self._writers.add(writer)
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r")[0]))
        self._idle.append((time.monotonic(), reader, writer))
        status = int(head[9:12])
        if status == httpx.codes.OK:
            answers.seconds.append(time.monotonic() - began)
        elif status == httpx.codes.SERVICE_UNAVAILABLE:
            answers.refused += 1
            answers.without_retry_after += b"\r\nretry-after: " not in head
        else:
            answers.others.add(status)

    async def at_once(self, count: int, seconds: float) -> Answers:
        """Keeps this number of requests under way: each connection sends the next one as soon as it has a response."""
        answers, end = Answers(), time.monotonic() + seconds

        async def ask() -> None:
            while time.monotonic() < end:
                await self.ask(answers)

        await asyncio.gather(*(ask() for _ in range(count)))
        return answers

    async def at_rate(self, per_second: float, seconds: float) -> Answers:
        """Sends requests at an even rate, whether or not earlier ones have been answered."""
        answers, began = Answers(), time.monotonic()
        async with asyncio.TaskGroup() as asked:
            for number in range(int(per_second * seconds)):
                if (early := began + number / per_second - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                asked.create_task(self.ask(answers))
        return answers

    def close(self) -> None:
        for writer in self._writers:
            writer.close()

    def _kept(self, now: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The connection used last, unless the server may be closing it: it does after five idle seconds."""
        if not self._idle or now - self._idle[-1][0] > 3:
            return None
        _, reader, writer = self._idle.pop()
        return reader, writer
