"""Chunks of one process rate one batch at a time; a tenant too large for a batch runs beside them."""

import asyncio
from uuid import UUID

import pytest

from app.operations.rollups import bill_tenants, chunk, roll_up_chunk, roll_up_period, starting
from tests.operations.given import Given
from tests.operations.months import APRIL, counts, invoices, subscribed
from tests.operations.rollups.test_failures import break_tenant

LARGE = 3
"""Deployments of the large tenant, one more than a batch takes."""


class CountingLock(asyncio.Lock):
    """A rating lock that counts how often it is taken."""

    acquired = 0

    async def __aenter__(self) -> None:
        await super().__aenter__()
        self.acquired += 1


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a chunk two tenants or the large one, and a batch one tenant or two subscriptions."""
    monkeypatch.setattr(starting, "CHUNK_TENANTS", 2)
    monkeypatch.setattr(starting, "CHUNK_SUBSCRIPTIONS", 2)
    monkeypatch.setattr(chunk, "BATCH_TENANTS", 1)
    monkeypatch.setattr(chunk, "SLICE", LARGE - 1)
    monkeypatch.setattr(bill_tenants, "SLICE", LARGE - 1)


@pytest.fixture
async def run_id(given: Given) -> UUID:
    """A run over four small tenants, in chunks 0 and 2, and a large one, in chunk 1."""
    await given.plan()
    for code in ("a", "b", "large", "y", "z"):
        tenant_id, _ = await subscribed(given, code)
        for slug in ("more", "most") if code == "large" else ():
            await given.subscription(await given.deployment(tenant_id, slug), starts_on=APRIL)
    return await roll_up_period(given.platform, period_start=APRIL)


async def billed(given: Given) -> list[str]:
    return [invoice["code"] for invoice in await invoices(given)]


async def test_each_batch_waits_for_the_rating_lock_and_a_large_tenant_does_not(given: Given, run_id: UUID) -> None:
    rating_lock = CountingLock()
    async with asyncio.TaskGroup() as chunks, rating_lock:
        first, large, last = (
            chunks.create_task(roll_up_chunk(given.platform, run_id=run_id, position=position, rating_lock=rating_lock))
            for position in (0, 1, 2)
        )
        await large
        await asyncio.sleep(0.2)
        assert not first.done()
        assert not last.done()
        assert await billed(given) == ["large"]
    assert await billed(given) == ["a", "b", "large", "y", "z"]
    assert rating_lock.acquired == 1 + 4
    assert counts(await given.row("SELECT * FROM rollup_runs"))["created"] == 5


async def test_a_chunk_stopped_while_it_waits_for_the_rating_lock_bills_that_batch_alone(
    given: Given, run_id: UUID
) -> None:
    rating_lock, stopping = CountingLock(), asyncio.Event()
    async with asyncio.TaskGroup() as chunks, rating_lock:
        chunks.create_task(
            roll_up_chunk(
                given.platform, run_id=run_id, position=0, rating_lock=rating_lock, is_stopping=stopping.is_set
            )
        )
        await asyncio.sleep(0.2)
        stopping.set()
    assert await billed(given) == ["a"]
    assert await given.row("SELECT count(*) AS open FROM rollup_chunks WHERE finished_at IS NULL") == {"open": 3}


async def test_a_batch_that_fails_releases_the_rating_lock(given: Given, run_id: UUID) -> None:
    await break_tenant(given, "a")
    rating_lock = CountingLock()
    await roll_up_chunk(given.platform, run_id=run_id, position=0, rating_lock=rating_lock)
    assert await billed(given) == ["b"]
    assert rating_lock.acquired == chunk.ATTEMPTS + 1
    assert not rating_lock.locked()


async def test_a_large_tenant_that_fails_is_retried_without_the_rating_lock(given: Given, run_id: UUID) -> None:
    await break_tenant(given, "large")
    rating_lock = CountingLock()
    async with rating_lock, asyncio.timeout(10):
        await roll_up_chunk(given.platform, run_id=run_id, position=1, rating_lock=rating_lock)
    assert await given.row("SELECT attempts FROM rollup_failures") == {"attempts": chunk.ATTEMPTS}
    assert rating_lock.acquired == 1
