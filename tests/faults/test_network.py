"""Failures of the network between the API and PostgreSQL: the response, the time until it, and the state afterwards."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from app.database import PLATFORM, CommitUnknown, Database, UnitOfWork
from app.queue import Queue
from app.server.application import GRACE_SECONDS
from tests.faults.proxy import Loss, Proxy, proxied
from tests.operations.given import Given
from tests.server.answers import code
from tests.server.served_api import ServedApi, serve_api

CONNECT, STATEMENT = 1, 1
LONGEST = STATEMENT + GRACE_SECONDS + 1
"""Seconds that any answer may take here."""

CREATE = """
mutation ($tenant: ID!, $slug: String!) { createDeployment(input: {
  tenantId: $tenant, slug: $slug, displayName: "App", region: "syd1"
}) { ... on DeploymentCreated { deployment { slug } } ... on Refused { code } } }
"""
READ = '{ tenant(code: "acme") { deployments { nodes { slug } } } }'


@pytest.fixture
async def proxy(given: Given) -> AsyncIterator[Proxy]:
    async with proxied(str(given.settings.database_url)) as proxy:
        yield proxy


@pytest.fixture
async def served(given: Given, proxy: Proxy) -> AsyncIterator[ServedApi]:
    settings = dataclasses.replace(
        given.settings,
        database_url=proxy.url,
        connect_timeout=CONNECT,
        statement_timeout=STATEMENT,
        database_pool_size=2,
        read_pool_size=2,
        queue_pool_size=3,
    )
    async with serve_api(settings, given.clock) as served:
        yield served


@pytest.fixture
async def client(served: ServedApi) -> AsyncIterator[httpx.AsyncClient]:
    async with served.client() as client:
        yield client


@pytest.fixture
async def tenant(given: Given) -> UUID:
    return await given.tenant()


async def read(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/graphql", json={"query": READ})


async def create(client: httpx.AsyncClient, tenant: UUID, slug: str = "pilot", key: str = "") -> httpx.Response:
    headers = {"idempotency-key": key} if key else {}
    variables = {"tenant": str(tenant), "slug": slug}
    return await client.post("/graphql", json={"query": CREATE, "variables": variables}, headers=headers)


def created(slug: str = "pilot") -> dict[str, object]:
    return {"createDeployment": {"deployment": {"slug": slug}}}


def found(*slugs: str) -> dict[str, object]:
    return {"tenant": {"deployments": {"nodes": [{"slug": slug} for slug in slugs]}}}


async def recovered(client: httpx.AsyncClient) -> httpx.Response:
    """Repeats a request until it succeeds, which must happen within seconds; returns the response."""
    async with asyncio.timeout(10):
        while (answer := await read(client)).status_code != httpx.codes.OK:
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            await asyncio.sleep(0.1)
    return answer


async def test_requests_recover_after_the_network_was_cut(
    client: httpx.AsyncClient, proxy: Proxy, tenant: UUID
) -> None:
    assert (await create(client, tenant)).json()["data"] == created()
    proxy.cut()
    for answer in [await read(client), await create(client, tenant, "other"), await client.get("/ready")]:
        assert (answer.status_code, code(answer)) == (503, "SERVICE_UNAVAILABLE")
        assert int(answer.headers["retry-after"]) > 0
    assert (await client.get("/health")).status_code == httpx.codes.OK
    await proxy.open()
    assert (await recovered(client)).json()["data"] == found("pilot")
    assert (await create(client, tenant, "other")).json()["data"] == created("other")


async def test_a_mutation_survives_a_short_interruption(client: httpx.AsyncClient, proxy: Proxy, tenant: UUID) -> None:
    """The mutation's transaction is retried on another connection."""
    assert (await read(client)).status_code == httpx.codes.OK
    proxy.interrupt()
    assert (await create(client, tenant)).json()["data"] == created()


async def test_delayed_answers_are_used(client: httpx.AsyncClient, proxy: Proxy, tenant: UUID) -> None:
    proxy.delay = 0.05
    answers = await asyncio.gather(*(create(client, tenant, f"app-{number}") for number in range(6)))
    assert (
        sorted(answer.json()["data"] == created(f"app-{number}") for number, answer in enumerate(answers)) == [True] * 6
    )


