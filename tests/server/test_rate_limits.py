"""Each caller's limit over the real edge: 429 and when to come again, over sockets too; and what every answer tells."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from app.database import Database
from app.operations.calls.principal import Role
from app.settings import Settings
from tests.clock import Clock
from tests.server.answers import code
from tests.server.served_api import ServedApi, serve_api
from tests.tables.platform_rows import key

PAGE = "{ tenants(first: 19) { nodes { code } } }"  # 20 points


@pytest.fixture
def limited(settings: Settings) -> Settings:
    """Settings with a rate limit of five pages of results at once, refilled by two pages each second."""
    return replace(settings, rate_limit_burst=100, rate_limit_per_second=40)


@pytest.fixture
async def api(limited: Settings, database: Database, clock: Clock) -> AsyncIterator[ServedApi]:
    async with serve_api(limited, clock) as served:
        yield served


async def post(client: httpx.AsyncClient, query: str = PAGE) -> httpx.Response:
    headers = {"accept": "application/graphql-response+json"}
    return await client.post("/graphql", json={"query": query}, headers=headers)


def cost_of(response: httpx.Response) -> dict[str, Any]:
    cost: dict[str, Any] = response.json()["extensions"]["cost"]
    return cost


async def drained(client: httpx.AsyncClient) -> httpx.Response:
    """Sends requests until one is refused by the rate limit; returns that response."""
    for _ in range(20):
        response = await post(client)
        if response.status_code != 200:
            return response
    raise AssertionError("there is no limit")


async def test_a_rate_limited_caller_gets_retry_after(api: ServedApi) -> None:
    async with api.client() as ada, api.client(subject="bob") as bob, api.client(Role.METER, subject="meter") as meter:
        refused = await drained(ada)
        assert (refused.status_code, code(refused)) == (429, "RATE_LIMITED")
        assert refused.headers["retry-after"] == "1"
        assert cost_of(refused)["requested"] in {0, 20}  # 0: refused unread
        assert cost_of(refused)["remaining"] < 20
        assert (await post(bob)).status_code == 200, "another subject"
        assert (await post(meter, "{ plans { code } }")).status_code == 200
        await asyncio.sleep(1)
        assert (await post(ada)).status_code == 200


async def test_a_tenants_callers_are_apart(api: ServedApi) -> None:
    one, two = key(1, 1), key(1, 2)
    async with api.client(Role.TENANT_VIEWER, one) as ours, api.client(Role.TENANT_VIEWER, two) as theirs:  # type: ignore[arg-type]  # the claim is text
        assert (await drained(ours)).status_code == 429
        assert (await post(theirs)).status_code == 200


async def test_processes_share_a_bucket(api: ServedApi, limited: Settings, clock: Clock) -> None:
    slow = replace(limited, rate_limit_per_second=1)
    async with serve_api(slow, clock) as another, api.client() as here, another.client() as there:
        assert (await drained(there)).status_code == 429
        assert sum([(await post(here)).status_code == 200 for _ in range(5)]) <= 1


async def test_every_answer_has_its_cost(api: ServedApi) -> None:
    async with api.client() as ada:
        for query, status, requested, paid in (
            (PAGE, 200, 20, 20),
            ("{ viewer { subject } }", 200, 1, 1),
            ("{ __typename }", 200, 0, 1),
            ("{ tenants(first: 10) { nodes { code } } nothing }", 400, 11, 10),
            ("{ tenants(first: 0) { nodes { code } } }", 200, 1, 1),
            ("{ ", 400, 0, 10),
        ):
            before = cost_of(await post(ada, "{ viewer { subject } }"))
            response = await post(ada, query)
            cost = cost_of(response)
            assert (response.status_code, cost["requested"], cost["limit"]) == (status, requested, 100)
            assert before["remaining"] - paid <= cost["remaining"] <= before["remaining"] - paid + 5, query
            full_at = datetime.fromisoformat(cost["resetAt"])
            assert timedelta(0) <= full_at - datetime.now(UTC) <= timedelta(seconds=100 / 40 + 1)
            await asyncio.sleep(0.8)
        malformed = await ada.post("/graphql", content=b"[", headers={"content-type": "application/json"})
        assert (malformed.status_code, cost_of(malformed)["requested"]) == (400, 0)


@pytest.mark.parametrize(
    "document",
    [
        lambda size: "#" + "x" * size + "\n{ viewer { subject } }",
        lambda size: "{ viewer { subject } }" + " " * size,
        lambda size: "{ " + " ".join(f"f{number}" for number in range(size // 100)) + " }",
    ],
    ids=["comment", "whitespace", "unknown fields"],
)
async def test_a_document_costs_what_it_takes_to_read(
    limited: Settings, database: Database, clock: Clock, document: Callable[[int], str]
) -> None:
    roomy = replace(limited, rate_limit_burst=100_000, rate_limit_per_second=1)
    async with serve_api(roomy, clock) as api, api.client() as ada:
        left = [cost_of(await post(ada, document(size)))["remaining"] for size in (100, 100, 100_000, 190_000)]
        paid = [before - after for before, after in pairwise(left)]
        assert paid[0] <= 10
        assert 1600 <= paid[1] <= 0.6 * paid[2]
        assert paid[2] <= 4000


async def test_a_named_operation_is_held_to_its_own_limits(api: ServedApi) -> None:
    path = "{ deployments { nodes { tenant "
    deep = "query Deep { tenants { nodes " + path * 4 + "{ id }" + " } } }" * 4 + " } }"
    text = f"query A {{ viewer {{ subject }} }} query B {{ viewer {{ subject roles }} }} {deep}"
    async with api.client() as ada:
        for name, status in (("B", 200), ("Deep", 400), (None, 400), ("C", 400)):
            headers = {"accept": "application/graphql-response+json"}
            body = {"query": text, "operationName": name}
            response = await ada.post("/graphql", json=body, headers=headers)
            assert response.status_code == status, name
            if name == "B":
                assert response.json()["data"]["viewer"].keys() == {"subject", "roles"}
                assert cost_of(response)["requested"] == 1
            elif name == "Deep":
                assert code(response) == "LIMIT_EXCEEDED"
            else:
                assert code(response) == "OPERATION_RESOLUTION_FAILURE"


async def test_a_remembered_document_is_not_paid_for_again(limited: Settings, database: Database, clock: Clock) -> None:
    roomy = replace(limited, rate_limit_burst=100_000, rate_limit_per_second=1)
    text = "#" + "x" * 22_000 + "\n{ viewer { subject } }"
    async with serve_api(roomy, clock) as api, api.client() as ada:
        costs = [cost_of(await post(ada, text))["requested"] for _ in range(3)]
    assert costs == [1 + 400, 1, 1]


@pytest.fixture
async def slowly_refilled(limited: Settings, database: Database, clock: Clock) -> AsyncIterator[ServedApi]:
    """An API whose limit twenty requests reach on the slowest machine."""
    async with serve_api(replace(limited, rate_limit_per_second=1), clock) as served:
        yield served


async def test_refused_documents_run_a_bucket_dry_too(slowly_refilled: ServedApi) -> None:
    async with slowly_refilled.client() as ada:
        codes = [code(await post(ada, "{ nothing }")) for _ in range(20)]
        assert codes[:8] == ["GRAPHQL_VALIDATION_FAILED"] * 8
        assert codes[-1] == "RATE_LIMITED"


async def test_usage_by_the_line(slowly_refilled: ServedApi) -> None:
    async with slowly_refilled.client(Role.METER) as meter:
        answers = [
            await meter.post("/usage", content=b"", headers={"content-type": "application/x-ndjson"}) for _ in range(20)
        ]
        assert [answer.status_code for answer in answers[:8]] == [200] * 8
        assert (answers[-1].status_code, code(answers[-1])) == (429, "RATE_LIMITED")
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 10


@asynccontextmanager
async def signed_in(api: ServedApi) -> AsyncIterator[ClientConnection]:
    url = api.url.replace("http", "ws", 1) + "/graphql"
    async with api.client() as ada, connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        init = {"type": "connection_init", "payload": {"authorization": ada.headers["authorization"]}}
        await socket.send(json.dumps(init))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        yield socket


async def asked(socket: ClientConnection, query: str = PAGE) -> dict[str, Any]:
    """The first message to an operation."""
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
    async with asyncio.timeout(5):
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["type"] == "next":
            assert json.loads(await socket.recv()) == {"id": "1", "type": "complete"}
    return message


async def test_a_socket_is_held_to_the_same_rules(api: ServedApi) -> None:
    async with signed_in(api) as socket:
        first = await asked(socket)
        assert first["payload"]["extensions"]["cost"]["requested"] == 20
        while (message := await asked(socket))["type"] == "next":
            pass
        (error,) = message["payload"]
        assert (message["type"], error["extensions"]["code"]) == ("error", "RATE_LIMITED")
        assert (error["extensions"]["retryAfter"], error["extensions"]["cost"]["limit"]) == (1, 100)
        await asyncio.sleep(1)
        assert (await asked(socket))["type"] == "next", "it stays open"


async def test_a_subscription_costs_as_it_begins(api: ServedApi) -> None:
    async with signed_in(api) as socket:
        message = await asked(socket, "subscription { nothing }")
        assert message["payload"][0]["extensions"]["cost"]["requested"] == 0
        while (message := await asked(socket))["type"] == "next":
            pass
        message = await asked(
            socket,
            "subscription { deploymentEvents { deployment { tenant { deployments {"
            " nodes { id subscription { id } } } } } } }",
        )
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "RATE_LIMITED")
