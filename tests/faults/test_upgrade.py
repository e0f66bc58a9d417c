"""A new version's migration while the old version serves requests: the migration gives up rather than block others, is
run again, and the old version continues to work on the new schema.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import UUID, Text

from app.database import DatabaseOfAnotherVersion, DatabaseUnavailable, migrate
from app.settings import Settings
from tests.clock import Clock
from tests.server.served_api import ServedApi, serve_api

LOCK_TIMEOUT = 1
READ = "{ tenants(first: 5) { nodes { code deployments { nodes { slug } } } } }"
TENANT = 'mutation { createTenant(input: {code: "%s", name: "T", country: "AU", currency: "AUD"}) { __typename } }'


class Upgrade:
    """The migration of a version to come, as `piccolo migrations new` writes one: a column and a table of tenants.

    The old version is this one: its migrations, of which the first makes the whole schema, are not run again.
    """

    ID = "9999-01-01T00:00:00:000000"

    @staticmethod
    async def forwards() -> MigrationManager:
        manager = MigrationManager(migration_id=Upgrade.ID, app_name=migrate.APP_NAME, description="")
        manager.add_column(
            "CloudDeployments", "cloud_deployments", "upgraded", column_class=Text, params={"default": "", "null": True}
        )
        manager.add_table("Upgrades", "upgrades")
        for name, primary_key in (("id", True), ("tenant_id", False)):
            params = {"default": None, "primary_key": primary_key}
            manager.add_column("Upgrades", "upgrades", name, column_class=UUID, params=params)
        return manager


async def upgraded(owner: Any) -> tuple[bool, list[str]]:
    """Whether the new column is there, and the row-level security policies of the new table."""
    columns = await owner.fetch("SELECT FROM pg_attribute WHERE attname = 'upgraded'")
    policies = await owner.fetch(
        "SELECT polname FROM pg_policy WHERE polrelid = to_regclass('upgrades') ORDER BY polname"
    )
    return len(columns) == 1, [row["polname"] for row in policies]


@pytest.fixture
async def served(settings: Settings, empty_database_url: str, clock: Clock) -> AsyncIterator[ServedApi]:
    mine = replace(settings, database_url=empty_database_url, lock_timeout=LOCK_TIMEOUT)
    await migrate.migrate(mine)
    async with serve_api(mine, clock) as served:
        yield served


@asynccontextmanager
async def traffic(served: ServedApi) -> AsyncIterator[list[float]]:
    """Reads and changes, one after the other, all of which must succeed: the seconds that each took."""
    seconds: list[float] = []
    stopping = asyncio.Event()

    async def ask() -> None:
        async with served.client() as client:
            while not stopping.is_set():
                query = READ if len(seconds) % 2 else TENANT % f"t{len(seconds)}"
                began = time.monotonic()
                answer = await client.post("/graphql", json={"query": query})
                seconds.append(time.monotonic() - began)
                assert (answer.status_code, "errors" in answer.json()) == (httpx.codes.OK, False), answer.text

    async with asyncio.TaskGroup() as asking:
        asking.create_task(ask())
        yield seconds
        await asyncio.sleep(0.2)
        stopping.set()


async def test_a_migration_waits_for_no_lock_longer_than_traffic_can(
    served: ServedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = migrate._modules()
    monkeypatch.setattr(migrate, "_modules", lambda: [*current, Upgrade])
    reader = await asyncpg.connect(served.settings.database_url)
    try:
        async with traffic(served) as seconds:
            async with reader.transaction():  # a report that takes its time
                await reader.execute("SELECT FROM cloud_deployments")
                with pytest.raises(DatabaseUnavailable, match="run it again"):
                    await migrate.migrate(served.settings)
            assert await migrate.pending(served.settings) == [Upgrade.ID]
            assert await upgraded(reader) == (False, [])
            assert await migrate.migrate(served.settings) == [Upgrade.ID]
            assert await upgraded(reader) == (True, ["platform", "tenant"])
            before = len(seconds)
        assert len(seconds) > before > 0
        assert LOCK_TIMEOUT / 2 < max(seconds) < LOCK_TIMEOUT + 2
        assert await migrate.pending(served.settings) == []
    finally:
        await reader.close()


async def test_a_version_that_lacks_a_migration_of_the_database_does_not_start_on_it(
    served: ServedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running processes of the old version continue; one that starts now refuses to, with the reason."""
    async with served.client() as client:
        assert (await client.get("/ready")).status_code == httpx.codes.OK
    with monkeypatch.context() as newer:
        current = migrate._modules()
        newer.setattr(migrate, "_modules", lambda: [*current, Upgrade])
        assert await migrate.migrate(served.settings) == [Upgrade.ID]
    for refused in (migrate.migrate, migrate.require_current):
        with pytest.raises(
            DatabaseOfAnotherVersion, match=f"does not have 1 of its migrations, the last of them {Upgrade.ID}"
        ):
            await refused(served.settings)
    async with served.client() as client:
        assert (await client.post("/graphql", json={"query": READ})).json()["data"] == {"tenants": {"nodes": []}}
        assert (await client.get("/ready")).status_code == httpx.codes.OK
