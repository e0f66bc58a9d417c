"""The audit log: action, actor, address and outcome of each call."""

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any, cast

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.database import Database
from app.operations.calls.principal import Role
from app.server import sign_ins
from app.server.sign_ins import MAX_ENTRIES, RefusedSignIns
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.schema.conftest import given, queue
from tests.server.served_api import ServedApi, ask, serve_api

__all__ = ["given", "queue"]

CREATE = """mutation Create($input: CreateTenantInput!) {
  made: createTenant(input: $input) { ... on TenantCreated { tenant { code } } ... on Problem { code } }
}"""
LOG = """query Log($filter: AuditLogFilter) { auditLog(filter: $filter) { totalCount nodes {
  occurredAt subject roles action input outcome occurrences address requestId
} } }"""
ACME = {"code": "acme", "name": "Acme"}


@pytest.fixture
async def served_api(
    settings: Settings, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ServedApi]:
    monkeypatch.setattr(sign_ins, "WRITE_INTERVAL_SECONDS", 0.05)
    async with serve_api(settings, clock) as served:
        yield served


@pytest.fixture
async def ada(served_api: ServedApi) -> AsyncIterator[httpx.AsyncClient]:
    async with served_api.client(x_request_id="r1") as client:
        yield client


async def entries(client: httpx.AsyncClient, **conditions: str) -> list[dict[str, Any]]:
    answer = await ask(client, LOG, filter=conditions)
    return cast("list[dict[str, Any]]", answer["data"]["auditLog"]["nodes"])


async def test_a_mutation_that_was_done(ada: httpx.AsyncClient) -> None:
    await ask(ada, CREATE, input=ACME)
    (entry,) = await entries(ada)
    assert json.loads(entry.pop("input")) == {
        "code": "acme",
        "name": "Acme",
        "country": "AU",
        "currency": "AUD",
        "tax_exempt": False,
    }
    assert entry == {
        "occurredAt": "2026-05-01T03:00:00+00:00",
        "subject": "ada",
        "roles": ["PLATFORM_ADMIN"],
        "action": "createTenant",
        "outcome": "DONE",
        "occurrences": 1,
        "address": "127.0.0.1",
        "requestId": "r1",
    }


async def test_what_is_refused_is_entered_too(served_api: ServedApi, ada: httpx.AsyncClient, given: Given) -> None:
    acme = await given.tenant()
    await ask(ada, CREATE, input=ACME)
    await ask(ada, CREATE, input={**ACME, "code": "???"})
    for role in (Role.TENANT_ADMIN, Role.METER):
        async with served_api.client(role, acme, subject="eve") as eve:
            await ask(eve, CREATE, input=ACME)
    assert [(entry["subject"], entry["outcome"]) for entry in await entries(ada)] == [
        ("eve", "PERMISSION_DENIED"),
        ("eve", "PERMISSION_DENIED"),
        ("ada", "VALIDATION_FAILED"),
        ("ada", "CONFLICT"),
    ]
    rows = await given.rows("SELECT tenant_id FROM audit_log WHERE subject = 'eve'")
    assert [row["tenant_id"] for row in rows] == [acme, acme]


async def test_a_repeat_under_a_key_is_entered_as_one(ada: httpx.AsyncClient) -> None:
    for key, name in (("k", "Acme"), ("k", "Acme"), ("k", "Other")):
        await ask(ada, CREATE, key, input={**ACME, "name": name})
    assert [entry["outcome"] for entry in await entries(ada)] == ["IDEMPOTENCY_CONFLICT", "REPLAYED", "DONE"]


async def test_a_failure_is_entered(ada: httpx.AsyncClient, worker_database_url: str) -> None:
    owner: Any = await asyncpg.connect(worker_database_url)
    await owner.execute("REVOKE INSERT ON tenants FROM arcadia_platform")
    try:
        await ask(ada, CREATE, input=ACME)
    finally:
        await owner.execute("GRANT INSERT ON tenants TO arcadia_platform")
        await owner.close()
    assert [entry["outcome"] for entry in await entries(ada)] == ["FAILED"]


