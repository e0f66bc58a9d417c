"""The concurrency limit: the next request is refused at once, and every place is released."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from app.server.admission import Admission, capacity
from app.settings import Settings
from tests.server.answers import code
from tests.server.serving import served


class Slow:
    """An ASGI application that does not respond until the test allows it."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.waiting = 0

    async def __call__(self, scope: dict[str, object], receive: object, send: object) -> None:
        assert callable(receive)
        assert callable(send)
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        while (await receive()).get("more_body"):
            pass
        self.waiting += 1
        await self.go_on.wait()
        self.waiting -= 1
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def client(slow: Slow) -> AsyncIterator[httpx.AsyncClient]:
    async with served(Admission(slow, 2)) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


async def waiting(slow: Slow, count: int) -> None:
    async with asyncio.timeout(5):
        while slow.waiting != count:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_requests_beyond_capacity_are_refused_at_once(client: httpx.AsyncClient, slow: Slow, method: str) -> None:
    taken = [asyncio.create_task(client.request(method, "/graphql")) for _ in range(2)]
    await waiting(slow, 2)
    refused = await client.request(method, "/graphql", headers={"x-request-id": "r-1"})
    assert (refused.status_code, code(refused)) == (503, "SERVICE_UNAVAILABLE")
    assert (refused.headers["retry-after"], refused.headers["x-request-id"]) == ("1", "r-1")
    assert refused.headers["cache-control"] == "no-store"
    slow.go_on.set()
    assert [(await answer).status_code for answer in taken] == [200, 200]
    assert (await client.request(method, "/graphql")).status_code == httpx.codes.OK


async def test_probes_are_answered_all_the_same(client: httpx.AsyncClient, slow: Slow) -> None:
    taken = [asyncio.create_task(client.post(path)) for path in ("/graphql", "/graphql", "/health", "/ready")]
    await waiting(slow, 4)
    slow.go_on.set()
    await asyncio.gather(*taken)


async def test_a_body_being_received_takes_no_capacity(client: httpx.AsyncClient, slow: Slow) -> None:
    ends = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"a"
        await ends.wait()
        yield b"b"

    slowly = [asyncio.create_task(client.post("/graphql", content=body())) for _ in range(5)]
    await asyncio.sleep(0.1)
    slow.go_on.set()
    assert (await client.post("/graphql")).status_code == httpx.codes.OK
    ends.set()
    assert {(await answer).status_code for answer in slowly} == {200}


async def test_a_client_that_disconnects_frees_capacity(client: httpx.AsyncClient, slow: Slow) -> None:
    for _ in range(3):
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/graphql", timeout=0.05)
        slow.go_on.set()
        await waiting(slow, 0)
        slow.go_on.clear()
    slow.go_on.set()
    assert (await client.post("/graphql")).status_code == httpx.codes.OK


def test_the_bound_follows_the_connections_unless_it_is_set() -> None:
    settings = Settings(database_pool_size=3, read_pool_size=7)
    assert capacity(settings) == 40
    assert capacity(replace(settings, max_concurrent_requests=5)) == 5
