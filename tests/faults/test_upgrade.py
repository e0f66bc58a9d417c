"""A new version's migration while the old version serves: it gives up sooner than it holds anyone up, is run again, and
the old version goes on working on the new schema.
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

from app.database import DatabaseUnavailable, migrate
from app.settings import Settings
from app.tables.deployments import CloudDeployments
from app.tables.migrations import arcadia_2026_11_29t15_30_00_000000 as policies
from tests.clock import Clock
from tests.server.house import House, house

LOCK_TIMEOUT = 1
READ = "{ tenants(first: 5) { nodes { code deployments { nodes { slug } } } } }"
TENANT = 'mutation { createTenant(input: {code: "%s", name: "T", country: "AU", currency: "AUD"}) { __typename } }'


class PoliciesAgain:
    """The migration that words the policies anew, as if it had not run."""

    ID = "9999-01-01T00:00:00:000000"
    forwards = staticmethod(policies.forwards)


class Upgrade:
    """The migration of a version to come."""

    ID = "9999-01-01T00:00:00:000000"

    @staticmethod
    async def forwards() -> MigrationManager:
        manager = MigrationManager(migration_id=Upgrade.ID, app_name=migrate.APP_NAME, description="")

        async def add_column() -> None:
            await CloudDeployments.raw("ALTER TABLE cloud_deployments ADD COLUMN upgraded text").run()

        manager.add_raw(add_column)
        return manager


@pytest.fixture
async def served(settings: Settings, empty_database_url: str, clock: Clock) -> AsyncIterator[House]:
    mine = replace(settings, database_url=empty_database_url, lock_timeout=LOCK_TIMEOUT)
    await migrate.migrate(mine)
    async with house(mine, clock) as served:
        yield served


@asynccontextmanager
async def traffic(served: House) -> AsyncIterator[list[float]]:
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
    served: House, monkeypatch: pytest.MonkeyPatch
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
            assert await migrate.migrate(served.settings) == [Upgrade.ID]
            before = len(seconds)
        assert len(seconds) > before > 0
        assert LOCK_TIMEOUT / 2 < max(seconds) < LOCK_TIMEOUT + 2
        assert await migrate.pending(served.settings) == []
    finally:
        await reader.close()


async def test_the_policies_change_table_by_table_beside_transactions_that_use_several(
    served: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction over all the tables would deadlock with one that has tenants and goes on to invoices."""
    current = migrate._modules()
    monkeypatch.setattr(migrate, "_modules", lambda: [*current, PoliciesAgain])
    user = await asyncpg.connect(served.settings.database_url)
    try:
        async with asyncio.TaskGroup() as upgrading, user.transaction():
            await user.execute("SELECT FROM tenants FOR SHARE")
            upgraded = upgrading.create_task(migrate.migrate(served.settings))
            await waited_for(user)
            for table in ("tenant_invoices", "subscriptions", "usage_daily_totals", "audit_log"):
                await user.execute(f"SELECT FROM {table}")
        assert upgraded.result() == [PoliciesAgain.ID]
    finally:
        await user.close()


async def waited_for(user: Any) -> None:
    """Until somebody waits for a lock."""
    async with asyncio.timeout(10):
        while True:
            if await user.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                return
            await asyncio.sleep(0.01)