async def test_of_long_inputs_a_hash_is_kept(ada: httpx.AsyncClient) -> None:
    await ask(ada, CREATE, input={**ACME, "name": "x" * 5_000})
    (entry,) = await entries(ada)
    text = json.dumps(
        {"code": "acme", "name": "x" * 5_000, "country": "AU", "currency": "AUD", "tax_exempt": False},
        separators=(",", ":"),
    )
    assert entry["input"] == f"sha256:{sha256(text.encode()).hexdigest()}"


async def test_the_log_is_filtered(ada: httpx.AsyncClient, clock: Clock) -> None:
    await ask(ada, CREATE, input=ACME)
    clock.advance(minutes=5)
    await ask(ada, CREATE, input=ACME)
    later = "2026-05-01T03:05:00Z"
    assert [entry["outcome"] for entry in await entries(ada, since=later)] == ["CONFLICT"]
    assert [entry["outcome"] for entry in await entries(ada, until=later)] == ["DONE"]
    assert [entry["outcome"] for entry in await entries(ada, outcome="DONE", action="createTenant")] == ["DONE"]
    assert await entries(ada, subject="bob") == []


async def test_only_the_platforms_admin_reads_it(served_api: ServedApi, given: Given) -> None:
    acme = await given.tenant()
    for role in (Role.TENANT_ADMIN, Role.TENANT_VIEWER, Role.METER):
        async with served_api.client(role, acme) as client:
            (error,) = (await ask(client, LOG))["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"


async def test_an_entry_is_for_good(ada: httpx.AsyncClient, given: Given, worker_database_url: str) -> None:
    await ask(ada, CREATE, input=ACME)
    for statement in ("UPDATE audit_log SET outcome = 'NEVER'", "DELETE FROM audit_log"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await given.rows(statement)
        owner: Any = await asyncpg.connect(worker_database_url)
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await owner.execute(statement)
        await owner.close()


async def eventually(client: httpx.AsyncClient, **conditions: str) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        while not (found := await entries(client, **conditions)):  # noqa: ASYNC110  # it is written by the way
            await asyncio.sleep(0.05)
    return found


@pytest.mark.parametrize("path", ["/graphql", "/usage"])
async def test_refused_sign_ins(served_api: ServedApi, ada: httpx.AsyncClient, path: str) -> None:
    async with httpx.AsyncClient(base_url=served_api.url) as stranger:
        assert (await stranger.post(path, json={"query": "{ __typename }"})).status_code == 401
    (entry,) = await eventually(ada, action="signIn")
    assert entry == {
        "occurredAt": "2026-05-01T03:00:00+00:00",
        "subject": None,
        "roles": [],
        "action": "signIn",
        "input": "The request has no bearer token: send the header Authorization: Bearer TOKEN.",
        "outcome": "UNAUTHENTICATED",
        "occurrences": 1,
        "address": "127.0.0.1",
        "requestId": "",
    }


async def test_refused_sign_ins_of_sockets(served_api: ServedApi, ada: httpx.AsyncClient) -> None:
    url = f"{served_api.url.replace('http', 'ws', 1)}/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send('{"type":"connection_init","payload":{"authorization":"Bearer x"}}')
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    (entry,) = await eventually(ada, action="signIn")
    assert entry["input"] == "The token is malformed or its signature is wrong."


async def test_a_flood_is_a_bounded_number_of_rows(database: Database, clock: Clock, given: Given) -> None:
    refused = RefusedSignIns(database, clock)
    async with refused.writing():
        for number in range(5_000):
            refused.add(f"10.0.{number // 256}.{number % 256}", "no")
    rows = await given.rows("SELECT address, occurrences FROM audit_log ORDER BY occurrences")
    assert (len(rows), sum(row["occurrences"] for row in rows)) == (MAX_ENTRIES + 1, 5_000)
    assert dict(rows[-1]) == {"address": "", "occurrences": 5_000 - MAX_ENTRIES}
