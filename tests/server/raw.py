"""Sends raw HTTP/1.1, for requests that no client library would send."""

import asyncio

import httpx


async def sent(url: str, *parts: bytes, seconds: float = 10) -> bytes:
    """Sends these bytes and returns everything that the server sends until it closes the connection."""
    at = httpx.URL(url)
    reader, writer = await asyncio.open_connection(at.host, at.port)
    try:
        async with asyncio.timeout(seconds):
            try:
                for part in parts:
                    writer.write(part)
                    await writer.drain()
            except ConnectionError:
                pass  # the server answered, and closed before it had all
            return await _answered(reader)
    finally:
        writer.close()


async def _answered(reader: asyncio.StreamReader) -> bytes:
    answer = b""
    try:
        while part := await reader.read(65_536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])
