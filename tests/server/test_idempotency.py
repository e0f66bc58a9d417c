"""The Idempotency-Key header: a mutation is executed once, also if it is repeated at the same time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
import saq

from app.database import PLATFORM, Database
from app.jobs import idempotency as job
from app.operations.calls import idempotency
from app.operations.calls.principal import Role
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.schema.conftest import given, queue
from tests.server.served_api import ServedApi, ask, serve_api

__all__ = ["given", "queue"]

CREATE = """mutation Create($input: CreateTenantInput!) {
  createTenant(input: $input) { ... on TenantCreated { tenant { id code } } ... on Problem { code path } }
}"""
TWICE = """mutation Twice {
  one: createTenant(input: {code: "one", name: "One"}) { ... on TenantCreated { tenant { code } } }
  two: createTenant(input: {code: "one", name: "Two"}) { ... on Problem { code } }
}"""
MOVE = """mutation Move($input: TransitionDeploymentInput!) { transitionDeployment(input: $input) {
  ... on DeploymentTransitioned { event { id } deployment { state forecast { subtotalCents } } }
  ... on InvalidTransition { code fromState toState allowed }
} }"""
USAGE = """mutation Use($input: RecordUsageInput!) { recordUsage(input: $input) {
  ... on UsageRecorded { accepted duplicates rejected { index code } } } }"""
ACME = {"code": "acme", "name": "Acme"}


@pytest.fixture
async def served_api(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[ServedApi]:
    async with serve_api(settings, clock) as served:
        yield served


@pytest.fixture
async def ada(served_api: ServedApi) -> AsyncIterator[httpx.AsyncClient]:
    async with served_api.client() as client:
        yield client


def problem(answer: dict[str, Any], name: str = "createTenant") -> str:
    return str(answer["data"][name]["code"])


async def test_a_repeat_is_answered_as_the_first(ada: httpx.AsyncClient, given: Given) -> None:
    first = await ask(ada, CREATE, "k1", input=ACME)
    assert first["data"]["createTenant"]["tenant"]["code"] == "acme"
    assert await ask(ada, CREATE, "k1", input=dict(reversed(ACME.items()))) == first
    assert problem(await ask(ada, CREATE, "k2", input=ACME)) == "CONFLICT"
    assert (await given.row("SELECT count(*) FROM tenants"))["count"] == 1


async def test_a_refusal_is_repeated_too(ada: httpx.AsyncClient, given: Given) -> None:
    deployment = await given.deployment(await given.tenant())
    wrong = {"deploymentId": str(deployment), "to": "ARCHIVED"}
    first = await ask(ada, MOVE, "k1", input=wrong)
    assert problem(first, "transitionDeployment") == "INVALID_TRANSITION"
    assert (await ask(ada, MOVE, input={**wrong, "to": "CANCELLED"}))["data"]["transitionDeployment"]["event"]
    assert await ask(ada, MOVE, "k1", input=wrong) == first
    assert "code" not in (await ask(ada, MOVE, "k2", input=wrong))["data"]["transitionDeployment"]


async def test_what_was_taken_stays_taken(ada: httpx.AsyncClient, given: Given) -> None:
    await given.tenant("acme")
    assert problem(await ask(ada, CREATE, "k1", input=ACME)) == "CONFLICT"
    await given.rows("UPDATE tenants SET code = 'another'")
    assert problem(await ask(ada, CREATE, "k1", input=ACME)) == "CONFLICT"
    assert "tenant" in (await ask(ada, CREATE, "k2", input=ACME))["data"]["createTenant"]


async def test_a_payload_is_read_anew_and_its_reads_have_no_key(ada: httpx.AsyncClient, given: Given) -> None:
    deployment = await given.deployment(await given.tenant())
    pause = {"deploymentId": str(deployment), "to": "PAUSED"}
    first = (await ask(ada, MOVE, "k1", input=pause))["data"]["transitionDeployment"]
    assert first["deployment"] == {"state": "PAUSED", "forecast": None}
    await ask(ada, MOVE, input={**pause, "to": "ACTIVE"})
    again = (await ask(ada, MOVE, "k1", input=pause))["data"]["transitionDeployment"]
    assert again == {"event": first["event"], "deployment": {"state": "ACTIVE", "forecast": None}}


async def test_counts_are_those_of_the_first(ada: httpx.AsyncClient, given: Given) -> None:
    deployment = await given.deployment(await given.tenant())
    event = {"id": "e1", "deploymentId": str(deployment), "resourceKind": "egress_gb", "quantity": "1"}
    events = [{**event, "occurredAt": "2026-04-10T00:00:00Z"}]
    first = await ask(ada, USAGE, "k1", input={"events": events})
    assert first["data"]["recordUsage"] == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert await ask(ada, USAGE, "k1", input={"events": events}) == first
    assert (await ask(ada, USAGE, input={"events": events}))["data"]["recordUsage"]["duplicates"] == 1


async def test_each_mutation_of_a_request_has_its_own_outcome(ada: httpx.AsyncClient) -> None:
    first = await ask(ada, TWICE, "k1")
    assert first["data"] == {"one": {"tenant": {"code": "one"}}, "two": {"code": "CONFLICT"}}
    assert await ask(ada, TWICE, "k1") == first


async def test_a_key_is_one_requests(ada: httpx.AsyncClient, given: Given) -> None:
    await ask(ada, CREATE, "k1", input=ACME)
    assert problem(await ask(ada, CREATE, "k1", input={**ACME, "name": "Other"})) == "IDEMPOTENCY_CONFLICT"
    assert (
        problem(await ask(ada, CREATE.replace("mutation Create", "mutation Renamed"), "k1", input=ACME))
        == "IDEMPOTENCY_CONFLICT"
    )
    assert (await given.row("SELECT count(*) FROM tenants"))["count"] == 1


async def test_keys_of_others_are_others(served_api: ServedApi, given: Given) -> None:
    query = """mutation C($input: CreateDeploymentInput!) { createDeployment(input: $input) {
        ... on DeploymentCreated { deployment { slug tenant { code } } } ... on Problem { code } } }"""
    answers = []
    tenants = [await given.tenant("acme"), await given.tenant("rival")]
    for tenant_id, subject in [(tenants[0], "ada"), (tenants[1], "ada"), (tenants[0], "bob")]:
        async with served_api.client(Role.TENANT_ADMIN, tenant_id, subject) as client:
            made = {"slug": subject, "displayName": "x", "region": "syd1"}
            answers.append((await ask(client, query, "k1", input=made))["data"]["createDeployment"]["deployment"])
    assert [(each["tenant"]["code"], each["slug"]) for each in answers] == [
        ("acme", "ada"),
        ("rival", "ada"),
        ("acme", "bob"),
    ]


async def test_after_a_day_a_key_is_free(ada: httpx.AsyncClient, clock: Clock, given: Given) -> None:
    await ask(ada, CREATE, "k1", input=ACME)
    clock.advance(hours=24)
    beta = {"code": "beta", "name": "Beta"}
    assert (await ask(ada, CREATE, "k1", input=beta))["data"]["createTenant"]["tenant"]["code"] == "beta"
    assert await idempotency.purge(given.platform) == 0
    clock.advance(hours=24)
    await job.purge_idempotency_keys({"operations": given.platform, "job": saq.Job("purge")})
    assert (await given.row("SELECT count(*) FROM idempotency_keys"))["count"] == 0


async def test_a_race_is_won_once(ada: httpx.AsyncClient, given: Given) -> None:
    answers = await asyncio.gather(*(ask(ada, CREATE, "k1", input=ACME) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert "tenant" in answers[0]["data"]["createTenant"]
    assert (await given.row("SELECT count(*) FROM tenants"))["count"] == 1


async def test_a_concurrent_call_with_the_same_key_is_awaited_briefly(
    ada: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "RIVAL_WAIT_MILLISECONDS", 100)
    await ask(ada, CREATE, "k1", input=ACME)
    async with database.unit_of_work(PLATFORM) as unit:
        await unit.connection.execute("SELECT FROM idempotency_keys WHERE key = 'k1' FOR UPDATE")
        assert problem(await ask(ada, CREATE, "k1", input=ACME)) == "CONFLICT"
    assert "tenant" in (await ask(ada, CREATE, "k1", input=ACME))["data"]["createTenant"]


async def test_a_failure_is_not_kept(ada: httpx.AsyncClient, given: Given, worker_database_url: str) -> None:
    owner: Any = await asyncpg.connect(worker_database_url)
    await owner.execute("REVOKE INSERT ON tenants FROM arcadia_platform")
    try:
        (error,) = (await ask(ada, CREATE, "k1", input=ACME))["errors"]
    finally:
        await owner.execute("GRANT INSERT ON tenants TO arcadia_platform")
        await owner.close()
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert (await given.row("SELECT count(*) FROM idempotency_keys"))["count"] == 0
    assert "tenant" in (await ask(ada, CREATE, "k1", input=ACME))["data"]["createTenant"]


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ü"])
async def test_malformed_keys(ada: httpx.AsyncClient, key: str, given: Given) -> None:
    headers = {b"idempotency-key": key.encode()}
    response = await ada.post("/graphql", json={"query": CREATE, "variables": {"input": ACME}}, headers=headers)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert (await given.row("SELECT count(*) FROM tenants"))["count"] == 0


async def test_a_query_takes_no_notice(ada: httpx.AsyncClient, given: Given) -> None:
    assert (await ask(ada, "{ viewer { subject } }", "k1"))["data"] == {"viewer": {"subject": "ada"}}
    assert (await given.row("SELECT count(*) FROM idempotency_keys"))["count"] == 0
