"""A backup while usage is recorded and a month is billed, restored into another database and checked for data
integrity.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.operations.data_integrity import check
from app.operations.rollups import roll_up_period, roll_up_run
from tests import postgres
from tests.cli.command import Command
from tests.cli.conftest import arcadia
from tests.conftest import SECRET
from tests.faults.tenants import seed
from tests.operations.given import Given
from tests.operations.months import APRIL, meter

__all__ = ["arcadia"]


@pytest.fixture
def elsewhere() -> Iterator[str]:
    name = postgres.run_name("restored")
    yield postgres.create(name)
    postgres.drop(name)


async def test_a_dump_under_load_restores_to_a_whole(
    given: Given, arcadia: Command, elsewhere: str, tmp_path: Path
) -> None:
    """One snapshot: what is in it is whole, what came after is not in it. `arcadia check` finds nothing."""
    await seed(given.database, 300, await given.plan(), APRIL)
    deployments: list[UUID] = [row["id"] for row in await given.rows("SELECT id FROM cloud_deployments")]
    run_id = await roll_up_period(given.platform, period_start=APRIL)
    dumped = asyncio.Event()

    async def load() -> None:
        await roll_up_run(given.platform, run_id=run_id)
        for number, deployment_id in enumerate(deployments * 20):
            if dumped.is_set() and number > 20:
                break
            await meter(given, deployment_id, "1", 2026, 5, 1, count=1 + number % 3)

    loading = asyncio.create_task(load())
    await asyncio.sleep(0.1)
    dump = tmp_path / "arcadia.dump"
    assert (await asyncio.to_thread(arcadia, "backup", str(dump))).code == 0
    dumped.set()
    await loading
    restored = Command(dict(arcadia.environment) | {"ARCADIA_DATABASE_URL": elsewhere, "ARCADIA_JWT_SECRET": SECRET})
    assert (await asyncio.to_thread(restored, "restore", str(dump))).out == "Restored.\n"
    outcome = await asyncio.to_thread(restored, "check")
    assert (outcome.code, outcome.out) == (0, "No violations found.\n")
    assert await check(given.platform) == []
