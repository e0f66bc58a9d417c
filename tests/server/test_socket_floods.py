"""Sockets that send many free messages are limited, and closed with a reason."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from app.operations.calls.principal import Role
from app.settings import Settings
from tests.server.conftest import SECRET, small_application
from tests.server.serving import served
from tests.server.test_sockets import Client, connected

Token = Callable[..., str]
FLOOD = 2_000


async def flooded(client: Client, frame: bytes) -> tuple[int, str]:
    """Sends many copies of the frame as fast as possible; returns the code and reason with which
    the socket is closed.
    """
    for _ in range(20):
        client.connection.transport.write(frame * (FLOOD // 20))
        await asyncio.sleep(0)
    with pytest.raises(ConnectionClosed) as caught:
        async with asyncio.timeout(5):
            while True:
                await client.connection.recv()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


def masked(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG])
@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_flood_of_control_frames(base_url: str, token: Token, opcode: Opcode, signed_in: bool) -> None:
    async with connected(base_url) as client:
        if signed_in:
            await client.initialise(token())
        assert await flooded(client, masked(opcode, b"x")) == (1008, "Too many control frames")


async def test_a_flood_of_empty_pieces(base_url: str, token: Token) -> None:
    async with connected(base_url) as client:
        await client.initialise(token())
        client.connection.transport.write(masked(Opcode.TEXT, b"{", fin=False))
        assert await flooded(client, masked(Opcode.CONT, b"", fin=False)) == (1008, "Too many control frames")


@pytest.mark.parametrize("message", [b'{"type":"ping"}', b'{"type":"pong"}', b'{"type":"complete","id":"never"}'])
async def test_a_flood_of_messages_that_cost_nothing(base_url: str, token: Token, message: bytes) -> None:
    async with connected(base_url) as client:
        await client.initialise(token())
        assert await flooded(client, masked(Opcode.TEXT, message)) == (1008, "Too many messages")


async def test_a_client_that_pings_as_clients_do(base_url: str, token: Token) -> None:
    async with connected(base_url) as client:
        await client.initialise(token())
        for _ in range(15):
            await client.connection.ping()
            await client.send(type="ping")
            assert await client.receive() == {"type": "pong"}


async def test_a_caller_has_so_many_sockets_and_no_more(
    base_url: str, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.server.service.MAX_SOCKETS_PER_CALLER", 2)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(small_application(Settings(jwt_secret=SECRET))))
        mine = [await stack.enter_async_context(connected(url)) for _ in range(3)]
        for client in mine[:2]:
            await client.initialise(token())
        await mine[2].send(type="connection_init", payload={"authorization": f"Bearer {token()}"})
        told = "At capacity: one caller may have 2 sockets at once. Retry later."
        assert await mine[2].closed() == (1013, told)
        other = await stack.enter_async_context(connected(url))
        await other.initialise(token(Role.TENANT_ADMIN))
        await mine[0].connection.close()
        again = await stack.enter_async_context(connected(url))
        await again.initialise(token())
