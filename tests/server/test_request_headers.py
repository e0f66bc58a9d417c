"""Headers that are too large, missing or repeated are refused before the request is processed."""

import asyncio

import httpx
import pytest

from app.server import http_protocol
from tests.server.raw import sent, status

UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n"
)
GET = b"GET /health HTTP/1.1\r\nconnection: close\r\nhost: x\r\n"
POST = b"POST /graphql HTTP/1.1\r\nconnection: close\r\nhost: x\r\ncontent-length: 2\r\n"
LIMIT = 65_536


def filler(size: int, lines: int = 1) -> bytes:
    """Returns headers of this size in bytes, in this number of lines."""
    line = b"x-filler: "
    return b"".join(line + b"a" * (size // lines - len(line) - 2) + b"\r\n" for _ in range(lines))


@pytest.mark.parametrize("start", [GET, POST, UPGRADE, b"GET /nowhere HTTP/1.1\r\nhost: x\r\n"])
@pytest.mark.parametrize("lines", [1, 64])
async def test_headers_beyond_the_limit_are_refused(base_url: str, start: bytes, lines: int) -> None:
    answer = await sent(base_url, start + filler(LIMIT, lines) + b"\r\n")
    assert status(answer) == 431
    assert b"connection: close" in answer
    assert b"REQUEST_HEADERS_TOO_LARGE" in answer


async def test_headers_that_never_end_are_refused_as_soon_as_they_are_too_large(base_url: str) -> None:
    parts = [GET, b"x-filler: ", *(b"a" * 16_384 for _ in range(1_000))]
    assert status(await sent(base_url, *parts)) == 431


async def test_an_address_counts_as_headers_do(base_url: str) -> None:
    assert status(await sent(base_url, b"GET /health?" + b"a" * LIMIT + b" HTTP/1.1\r\nhost: x\r\n\r\n")) == 431


@pytest.mark.parametrize("lines", [1, 64])
async def test_headers_within_the_limit_are_read(base_url: str, lines: int) -> None:
    assert status(await sent(base_url, GET + filler(LIMIT - 1_000, lines) + b"\r\n")) == 200


async def test_each_request_of_a_connection_has_the_limit_for_itself(base_url: str) -> None:
    kept = GET.replace(b"connection: close\r\n", b"")
    parts = [*(kept + filler(40_000) + b"\r\n" for _ in range(3)), GET + b"\r\n"]
    assert (await sent(base_url, *parts)).count(b"HTTP/1.1 200") == 4


@pytest.mark.parametrize("start", [b"", b"GET /health HTTP/1.1\r\nhost: x\r\n"])
async def test_a_connection_that_sends_no_whole_headers_is_closed(
    base_url: str, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    monkeypatch.setattr(http_protocol, "HEADERS_TIME_LIMIT", 0.2)
    answer = await sent(base_url, start, seconds=3)
    assert status(answer) == 408 if start else answer == b""


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        (b"", "Host"),
        (b"host: a\r\nhost: a\r\n", "Host"),
        (b"host: a\r\nauthorization: Bearer a\r\nauthorization: Bearer b\r\n", "Authorization"),
        (b"host: a\r\nAuthorization: Bearer a\r\nauthorization: Bearer a\r\n", "Authorization"),
        (b"host: a\r\nidempotency-key: a\r\nidempotency-key: b\r\n", "Idempotency-Key"),
        (b"host: a\r\ncontent-type: application/json\r\ncontent-type: text/plain\r\n", "Content-Type"),
        (b"host: a\r\norigin: https://a.example\r\norigin: https://b.example\r\n", "Origin"),
    ],
)
@pytest.mark.parametrize("path", [b"/graphql", b"/usage", b"/health"])
async def test_a_missing_or_repeated_header_is_refused(base_url: str, path: bytes, headers: bytes, named: str) -> None:
    answer = await sent(base_url, b"GET " + path + b" HTTP/1.1\r\nconnection: close\r\n" + headers + b"\r\n")
    assert status(answer) == 400
    assert b"BAD_REQUEST" in answer
    assert f"The header {named} ".encode() in answer
    assert b"x-request-id: " in answer


async def test_a_socket_with_a_repeated_header_is_refused(base_url: str) -> None:
    answer = await sent(base_url, UPGRADE + b"authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n")
    assert status(answer) == 400
    assert b"The header Authorization " in answer


async def test_http_1_0_needs_no_host_and_lists_may_be_repeated(base_url: str) -> None:
    assert status(await sent(base_url, b"GET /health HTTP/1.0\r\n\r\n")) == 200
    assert status(await sent(base_url, GET + b"accept: */*\r\naccept: text/plain\r\n\r\n")) == 200


async def test_others_are_answered_while_headers_come_slowly(base_url: str) -> None:
    slowly = asyncio.create_task(sent(base_url, GET, seconds=1))
    async with httpx.AsyncClient(base_url=base_url) as client:
        assert (await client.get("/health")).status_code == 200
    slowly.cancel()
