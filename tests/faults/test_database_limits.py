"""PostgreSQL that takes no writes: read only, or its disk full. Reads go on, changes are told to come again, nothing is
half done, and all goes on once it can.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import httpx
import pytest

from app.operations.data_integrity import check
from app.queue import Queue
from tests.operations.given import Given
from tests.server.answers import code
from tests.server.served_api import ServedApi, serve_api

CREATE = """
mutation ($tenant: ID!) { createDeployment(input: {
  tenantId: $tenant, slug: "pilot", displayName: "App", region: "syd1"
}) { ... on DeploymentCreated { deployment { slug } } } }
"""
CREATED = {"createDeployment": {"deployment": {"slug": "pilot"}}}
READ = '{ tenant(code: "acme") { deployments { nodes { slug } } } }'


@pytest.fixture
async def served(given: Given) -> AsyncIterator[ServedApi]:
    async with serve_api(given.settings, given.clock) as served:
        yield served


@pytest.fixture
async def client(served: ServedApi) -> AsyncIterator[httpx.AsyncClient]:
    async with served.client() as client:
        yield client


@pytest.fixture
async def owner(given: Given) -> AsyncIterator[asyncpg.Connection]:
    owner = await asyncpg.connect(given.settings.database_url)
    yield owner
    await owner.close()


@pytest.fixture
async def tenant(given: Given) -> UUID:
    return await given.tenant()


async def create(client: httpx.AsyncClient, tenant: UUID) -> httpx.Response:
    return await client.post("/graphql", json={"query": CREATE, "variables": {"tenant": str(tenant)}})


async def meter(client: httpx.AsyncClient, deployment: UUID, event_id: str) -> httpx.Response:
    headers = {"content-type": "application/x-ndjson"}
    event = {"deploymentId": str(deployment), "resourceKind": "droplet_hours", "occurredAt": "2026-04-10T12:00:00Z"}
    line = json.dumps({"id": event_id, "quantity": 1, **event})
    return await client.post("/usage", content=line, headers=headers)


async def kept(given: Given) -> dict[str, tuple[int, str]]:
    """Returns the stored rows, except for the rate limit points."""
    contents = await given.contents()
    del contents["rate_limit_buckets"]
    return contents


def is_connection_error(answer: httpx.Response) -> bool:
    status_and_code = answer.status_code, code(answer), "retry-after" in answer.headers
    return status_and_code == (httpx.codes.SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", True)


@asynccontextmanager
async def read_only(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Makes all sessions except the owner's read-only from their next transaction on, as after a failover
    to a standby.
    """
    name = await owner.fetchval("SELECT quote_ident(current_database())")
    ended = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'arcadia'"
    )
    await owner.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await owner.execute(ended)
    try:
        yield
    finally:
        await owner.execute("SET default_transaction_read_only = off")
        await owner.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await owner.execute(ended)


@asynccontextmanager
async def full(owner: asyncpg.Connection, table: str) -> AsyncIterator[None]:
    """During the block, inserting into the table fails with PostgreSQL's error for a full disk (53100)."""
    await owner.execute(f"""
        CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE disk_full USING MESSAGE = 'could not extend file: No space left on device'; END $$;
        CREATE TRIGGER no_space BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_space()
    """)
    try:
        yield
    finally:
        await owner.execute("DROP FUNCTION no_space CASCADE")


async def test_a_read_only_database_answers_reads(
    client: httpx.AsyncClient, owner: asyncpg.Connection, tenant: UUID, given: Given
) -> None:
    deployment = await given.deployment(tenant, "first")
    async with read_only(owner):
        read = await client.post("/graphql", json={"query": READ})
        assert read.json()["data"] == {"tenant": {"deployments": {"nodes": [{"slug": "first"}]}}}
        assert (await client.get("/ready")).status_code == httpx.codes.OK
        assert is_connection_error(await create(client, tenant))
        assert is_connection_error(await meter(client, deployment, "e1"))
        again = await client.post("/graphql", json={"query": READ})
        assert again.json()["data"] == read.json()["data"]
    assert (await create(client, tenant)).json()["data"] == CREATED
    assert (await meter(client, deployment, "e1")).json()["accepted"] == 1
    assert await check(given.platform) == []


@pytest.mark.parametrize("table", ["usage_event_keys", "usage_records", "usage_daily_totals"])
async def test_usage_on_a_full_disk_is_kept_wholly_or_not_at_all(
    client: httpx.AsyncClient, owner: asyncpg.Connection, tenant: UUID, given: Given, table: str
) -> None:
    deployment = await given.deployment(tenant)
    async with full(owner, table):
        before = await kept(given)
        assert is_connection_error(await meter(client, deployment, "e1"))
        assert await kept(given) == before
    assert (await meter(client, deployment, "e1")).json()["accepted"] == 1
    assert await check(given.platform) == []


@pytest.mark.parametrize("table", ["cloud_deployments", "cloud_deployment_events", "audit_log"])
async def test_a_change_on_a_full_disk_is_done_wholly_or_not_at_all(
    client: httpx.AsyncClient, owner: asyncpg.Connection, tenant: UUID, given: Given, table: str
) -> None:
    async with full(owner, table):
        before = await kept(given)
        assert is_connection_error(await create(client, tenant))
        assert await kept(given) == before
    assert (await create(client, tenant)).json()["data"] == CREATED


async def test_a_full_disk_loses_the_enqueue_and_nothing_else(
    owner: asyncpg.Connection, given: Given, queue: Queue
) -> None:
    """The catch-up finds its work: tests/operations/rollups/test_catch_up.py."""
    async with full(owner, "saq_jobs"):
        assert not await queue.enqueue("catch_up", "full")
    assert await queue.enqueue("catch_up", "full")
    assert given.queue is queue