async def test_an_unanswering_database_is_reported_within_the_time_limits(
    client: httpx.AsyncClient, proxy: Proxy, tenant: UUID
) -> None:
    assert (await create(client, tenant)).json()["data"] == created()
    proxy.swallow()
    began = time.monotonic()
    answers = await asyncio.gather(
        *(read(client) for _ in range(4)), *(create(client, tenant, f"app-{number}") for number in range(4))
    )
    assert time.monotonic() - began < LONGEST
    assert {(answer.status_code, code(answer)) for answer in answers} <= {
        (503, "SERVICE_UNAVAILABLE"),
        (504, "TIMEOUT"),
    }
    proxy.restore()
    assert (await recovered(client)).json()["data"] == found("pilot")
    answers = await asyncio.gather(*(create(client, tenant, f"new-{number}") for number in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8


@pytest.mark.parametrize("loss", Loss)
async def test_a_lost_commit_is_reported_as_outcome_unknown(
    client: httpx.AsyncClient, proxy: Proxy, tenant: UUID, given: Given, loss: Loss
) -> None:
    proxy.losing = loss
    began = time.monotonic()
    answer = await create(client, tenant, key="once")
    assert time.monotonic() - began < LONGEST
    assert (answer.status_code, code(answer)) == (503, "OUTCOME_UNKNOWN")
    assert "retry-after" not in answer.headers
    await recovered(client)
    (kept,) = await given.rows("SELECT count(*) AS deployments FROM cloud_deployments")
    assert kept["deployments"] == (0 if loss is Loss.COMMIT else 1)
    # Sent again under its key it is done if it was not, and told if it was: once in any case.
    assert (await create(client, tenant, key="once")).json()["data"] == created()
    assert (await create(client, tenant, key="once")).json()["data"] == created()
    assert (await recovered(client)).json()["data"] == found("pilot")
    events = await given.rows("SELECT e.id FROM cloud_deployment_events e")
    assert len(events) == 1


async def test_a_change_whose_answer_cannot_be_read_is_not_to_be_repeated(
    client: httpx.AsyncClient, proxy: Proxy, tenant: UUID
) -> None:
    proxy.after_commits = 1
    answer = await create(client, tenant, key="once")
    assert (answer.status_code, code(answer)) == (503, "OUTCOME_UNKNOWN")
    await proxy.open()
    assert (await recovered(client)).json()["data"] == found("pilot")
    assert (await create(client, tenant, key="once")).json()["data"] == created()


async def test_a_change_that_fails_after_another_is_not_to_be_repeated(
    client: httpx.AsyncClient, proxy: Proxy, tenant: UUID
) -> None:
    proxy.after_commits = 1
    create_plan = '{}: createPlan(input: {{code: "{}", name: "Plan"}}) {{ __typename }}'
    query = f"mutation {{ {create_plan.format('one', 'one')} {create_plan.format('two', 'two')} }}"
    answer = await client.post("/graphql", json={"query": query})
    assert (answer.status_code, code(answer)) == (503, "OUTCOME_UNKNOWN")
    await proxy.open()
    await recovered(client)
    plans = await client.post("/graphql", json={"query": "{ plans { code } }"})
    assert plans.json()["data"] == {"plans": [{"code": "one"}]}


async def test_an_abandoned_commit_is_reported_as_unknown(given: Given, proxy: Proxy) -> None:
    """A request's time limit ends the wait for the response to COMMIT."""
    async with Database(dataclasses.replace(given.settings, database_url=proxy.url)) as database:

        async def work(unit: UnitOfWork) -> int:
            return int(await unit.connection.fetchval("SELECT 1"))

        proxy.losing = Loss.SILENCE
        with pytest.raises(CommitUnknown):
            async with asyncio.timeout(0.5):
                await database.run_in_transaction(PLATFORM, work)
        assert await database.run_in_transaction(PLATFORM, work) == 1


async def test_an_enqueue_without_an_answer_delays_nobody(given: Given, proxy: Proxy) -> None:
    """Operations enqueue jobs after their commit, before they respond."""
    settings = dataclasses.replace(given.settings, database_url=proxy.url, connect_timeout=CONNECT)
    async with Queue(settings) as queue:
        assert await queue.enqueue("catch_up", "heard")
        proxy.swallow()
        began = time.monotonic()
        assert not await queue.enqueue("catch_up", "swallowed")
        assert time.monotonic() - began < CONNECT + 1
        proxy.restore()
        async with asyncio.timeout(10):
            while not await queue.enqueue("catch_up", "heard again"):  # noqa: ASYNC110 - its pool mends by itself
                await asyncio.sleep(0.1)
