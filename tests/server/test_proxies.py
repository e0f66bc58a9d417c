"""The client's address: the peer's, or the one that a trusted proxy names."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from app.database import Database
from app.server import sign_ins
from app.server.proxies import client_address
from app.server.sign_ins import RefusedSignIns
from app.settings import Settings
from app.settings_web import parse_networks
from tests.clock import Clock
from tests.operations.given import Given
from tests.schema.conftest import given, queue
from tests.server.served_api import ServedApi, ask, serve_api

__all__ = ["given", "queue"]


@pytest.fixture
async def served_api(
    settings: Settings, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ServedApi]:
    monkeypatch.setattr(sign_ins, "WRITE_INTERVAL_SECONDS", 0.05)
    async with serve_api(settings, clock) as served:
        yield served


async def test_a_forwarded_address_is_not_believed_by_default(served_api: ServedApi, given: Given) -> None:
    async with httpx.AsyncClient(base_url=served_api.url) as stranger:
        for number in range(30):
            forwarded = {"x-forwarded-for": f"<script>{'a' * 4_000}, 10.0.0.{number}"}
            assert (await stranger.post("/graphql", headers=forwarded)).status_code == 401
    async with served_api.client() as ada:
        query = 'mutation { createTenant(input: {code: "acme", name: "Acme"}) { __typename } }'
        await ada.post("/graphql", json={"query": query}, headers={"x-forwarded-for": "10.1.1.1"})
    rows = await given.rows("SELECT address FROM audit_log WHERE action = 'createTenant'")
    assert [row["address"] for row in rows] == ["127.0.0.1"]
    rows = await given.rows("SELECT DISTINCT address FROM audit_log")
    assert [row["address"] for row in rows] == ["127.0.0.1"]


async def test_refused_sign_ins_of_one_peer_are_a_few_rows(database: Database, clock: Clock, given: Given) -> None:
    refused = RefusedSignIns(database, clock)
    async with refused.writing():
        for number in range(1_000):
            refused.add("10.0.0.1", f"reason {number % 50}")
        refused.add("10.0.0.2", "another")
    rows = await given.rows("SELECT address, occurrences FROM audit_log ORDER BY occurrences")
    assert sum(row["occurrences"] for row in rows) == 1_001
    assert len([row for row in rows if row["address"] == "10.0.0.1"]) <= 4
    assert [row["occurrences"] for row in rows if row["address"] == "10.0.0.2"] == [1]


async def test_an_address_is_entered_once_a_minute(
    database: Database, clock: Clock, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "WRITE_INTERVAL_SECONDS", 0.02)
    query = "SELECT address, occurrences FROM audit_log ORDER BY occurred_at, occurrences"
    refused = RefusedSignIns(database, clock)

    async def entered(count: int) -> list[tuple[str, int]]:
        async with asyncio.timeout(5):
            while len(rows := await given.rows(query)) < count:  # noqa: ASYNC110  # it is written by the way
                await asyncio.sleep(0.01)
        return [(row["address"], row["occurrences"]) for row in rows]

    async with refused.writing():
        refused.add("10.0.0.1", "no")
        assert await entered(1) == [("10.0.0.1", 1)]
        for _ in range(500):
            refused.add("10.0.0.1", "no")
        refused.add("10.0.0.2", "no")
        assert await entered(2) == [("10.0.0.1", 1), ("10.0.0.2", 1)]
        clock.advance(seconds=61)
        assert await entered(3) == [("10.0.0.1", 1), ("10.0.0.2", 1), ("10.0.0.1", 500)]


async def test_the_addresses_of_an_ipv6_client_are_one(database: Database, clock: Clock, given: Given) -> None:
    refused = RefusedSignIns(database, clock)
    async with refused.writing():
        for number in range(1, 200):
            refused.add(f"2001:db8::{number:x}", "no")
    rows = await given.rows("SELECT address, occurrences FROM audit_log")
    assert [dict(row) for row in rows] == [{"address": "2001:db8::/64", "occurrences": 199}]


TRUSTED = parse_networks("10.0.0.0/8, ::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
        ("::1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, <script>, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["<script>"], "10.0.0.1"),
        ("10.0.0.1", ["a" * 40_000], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.9" + ", 10.0.0.2" * 40], "10.0.0.2"),
        ("", ["203.0.113.9"], ""),
    ],
)
def test_the_nearest_address_that_is_no_trusted_proxy(peer: str, forwarded: list[str], address: str) -> None:
    assert client_address(peer, [text.encode() for text in forwarded], TRUSTED) == address


async def test_a_trusted_proxy_names_the_client(settings: Settings, database: Database, clock: Clock) -> None:
    mine = replace(settings, trusted_proxies=parse_networks("127.0.0.0/8"))
    create = 'mutation { createTenant(input: {code: "acme", name: "Acme"}) { __typename } }'
    async with serve_api(mine, clock) as served, served.client() as ada:
        await ada.post("/graphql", json={"query": create}, headers={"x-forwarded-for": "1.1.1.1, 203.0.113.9"})
        answer = await ask(ada, '{ auditLog(filter: {action: "createTenant"}) { nodes { address } } }')
        assert answer["data"] == {"auditLog": {"nodes": [{"address": "203.0.113.9"}]}}
