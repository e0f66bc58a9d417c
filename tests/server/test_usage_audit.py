"""POST /usage in the audit log: an entry for each block of lines, written in the block's transaction."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from app.database import Database
from app.operations.calls.principal import Role
from app.server import ndjson
from app.settings import Settings
from tests.clock import Clock
from tests.operations.given import Given
from tests.schema.conftest import given, queue
from tests.server.served_api import ServedApi, serve_api
from tests.server.usage_bodies import event, lines

__all__ = ["given", "queue"]

ENTRIES = "SELECT tenant_id, subject, outcome, input FROM audit_log ORDER BY occurred_at, id"
KEPT = "SELECT count(*) FROM usage_records"


@pytest.fixture
async def served_api(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[ServedApi]:
    async with serve_api(settings, clock) as served:
        yield served


@pytest.fixture
async def tenant_id(given: Given) -> UUID:
    return await given.tenant()


@pytest.fixture
async def deployment(given: Given, tenant_id: UUID) -> UUID:
    return await given.deployment(tenant_id)


@pytest.fixture
async def meter(served_api: ServedApi, tenant_id: UUID) -> AsyncIterator[httpx.AsyncClient]:
    async with meter_of(served_api, tenant_id) as client:
        yield client


def meter_of(served: ServedApi, tenant_id: UUID, role: Role = Role.METER) -> httpx.AsyncClient:
    return served.client(role, tenant_id, subject="m", x_request_id="r1", content_type="application/x-ndjson")


def line(deployment: UUID, number: int) -> bytes:
    return lines(event(deployment, number))


def told_of(body: bytes, first: int = 0) -> str:
    told = {"first": first, "lines": len(body.splitlines()), "sha256": sha256(body).hexdigest()}
    return json.dumps(told, separators=(",", ":"))


@asynccontextmanager
async def without_inserts(table: str, worker_database_url: str) -> AsyncIterator[None]:
    owner: Any = await asyncpg.connect(worker_database_url)
    await owner.execute(f"REVOKE INSERT ON {table} FROM arcadia_tenant, arcadia_platform")
    try:
        yield
    finally:
        await owner.execute(f"GRANT INSERT ON {table} TO arcadia_tenant, arcadia_platform")
        await owner.close()


async def test_a_block_is_entered_by_what_it_was(
    meter: httpx.AsyncClient, deployment: UUID, tenant_id: UUID, given: Given
) -> None:
    body = line(deployment, 0) + b"{\n" + line(deployment, 1) + b"\n" + line(deployment, 0)
    answer = await meter.post("/usage", content=body)
    assert (answer.json()["accepted"], answer.json()["rejectedTotal"]) == (2, 1)
    row = await given.row(
        "SELECT tenant_id, occurred_at::text, subject, roles, action, input, outcome, occurrences, address, request_id"
        " FROM audit_log"
    )
    assert dict(row) == {
        "tenant_id": tenant_id,
        "occurred_at": "2026-05-01 03:00:00+00",
        "subject": "m",
        "roles": ["METER"],
        "action": "POST /usage",
        "input": told_of(body),
        "outcome": "DONE",
        "occurrences": 1,
        "address": "127.0.0.1",
        "request_id": "r1",
    }


async def test_what_is_sent_again_is_entered_again_whatever_its_key(
    meter: httpx.AsyncClient, deployment: UUID, given: Given
) -> None:
    bodies = [line(deployment, 0), line(deployment, 0), line(deployment, 1)]
    answers = [await meter.post("/usage", content=body, headers={"idempotency-key": "k"}) for body in bodies]
    assert [answer.json()["accepted"] for answer in answers] == [1, 0, 1]
    entries = await given.rows(ENTRIES)
    assert [(entry["outcome"], entry["input"]) for entry in entries] == [("DONE", told_of(body)) for body in bodies]


async def test_a_body_that_ends_early_has_audit_entries_for_what_was_recorded(
    meter: httpx.AsyncClient, deployment: UUID, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson, "BLOCK_BYTES", 1)
    sent = [b"".join(line(deployment, number) for number in numbers) for numbers in (range(3), range(3, 5))]

    async def broken() -> AsyncIterator[bytes]:
        for body, kept in zip(sent, (3, 5), strict=True):
            yield body
            async with asyncio.timeout(10):
                while await given.row(KEPT) != {"count": kept}:  # noqa: ASYNC110 - the server has it
                    await asyncio.sleep(0.01)
        yield line(deployment, 5)[:-1]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await meter.post("/usage", content=broken())
    answer = await meter.post("/usage", content=line(deployment, 6))
    assert answer.json()["accepted"] == 1
    assert [(entry["outcome"], entry["input"]) for entry in await given.rows(ENTRIES)] == [
        ("DONE", told_of(sent[0])),
        ("DONE", told_of(sent[1], 3)),
        ("DONE", told_of(line(deployment, 6))),
    ]
    assert await given.row(KEPT) == {"count": 6}


async def test_a_block_and_its_entry_stand_or_fall_together(
    meter: httpx.AsyncClient, deployment: UUID, given: Given, worker_database_url: str
) -> None:
    body = line(deployment, 0)
    async with without_inserts("audit_log", worker_database_url):
        assert (await meter.post("/usage", content=body)).status_code == 500
    assert (await given.row(KEPT), await given.rows(ENTRIES)) == ({"count": 0}, [])
    async with without_inserts("usage_records", worker_database_url):
        assert (await meter.post("/usage", content=body)).status_code == 500
    (entry,) = await given.rows(ENTRIES)
    assert (entry["outcome"], entry["input"]) == ("FAILED", told_of(body))
    assert await given.row(KEPT) == {"count": 0}


async def test_who_may_not_is_entered_before_anything_is_read(
    served_api: ServedApi, deployment: UUID, tenant_id: UUID, given: Given
) -> None:
    async with meter_of(served_api, tenant_id, Role.TENANT_ADMIN) as eve:
        assert (await eve.post("/usage", content=line(deployment, 0))).status_code == 403
    (entry,) = await given.rows("SELECT tenant_id, roles, action, input, outcome, address, request_id FROM audit_log")
    assert dict(entry) == {
        "tenant_id": tenant_id,
        "roles": ["TENANT_ADMIN"],
        "action": "POST /usage",
        "input": None,
        "outcome": "PERMISSION_DENIED",
        "address": "127.0.0.1",
        "request_id": "r1",
    }


async def test_what_is_refused_unread_leaves_no_entry(meter: httpx.AsyncClient, deployment: UUID, given: Given) -> None:
    """As with recordUsage: a request refused before it is read is not recorded as usage."""
    too_many = b"\n" * 100_001
    for body, headers, status in ((b"", {"content-type": "text/plain"}, 415), (too_many, {}, 413), (b"", {}, 200)):
        assert (await meter.post("/usage", content=body, headers=headers)).status_code == status
    assert await given.rows(ENTRIES) == []


async def test_what_a_rate_limit_refuses_leaves_no_entry_over_http_or_graphql(
    settings: Settings, deployment: UUID, tenant_id: UUID, given: Given, clock: Clock
) -> None:
    """Requests of callers who may not record usage are charged too, so that a flood of them does not flood the audit
    log.
    """
    limited = replace(settings, rate_limit_burst=10, rate_limit_per_second=1)
    costly = " ".join(f"m{number}: recordUsage(input: {{events: []}}) {{ __typename }}" for number in range(9))
    mutation, as_json = {"query": f"mutation {{ {costly} }}"}, {"content-type": "application/json"}
    async with serve_api(limited, clock) as served:
        for role, status in ((Role.METER, 200), (Role.TENANT_ADMIN, 403)):
            async with served.client(role, tenant_id, role, content_type="application/x-ndjson") as client:
                assert (await client.post("/usage", content=line(deployment, 0))).status_code == status
                refused = [
                    await client.post("/usage", content=line(deployment, 1)),
                    await client.post("/graphql", json=mutation, headers=as_json),
                ]
            codes = [answer.json()["errors"][0]["extensions"]["code"] for answer in refused]
            assert codes == ["RATE_LIMITED", "RATE_LIMITED"]
    assert [entry["outcome"] for entry in await given.rows(ENTRIES)] == ["DONE", "PERMISSION_DENIED"]
