"""graphql-transport-ws over real sockets, message by message."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from app.operations.calls.principal import Role
from app.server import sockets
from tests.server.answers import without_cost
from tests.server.small_api import HAPPENINGS, UNAVAILABLE

TRANSPORT = Subprotocol("graphql-transport-ws")
Token = Callable[..., str]


class Client:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> Any:
        """The next message; the cost that each answer has is taken out."""
        async with asyncio.timeout(5):
            message = json.loads(await self.connection.recv())
        if message["type"] == "next":
            message["payload"] = without_cost(message["payload"])
        return message

    async def initialise(self, token: str) -> None:
        await self.send(type="connection_init", payload={"authorization": f"Bearer {token}"})
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, name: str, query: str, **more: Any) -> None:
        await self.send(id=name, type="subscribe", payload={"query": query, **more})

    async def closed(self) -> tuple[int, str]:
        """The code and reason of the close that comes next."""
        with pytest.raises(ConnectionClosed) as caught:
            await self.receive()
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code, caught.value.rcvd.reason


@asynccontextmanager
async def connected(base_url: str, **options: Any) -> AsyncIterator[Client]:
    url = base_url.replace("http", "ws", 1) + "/graphql"
    async with connect(url, **{"subprotocols": [TRANSPORT], **options}) as connection:
        yield Client(connection)


@pytest.fixture
async def client(base_url: str, token: Token) -> AsyncIterator[Client]:
    """A socket that is signed in."""
    async with connected(base_url) as client:
        await client.initialise(token())
        yield client


async def open_feed(name: str, *, is_open: bool = True) -> bool:
    """Whether the feed opens (or closes) within two seconds."""
    for _ in range(200):
        if (name in HAPPENINGS.feeds) is is_open:
            return True
        await asyncio.sleep(0.01)
    return False


async def no_feed(name: str) -> bool:
    return await open_feed(name, is_open=False)


async def test_a_subscription_sends_each_event(client: Client) -> None:
    assert client.connection.subprotocol == TRANSPORT
    await client.subscribe("a", "subscription S($to: Int!) { count(to: $to) }", variables={"to": 2}, operationName="S")
    assert [await client.receive() for _ in range(3)] == [
        {"id": "a", "type": "next", "payload": {"data": {"count": 0}}},
        {"id": "a", "type": "next", "payload": {"data": {"count": 1}}},
        {"id": "a", "type": "complete"},
    ]
    assert await no_feed("count")


@pytest.mark.parametrize(
    ("query", "data"), [("{ subject }", {"subject": "ada"}), ("mutation { change }", {"change": True})]
)
async def test_queries_and_mutations(client: Client, query: str, data: dict[str, Any]) -> None:
    await client.subscribe("q", query)
    assert await client.receive() == {"id": "q", "type": "next", "payload": {"data": data}}
    assert await client.receive() == {"id": "q", "type": "complete"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nowhere }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nowhere }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + " ".join(f"a{n}: subject" for n in range(31)) + " }", "LIMIT_EXCEEDED"),
        ("subscription { count(to: 1) " + " ".join(f"a{n}: __typename" for n in range(31)) + " }", "LIMIT_EXCEEDED"),
    ],
)
async def test_a_refused_document_gets_one_error_message(client: Client, query: str, code: str) -> None:
    await client.subscribe("a", query)
    message = await client.receive()
    assert (message["id"], message["type"]) == ("a", "error")
    assert [error["extensions"]["code"] for error in message["payload"]] == [code]
    await client.subscribe("a", "{ subject }")  # the id is free again
    assert (await client.receive())["type"] == "next"


async def test_limits_on_variables(client: Client) -> None:
    query = "query Q($n: [Int!]!) { length(numbers: $n) }"
    await client.subscribe("a", query, variables={"n": [0] * 1_001})
    assert (await client.receive())["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


async def test_operations_run_side_by_side(client: Client) -> None:
    await client.subscribe("slow", "{ wait(seconds: 0.2) }")
    await client.subscribe("fast", "{ subject }")
    assert [(await client.receive())["id"] for _ in range(4)] == ["fast", "fast", "slow", "slow"]


async def test_complete_ends_a_subscription_and_frees_its_id(client: Client) -> None:
    await client.subscribe("a", 'subscription { count(to: 0, name: "endless") }')
    assert await open_feed("endless")
    await client.send(id="a", type="complete")
    assert await no_feed("endless")
    await client.subscribe("a", "{ subject }")
    assert (await client.receive())["payload"] == {"data": {"subject": "ada"}}


async def test_a_closed_socket_ends_its_subscriptions(base_url: str, token: Token) -> None:
    async with connected(base_url) as client:
        await client.initialise(token())
        await client.subscribe("a", 'subscription { count(to: 0, name: "left") }')
        assert await open_feed("left")
    assert await no_feed("left")


async def test_ping_and_pong(client: Client) -> None:
    await client.send(type="pong")
    await client.send(type="ping", payload={"at": 1})
    assert await client.receive() == {"type": "pong"}


async def test_completing_what_does_not_run_is_nothing(client: Client) -> None:
    await client.send(id="never", type="complete")
    await client.send(type="ping")
    assert await client.receive() == {"type": "pong"}


async def test_ten_operations_at_a_time(client: Client) -> None:
    for number in range(sockets.MAX_OPERATIONS):
        await client.subscribe(f"s{number}", f'subscription {{ count(to: 0, name: "n{number}") }}')
    await client.subscribe("one too many", "{ subject }")
    message = await client.receive()
    assert (message["id"], message["type"]) == ("one too many", "error")
    assert message["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


async def test_an_operation_that_takes_too_long(client: Client) -> None:
    await client.subscribe("a", "{ wait(seconds: 30) }")
    message = await client.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "TIMEOUT")


async def test_an_unavailable_database_over_a_socket(client: Client) -> None:
    HAPPENINGS.failure = UNAVAILABLE
    await client.subscribe("a", "{ subject }")
    message = await client.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "SERVICE_UNAVAILABLE")


async def test_a_bug_is_masked(client: Client) -> None:
    HAPPENINGS.failure = RuntimeError("hunter2")
    await client.subscribe("a", "{ subject }")
    message = await client.receive()
    assert message["payload"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "hunter2" not in json.dumps(message)


async def test_subscribing_before_the_init(base_url: str) -> None:
    async with connected(base_url) as client:
        await client.subscribe("a", "{ subject }")
        assert await client.closed() == (4401, "Unauthorized")


async def test_no_init_in_time(base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "INIT_TIME_LIMIT", 0.1)
    async with connected(base_url) as client:
        assert await client.closed() == (4408, "Connection initialisation timeout")


async def test_a_second_init(client: Client, token: Token) -> None:
    await client.send(type="connection_init", payload={"authorization": f"Bearer {token(Role.TENANT_ADMIN)}"})
    assert await client.closed() == (4429, "Too many initialisation requests")


async def test_the_same_id_twice(client: Client) -> None:
    await client.subscribe("a", 'subscription { count(to: 0, name: "twice") }')
    await client.subscribe("a", "{ subject }")
    assert await client.closed() == (4409, "Subscriber for a already exists")
    assert await no_feed("twice")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "null",
        "3",
        "{}",
        '{"type": 3}',
        '{"type": "start", "id": "a"}',
        '{"type": "subscribe", "payload": {"query": "{ subject }"}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ subject }"}}',
        '{"type": "subscribe", "id": "a"}',
        '{"type": "subscribe", "id": "a", "payload": {"query": 3}}',
        '{"type": "complete"}',
        "[" * 100_000,
        b'{"type": "ping"}',
    ],
)
async def test_an_invalid_message(client: Client, message: str | bytes) -> None:
    await client.connection.send(message)
    assert await client.closed() == (4400, "Invalid message")


async def test_a_message_too_large(client: Client) -> None:
    await client.connection.send(" " * (sockets.MAX_MESSAGE_BYTES + 1))
    assert (await client.closed())[0] == 1009


async def test_the_socket_ends_with_its_token(base_url: str, token: Token) -> None:
    async with connected(base_url) as client:
        await client.initialise(token(seconds=-29))  # thirty seconds of leeway
        await client.subscribe("a", 'subscription { count(to: 0, name: "until") }')
        assert await client.closed() == (4403, "The token has expired")
    assert await no_feed("until")


@pytest.mark.parametrize("offered", [None, ["graphql-ws"]])
async def test_no_other_protocol(base_url: str, offered: Any) -> None:
    async with connected(base_url, subprotocols=offered) as client:
        assert await client.closed() == (4406, "Only graphql-transport-ws is supported")


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://192.0.2.1:1"])
async def test_another_origin(base_url: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connected(base_url, origin=Origin(origin)):
            pass
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["https://console.example.com", "http://localhost:5173", None])
async def test_our_own_origins(base_url: str, token: Token, origin: str | None) -> None:
    async with connected(base_url, origin=Origin(origin or base_url)) as client:
        await client.initialise(token())
