"""The real API as it is served: its schema, its database, its limits, and an unavailable database."""

import asyncio
import dataclasses
import json
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from app.database.database import Database
from app.operations.calls.principal import Role
from app.server.application import create_application
from app.server.signing import sign_token
from app.settings import Settings
from tests.clock import Clock
from tests.server.answers import without_cost
from tests.server.proxy import Proxy, proxied
from tests.server.serving import served

CREATE_TENANT = """
mutation Create($input: CreateTenantInput!) {
  createTenant(input: $input) { __typename ... on TenantCreated { tenant { code } } ... on Refused { code } }
}
"""


@pytest.fixture
async def proxy(settings: Settings, database: Database) -> AsyncIterator[Proxy]:  # a clean database
    with tempfile.TemporaryDirectory() as folder:  # a socket's path must be short
        async with proxied(str(settings.database_url), Path(folder)) as proxy:
            yield proxy


@pytest.fixture
async def api(settings: Settings, proxy: Proxy, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A platform admin's client of the served API."""
    mine = dataclasses.replace(settings, database_url=proxy.url, connect_timeout=1, database_pool_size=2)
    token = sign_token(mine, "ada", {Role.PLATFORM_ADMIN}, None, timedelta(hours=1), clock())
    headers = {"authorization": f"Bearer {token}", "accept": "application/graphql-response+json"}
    async with (
        served(create_application(mine, clock)) as url,
        httpx.AsyncClient(base_url=url, headers=headers, timeout=20) as client,
    ):
        yield client


async def ask(api: httpx.AsyncClient, query: str, **variables: Any) -> httpx.Response:
    return await api.post("/graphql", json={"query": query, "variables": variables})


def codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


async def test_a_query_and_a_mutation(api: httpx.AsyncClient) -> None:
    response = await ask(api, "{ viewer { subject roles } plans { code } }")
    assert response.content.startswith(
        b'{"data":{"viewer":{"subject":"ada","roles":["PLATFORM_ADMIN"]},"plans":[]},"extensions":{"cost":{"requested":2,'
    )
    created = {"createTenant": {"__typename": "TenantCreated", "tenant": {"code": "acme"}}}
    response = await ask(api, CREATE_TENANT, input={"code": "acme", "name": "Acme"})
    assert without_cost(response.json()) == {"data": created}
    response = await ask(api, '{ tenant(code: "acme") { name } }')
    assert response.content.startswith(b'{"data":{"tenant":{"name":"Acme"}},"extensions":{"cost":{"requested":1,')


async def test_the_introspection_that_tools_send(api: httpx.AsyncClient) -> None:
    response = await ask(api, get_introspection_query(input_value_deprecation=True))
    assert response.status_code == 200
    assert response.json()["data"]["__schema"]["queryType"] == {"name": "Query", "kind": "OBJECT"}


async def test_the_limits_hold(api: httpx.AsyncClient) -> None:
    page = "{ tenants(first: $n) { nodes { deployments(first: 100) { nodes { slug } } } } }"
    response = await ask(api, f"query Q($n: Int) {page}", n=3)
    assert without_cost(response.json()) == {"data": {"tenants": {"nodes": []}}}
    response = await ask(api, f"query Q($n: Int) {page}", n=80)
    assert (response.status_code, codes(response)) == (400, ["LIMIT_EXCEEDED"])
    response = await ask(api, "{ " + " ".join(f"a{n}" for n in range(9)) + " }")
    assert codes(response) == ["GRAPHQL_VALIDATION_FAILED"] * 5


async def test_malformed_ids_are_request_errors(api: httpx.AsyncClient) -> None:
    response = await ask(api, "query Q($id: ID!) { deployment(id: $id) { slug } }", id="not-a-uuid")
    assert codes(response) == ["BAD_USER_INPUT"]


async def test_subscriptions_need_a_socket(api: httpx.AsyncClient) -> None:
    response = await ask(api, "subscription { deploymentEvents { id } }")
    assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])


async def test_a_query_over_a_socket(api: httpx.AsyncClient) -> None:
    url = str(api.base_url.join("/graphql")).replace("http", "ws", 1)
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        payload = {"authorization": api.headers["authorization"]}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { subject } }"}}))
        answer = json.loads(await socket.recv())
        assert (answer["id"], answer["type"]) == ("1", "next")
        assert without_cost(answer["payload"]) == {"data": {"viewer": {"subject": "ada"}}}
        assert json.loads(await socket.recv()) == {"id": "1", "type": "complete"}


async def test_the_database_goes_away_and_comes_back(api: httpx.AsyncClient, proxy: Proxy) -> None:
    assert (await api.get("/ready")).json()["status"] == "ready"
    await proxy.cut()
    create = {"query": CREATE_TENANT, "variables": {"input": {"code": "acme", "name": "Acme"}}}
    for response in (
        await ask(api, "{ plans { code } }"),
        await ask(api, '{ tenant(code: "acme") { name } }'),
        await api.post("/graphql", json=create),
        await api.get("/ready"),
    ):
        assert (response.status_code, codes(response)) == (503, ["SERVICE_UNAVAILABLE"])
        assert response.headers["retry-after"] == "2"
        assert "sock" not in response.text
    assert (await api.get("/health")).json() == {"status": "alive"}

    await proxy.open()
    async with asyncio.timeout(15):
        while (await api.get("/ready")).status_code != 200:  # noqa: ASYNC110  # a pool of connections has no event
            await asyncio.sleep(0.1)
    assert (await ask(api, "{ plans { code } }")).json()["data"] == {"plans": []}
    assert (await api.post("/graphql", json=create)).json()["data"]["createTenant"]["__typename"] == "TenantCreated"
