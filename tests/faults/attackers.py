"""Attackers as a process of their own: what they cost their own side is not measured with what they cost the API.

python -m tests.faults.attackers NAME URL TOKEN SECONDS prints, as JSON, how often each answer or close came.
"""

import asyncio
import gzip
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol

PINGS = Frame(Opcode.PING, b"x").serialize(mask=True) * 1_000
COMMENT = "query { viewer { subject } } #" + "x" * 200_000
LINES = gzip.compress(b"x\n" * 100_000)
Attack = Callable[[str, str, Counter[str]], Awaitable[None]]


async def ping_flood(url: str, token: str, seen: Counter[str]) -> None:
    """Sockets that are signed in and send nothing but pings."""
    address = url.replace("http", "ws", 1) + "/graphql"
    async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        await socket.recv()
        try:
            while True:
                if socket.state is State.OPEN:
                    socket.transport.write(PINGS)
                with suppress(TimeoutError):
                    await asyncio.wait_for(socket.recv(), 0.01)
        except ConnectionClosed as closed:
            seen[str(closed.rcvd.code if closed.rcvd else "reset")] += 1


async def header_flood(url: str, _token: str, seen: Counter[str]) -> None:
    """Sends one header that never ends."""
    at = httpx.URL(url)
    reader, writer = await asyncio.open_connection(at.host, at.port)
    answered = asyncio.create_task(reader.read(65_536))
    try:
        writer.write(b"GET /health HTTP/1.1\r\nhost: x\r\nx-filler: ")
        while not answered.done():
            writer.write(b"a" * 65_536)
            await writer.drain()
        seen[(await answered)[9:12].decode() or "closed"] += 1
    finally:
        answered.cancel()
        writer.close()


async def slow_uploads(url: str, token: str, seen: Counter[str]) -> None:
    """Sends fifty bodies at the same time, each at one byte a second."""
    await asyncio.gather(*(_slow_upload(url, token, path, seen) for path in ("/graphql", "/usage") for _ in range(25)))


async def _slow_upload(url: str, token: str, path: str, seen: Counter[str]) -> None:
    kind = "application/x-ndjson" if path == "/usage" else "application/json"
    at = httpx.URL(url)
    reader, writer = await asyncio.open_connection(at.host, at.port)
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: {kind}\r\n"
    writer.write(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
    answered = asyncio.create_task(reader.read(65_536))
    try:
        while not answered.done():
            writer.write(b"1\r\n \r\n")
            await asyncio.wait({answered}, timeout=1)
        seen[(await answered)[9:12].decode() or "closed"] += 1
        await asyncio.sleep(1)  # it holds places; a flood of requests is another attack
    finally:
        answered.cancel()
        writer.close()


async def gzip_lines(url: str, token: str, seen: Counter[str]) -> None:
    """Sends lines of two bytes, compressed to a thousandth of their size."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/x-ndjson", "content-encoding": "gzip"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        seen[str((await client.post("/usage", content=LINES)).status_code)] += 1


async def comment_documents(url: str, token: str, seen: Counter[str]) -> None:
    """Sends documents of 200 KB that select two fields, each with a different text."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        body = {"query": COMMENT + os.urandom(8).hex()}
        seen[str((await client.post("/graphql", json=body)).status_code)] += 1


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack for attack in (ping_flood, header_flood, slow_uploads, gzip_lines, comment_documents)
}
LIMITED = {"429", "431", "503", "1008"}
AT_ONCE = 4
MAX_WAIT_SECONDS = 20.0


async def _attack(name: str, url: str, token: str, seconds: float) -> None:
    """Attacks for this duration, and then until it was rate-limited at least once: a full bucket lasts for some
    seconds.
    """
    seen: Counter[str] = Counter()

    async def go_on() -> None:
        while True:
            try:
                await ATTACKS[name](url, token, seen)
            except (OSError, httpx.TransportError, InvalidHandshake, ConnectionClosed, TimeoutError):
                seen["reset"] += 1

    attacking = [asyncio.create_task(go_on()) for _ in range(AT_ONCE)]
    print("begun", flush=True)  # noqa: T201 - how the test reads it
    await asyncio.sleep(seconds)
    end = time.monotonic() + MAX_WAIT_SECONDS
    while not seen.keys() & LIMITED and time.monotonic() < end:  # noqa: ASYNC110 - each attack counts by itself
        await asyncio.sleep(0.1)
    for task in attacking:
        task.cancel()
    print(json.dumps(seen))  # noqa: T201 - as above


if __name__ == "__main__":
    os.nice(19)  # attackers have machines of their own: here they must not take the API's processor
    asyncio.run(_attack(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])))
