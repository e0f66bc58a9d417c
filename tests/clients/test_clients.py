"""Third-party clients run a query, a mutation, a subscription and an error against the served API."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from tests.clients import node
from tests.operations.given import Given

ANSWERS = {
    "query": {"viewer": {"subject": "ada"}},
    "mutation": {"transitionDeployment": {"event": {"toState": "PAUSED"}}},
    "subscription": {"deploymentEvents": {"actor": "ada", "deployment": {"slug": "pilot"}}},
    "error": "BAD_USER_INPUT",
}
QUERY = "query Viewer { viewer { subject } }"
MUTATION = """mutation Move($input: TransitionDeploymentInput!) {
  transitionDeployment(input: $input) {
    ... on DeploymentTransitioned { event { toState } } ... on Problem { code }
  }
}"""
SUBSCRIPTION = "subscription Watch($id: ID!) { deploymentEvents(deploymentId: $id) { actor deployment { slug } } }"
ERROR = 'query Wrong { deployment(id: "no-uuid") { slug } }'


@pytest.fixture
async def deployment(given: Given) -> str:
    return str(await given.deployment(await given.tenant()))


@pytest.mark.parametrize("script", ["apollo.js", "urql.js", "graphql_ws.js"])
@pytest.mark.skipif(node.NODE is None, reason="Node is not installed")
@pytest.mark.skipif(not (node.HERE / "node_modules").is_dir(), reason="not installed: make test-clients")
async def test_a_client_of_javascript(script: str, api_url: str, api_token: str, deployment: str) -> None:
    status, output = await node.run(script, HOUSE_URL=api_url, ARCADIA_TOKEN=api_token, DEPLOYMENT=deployment)
    assert status == 0, output
    assert json.loads(output) == ANSWERS


@pytest.mark.skipif(node.NODE is None, reason="Node is not installed")
@pytest.mark.skipif(not (node.HERE / "node_modules").is_dir(), reason="not installed: make test-clients")
async def test_a_miss_of_a_persisted_query(api_url: str, api_token: str) -> None:
    """Without trusted documents clients are told to send texts."""
    status, output = await node.run("persisted.js", HOUSE_URL=api_url, ARCADIA_TOKEN=api_token)
    assert status == 0, output
    for client in json.loads(output).values():
        assert client["answers"] == [ANSWERS["query"]] * 2
        assert client["sent"][0] == "hash"
        assert client["sent"][-1] == "text"


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_gql_of_python(transport: str, api_url: str, api_token: str, deployment: str) -> None:
    async with _socket(api_url, api_token) as socket:
        if transport == "socket":
            assert await _answers(socket, socket, deployment) == ANSWERS
            return
        headers = {"authorization": f"Bearer {api_token}"}
        async with Client(transport=HTTPXAsyncTransport(f"{api_url}/graphql", headers=headers)) as http:
            assert await _answers(http, socket, deployment) == ANSWERS


@asynccontextmanager
async def _socket(url: str, token: str) -> AsyncIterator[AsyncClientSession]:
    transport = WebsocketsTransport(
        f"{url.replace('http', 'ws', 1)}/graphql",
        init_payload={"authorization": f"Bearer {token}"},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    async with Client(transport=transport) as session:
        yield session


async def _answers(client: AsyncClientSession, socket: AsyncClientSession, deployment: str) -> dict[str, Any]:
    async def move(to: str) -> dict[str, Any]:
        moved = {"deploymentId": deployment, "to": to}
        return await client.execute(GraphQLRequest(MUTATION, variable_values={"input": moved}))

    async def first_event() -> dict[str, Any]:
        async for event in socket.subscribe(GraphQLRequest(SUBSCRIPTION, variable_values={"id": deployment})):
            return event
        raise AssertionError("the subscription ended")

    query = await client.execute(GraphQLRequest(QUERY))
    watching = asyncio.create_task(first_event())
    mutation, to = await move("PAUSED"), "ACTIVE"
    while not (await asyncio.wait([watching], timeout=0.2))[0]:  # its start is not announced: move to and fro
        await move(to)
        to = "PAUSED" if to == "ACTIVE" else "ACTIVE"
    with pytest.raises(TransportQueryError) as caught:
        await client.execute(GraphQLRequest(ERROR))
    (error,) = caught.value.errors or []
    return {
        "query": query,
        "mutation": mutation,
        "subscription": watching.result(),
        "error": error["extensions"]["code"],
    }
