"""Operations are counted by the names of trusted documents and by outcome, over HTTP and sockets."""

import json
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from app.metrics import REGISTRY
from app.server.auth import Authenticator
from app.server.document_policy import DocumentPolicy
from app.server.graphiql import load_graphiql
from app.server.routes import assemble
from app.server.service import GraphQLService
from app.settings import Settings
from tests.server.conftest import always_ready
from tests.server.serving import served
from tests.server.small_api import SmallExecutor, SmallRequest

TRUSTED = "query Me { viewer { subject } }"
ID = f"sha256:{sha256(TRUSTED.encode()).hexdigest()}"


def counted(operation: str, outcome: str) -> float:
    labels = {"operation": operation, "outcome": outcome}
    return REGISTRY.get_sample_value("arcadia_graphql_operations_total", labels) or 0


def timed(operation: str) -> float:
    return REGISTRY.get_sample_value("arcadia_graphql_operation_seconds_count", {"operation": operation}) or 0


@pytest.fixture
async def client(authenticator: Authenticator, token: Callable[..., str]) -> AsyncIterator[httpx.AsyncClient]:
    documents = DocumentPolicy(trusted={ID: TRUSTED})
    service = GraphQLService(SmallExecutor(), authenticator, SmallRequest, time_limit=5, documents=documents)
    application = assemble(service, ready=always_ready, graphiql=load_graphiql(), settings=Settings())
    headers = {"authorization": f"Bearer {token()}"}
    async with served(application) as url, httpx.AsyncClient(base_url=url, headers=headers) as client:
        yield client


@pytest.mark.parametrize(
    ("body", "operation", "outcome"),
    [
        ({"query": TRUSTED}, "Me", "ok"),
        ({"documentId": ID}, "Me", "ok"),
        ({"query": TRUSTED, "operationName": "Anything"}, "Me", "errors"),
        ({"query": "query Mine { viewer { subject } }"}, "other", "ok"),
        ({"query": "{ nothing }"}, "other", "errors"),
        ({"documentId": "unknown"}, "other", "PERSISTED_QUERY_NOT_FOUND"),
    ],
)
async def test_what_is_counted(client: httpx.AsyncClient, body: dict[str, Any], operation: str, outcome: str) -> None:
    before, times = counted(operation, outcome), timed(operation)
    await client.post("/graphql", json=body)
    assert (counted(operation, outcome) - before, timed(operation) - times) == (1, 1)


async def test_a_caller_without_a_token_is_counted(client: httpx.AsyncClient) -> None:
    before = counted("other", "UNAUTHENTICATED")
    del client.headers["authorization"]
    await client.post("/graphql", json={"query": TRUSTED})
    assert counted("other", "UNAUTHENTICATED") - before == 1


async def test_operations_of_a_socket_are_counted(client: httpx.AsyncClient) -> None:
    before = counted("Me", "ok"), timed("Me")
    url = str(client.base_url).replace("http", "ws") + "/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        authorization = client.headers["authorization"]
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": authorization}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": TRUSTED}}))
        assert [json.loads(await socket.recv())["type"] for _ in range(2)] == ["next", "complete"]
    assert (counted("Me", "ok"), timed("Me")) == (before[0] + 1, before[1] + 1)
