"""Bodies that arrive slowly, too many at once, or compressed."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from app.server.http import MAX_BODY_BYTES
from tests.server.answers import code, only_error, post, without_cost
from tests.server.raw import status
from tests.server.usage_bodies import zstd

Token = Callable[..., str]
QUERY = b'{"query": "{ subject }"}'


def head(token: str, path: str = "/graphql", **headers: str) -> bytes:
    given = {
        "host": "x",
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "transfer-encoding": "chunked",
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode()


class Slow:
    """A body that arrives a byte at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._sending = asyncio.create_task(self._send())

    @classmethod
    async def begin(cls, url: str, begin: bytes) -> "Slow":
        at = httpx.URL(url)
        reader, writer = await asyncio.open_connection(at.host, at.port)
        writer.write(begin + b"1\r\n{\r\n")
        return cls(reader, writer)

    async def _send(self) -> None:
        while not self._writer.is_closing():
            await asyncio.sleep(0.05)
            self._writer.write(b"1\r\n \r\n")

    async def answer(self, seconds: float = 5) -> bytes:
        try:
            async with asyncio.timeout(seconds):
                return await self._reader.read(65_536)
        finally:
            self._sending.cancel()
            self._writer.close()


async def test_a_body_slower_than_the_least_rate_is_refused(
    base_url: str, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.server.uploads.GRACE_SECONDS", 0.3)
    slow = await Slow.begin(base_url, head(token()))
    answer = await slow.answer()
    assert status(answer) == 408
    assert b'"code":"TIMEOUT"' in answer


async def test_a_body_may_take_no_longer_than_the_limit(
    base_url: str, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.server.uploads.MIN_BYTES_PER_SECOND", 1)
    monkeypatch.setattr("app.server.uploads.TOTAL_SECONDS", 0.3)
    assert status(await (await Slow.begin(base_url, head(token()))).answer()) == 408


async def test_a_caller_sends_so_many_bodies_at_once_and_no_more(
    base_url: str, token: Token, client: httpx.AsyncClient
) -> None:
    slow = [await Slow.begin(base_url, head(token())) for _ in range(20)]
    await asyncio.sleep(0.3)
    refused = [each for each in slow if each._reader._buffer]  # type: ignore[attr-defined]  # what has been answered
    assert len(refused) == 4
    answers = [await each.answer() for each in refused]
    assert {status(answer) for answer in answers} == {429}
    assert all(b"retry-after: " in answer for answer in answers)
    assert (await client.post("/graphql", json={"query": "{ subject }"})).status_code == httpx.codes.OK
    for each in slow:
        if each not in refused:
            with pytest.raises(TimeoutError):
                await each.answer(0)


async def test_a_connection_whose_body_goes_on_after_the_answer_is_closed(base_url: str) -> None:
    at = httpx.URL(base_url)
    reader, writer = await asyncio.open_connection(at.host, at.port)
    writer.write(head("x") + b"1\r\n{\r\n")
    async with asyncio.timeout(5):
        answered = await reader.read()  # until the server closes
    assert status(answered) == 401
    writer.close()


async def test_a_connection_whose_body_ends_after_the_answer_is_kept(base_url: str) -> None:
    at = httpx.URL(base_url)
    reader, writer = await asyncio.open_connection(at.host, at.port)
    for _ in range(2):
        writer.write(head("x") + b"1\r\n{\r\n")
        assert status(await reader.readuntil(b"\r\n\r\n")) == 401
        writer.write(b"0\r\n\r\n")
        await asyncio.sleep(0.05)
        await reader.read(65_536)
    writer.close()


async def test_a_body_in_pieces_is_read(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for byte in QUERY:
            yield bytes([byte])

    response = await client.post("/graphql", content=pieces(), headers={"content-type": "application/json"})
    assert without_cost(response.json()) == {"data": {"subject": "ada"}}


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(QUERY)),
        ("x-gzip", gzip.compress(QUERY)),
        ("GZIP", gzip.compress(QUERY)),
        ("zstd", zstd.compress(QUERY)),
    ],
    ids=["gzip", "x-gzip", "GZIP", "zstd"],
)
async def test_a_packed_body_is_read(client: httpx.AsyncClient, encoding: str, packed: bytes) -> None:
    response = await post(client, packed, **{"content-encoding": encoding})
    assert without_cost(response.json()) == {"data": {"subject": "ada"}}


async def test_a_packed_body_of_two_members_is_read(client: httpx.AsyncClient) -> None:
    packed = gzip.compress(QUERY[:5]) + gzip.compress(QUERY[5:])
    assert (await post(client, packed, **{"content-encoding": "gzip"})).status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("packed", "status_code"),
    [
        (gzip.compress(b" " * (MAX_BODY_BYTES + 1)), 413),
        (gzip.compress(b" " * 100_000_000), 413),
        (gzip.compress(b"") * 1_001 + gzip.compress(QUERY), 413),
        (QUERY, 400),
        (zlib.compress(QUERY), 400),
        (gzip.compress(QUERY)[:-4], 400),
        (gzip.compress(QUERY) + b"trailing", 400),
        (b"", 400),
    ],
    ids=["large", "a bomb", "members", "plain", "zlib", "broken off", "trailing", "empty"],
)
async def test_a_packed_body_is_bounded(client: httpx.AsyncClient, packed: bytes, status_code: int) -> None:
    response = await post(client, packed, **{"content-encoding": "gzip"})
    assert response.status_code == status_code
    assert code(response) == {413: "PAYLOAD_TOO_LARGE", 400: "BAD_REQUEST"}[status_code]
    if packed == QUERY:
        assert "gzip" in only_error(response)["message"]


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
async def test_other_packings_are_refused(client: httpx.AsyncClient, encoding: str) -> None:
    response = await post(client, QUERY, **{"content-encoding": encoding})
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["accept-encoding"] == "gzip, zstd, identity"
    assert encoding in only_error(response)["message"]


async def test_identity_is_no_packing(client: httpx.AsyncClient) -> None:
    response = await post(client, QUERY, **{"content-encoding": "identity"})
    assert response.status_code == httpx.codes.OK


async def test_the_body_of_a_stranger_is_not_waited_for(base_url: str) -> None:
    assert status(await (await Slow.begin(base_url, head("x"))).answer(2)) == 401
