"""Whose address a request has: the peer's, or the one that a trusted proxy names."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.database import Database
from app.server import sign_ins
from app.server.sign_ins import RefusedSignIns
from app.settings import Settings, SettingsError
from tests.clock import Clock
from tests.operations.given import Given
from tests.schema.conftest import given, queue
from tests.server.house import House, house

__all__ = ["given", "queue"]


@pytest.fixture
async def served_house(
    settings: Settings, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    monkeypatch.setattr(sign_ins, "GATHERED_SECONDS", 0.05)
    async with house(settings, clock) as served:
        yield served


@pytest.mark.xfail(strict=True, reason="API-H7, SEC-A8")
async def test_a_forwarded_address_is_not_believed_by_default(served_house: House, given: Given) -> None:
    async with httpx.AsyncClient(base_url=served_house.url) as stranger:
        for number in range(30):
            forwarded = {"x-forwarded-for": f"<script>{'a' * 4_000}, 10.0.0.{number}"}
            assert (await stranger.post("/graphql", headers=forwarded)).status_code == 401
    async with served_house.client() as ada:
        query = 'mutation { createTenant(input: {code: "acme", name: "Acme"}) { __typename } }'
        await ada.post("/graphql", json={"query": query}, headers={"x-forwarded-for": "10.1.1.1"})
    rows = await given.rows("SELECT address FROM audit_log WHERE action = 'createTenant'")
    assert [row["address"] for row in rows] == ["127.0.0.1"]
    rows = await given.rows("SELECT DISTINCT address FROM audit_log")
    assert [row["address"] for row in rows] == ["127.0.0.1"]


@pytest.mark.xfail(strict=True, reason="API-H7")
def test_trusted_proxies_are_addresses_and_networks() -> None:
    given = {"ARCADIA_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8, ::1, fd00::/8"}
    read = Settings.from_environment(given).trusted_proxies  # type: ignore[attr-defined]  # until it is there
    assert [str(network) for network in read] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128", "fd00::/8"]
    for wrong in ("localhost", "10.0.0.0/33", "10.0.0.1/8", "*"):
        with pytest.raises(SettingsError, match="ARCADIA_TRUSTED_PROXIES"):
            Settings.from_environment({"ARCADIA_TRUSTED_PROXIES": wrong})


@pytest.mark.xfail(strict=True, reason="SEC-A8")
async def test_refused_sign_ins_of_one_peer_are_a_few_rows(database: Database, clock: Clock, given: Given) -> None:
    refused = RefusedSignIns(database, clock)
    async with refused.kept():
        for number in range(1_000):
            refused.add("10.0.0.1", f"reason {number % 50}")
        refused.add("10.0.0.2", "another")
    rows = await given.rows("SELECT address, occurrences FROM audit_log ORDER BY occurrences")
    assert sum(row["occurrences"] for row in rows) == 1_001
    assert len([row for row in rows if row["address"] == "10.0.0.1"]) <= 4
    assert [row["occurrences"] for row in rows if row["address"] == "10.0.0.2"] == [1]
