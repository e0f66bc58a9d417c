"""Processes killed with SIGKILL in the middle of their work, and PostgreSQL's backends under it: nothing is lost,
nothing is doubled, and every data-integrity check passes.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import app.queue
from app.database import DatabaseUnavailable
from app.database.errors import is_unavailable
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.data_integrity import check
from app.operations.invoices import issue_invoice
from app.operations.rollups import resume, roll_up_period, starting
from app.operations.usage import MeteredEvent, record_usage
from tests.faults.tenants import TOTAL_CENTS, seed
from tests.faults.workers import Workers
from tests.operations.given import Given
from tests.operations.months import APRIL, invoices, roll_up
from tests.queues import either_queue

HEARTBEAT_SECONDS = 2
"""A killed worker's job comes back after so long; in production after fifteen."""


@pytest.fixture(autouse=True)
def many_moments_to_die(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.queue, "HEARTBEAT_SECONDS", HEARTBEAT_SECONDS)
    monkeypatch.setattr(starting, "CHUNK_TENANTS", 20)


def rollup_workers(given: Given) -> Workers:
    assert given.settings.database_url is not None
    return Workers(
        "tests.faults.rollup_worker",
        given.settings.database_url,
        str(given.settings.data_dir),
        "2026-05-01T03:00:00+00:00",
        *([given.settings.queue_url] if given.settings.queue_url else []),
    )


async def run_of(given: Given, run_id: UUID) -> dict[str, Any]:
    return await given.row("SELECT * FROM rollup_runs WHERE id = $1", run_id)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Queries until the condition is true. The time limit is checked between two queries, because cancelling one leaves
    its commit unknown.
    """
    end = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{condition.__name__} did not come true in {seconds:g} s")
        await asyncio.sleep(0.01)


async def killed_while_rolling_up(given: Given, tenants: int, kills: int) -> None:
    await seed(given.database, tenants, await given.plan(), APRIL)
    run_id = await roll_up_period(given.platform, period_start=APRIL)
    workers = rollup_workers(given)

    async def is_finished() -> bool:
        return (await run_of(given, run_id))["finished_at"] is not None

    try:
        for _ in range(kills // 2):
            workers.start(2)
            await some_progress(given, run_id)
            await asyncio.sleep(random.uniform(0, 0.05))  # noqa: S311 - at any moment
            assert not await is_finished(), "the rollup had finished before the last process was killed"
            workers.kill_one()
            workers.kill_one()
        workers.start(2)
        for _ in range(10):  # what cron does every few minutes: a job that was killed thrice is given up by the queue
            await resume(given.platform)
            with suppress(TimeoutError):
                await until(is_finished, 10)
    finally:
        workers.stop()
    run = await run_of(given, run_id)
    assert (run["status"], run["tenants_done"]) == ("SUCCEEDED", tenants)
    counted = "SELECT count(*) AS n, count(DISTINCT tenant_id) AS of, sum(total_cents) AS cents FROM tenant_invoices"
    assert await given.row(counted) == {"n": tenants, "of": tenants, "cents": tenants * TOTAL_CENTS}
    assert await check(given.platform) == []


async def some_progress(given: Given, run_id: UUID) -> None:
    """Waits until the workers are running and have billed some more tenants."""
    before = (await run_of(given, run_id))["tenants_done"]

    async def has_moved() -> bool:
        return bool((await run_of(given, run_id))["tenants_done"] > before)

    await until(has_moved, 40)


@either_queue
async def test_two_workers_killed_over_200_tenants(given: Given) -> None:
    await killed_while_rolling_up(given, tenants=200, kills=4)


@either_queue
@pytest.mark.heavy
@pytest.mark.timeout(1800)
async def test_two_workers_killed_again_and_again_over_many_tenants(given: Given) -> None:
    kills = int(os.environ.get("ARCADIA_KILLED_WORKERS", "50"))
    await killed_while_rolling_up(given, tenants=40 * kills, kills=kills)


@asynccontextmanager
async def backends_dying(given: Given, every: float) -> AsyncIterator[list[int]]:
    """During the block, repeatedly kills a backend of the test's database, as an administrator would; yields the list
    of kills so far.
    """
    assert given.settings.database_url is not None
    killer = await asyncpg.connect(given.settings.database_url)
    kills: list[int] = []

    async def kill() -> None:
        while True:
            await asyncio.sleep(every)
            kills.append(
                await killer.fetchval(
                    "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'arcadia' AND state <> 'idle'"
                    " AND backend_type = 'client backend' ORDER BY random() LIMIT 1) AS victim"
                )
            )

    killing = asyncio.create_task(kill())
    try:
        yield kills
    finally:
        killing.cancel()
        with suppress(asyncio.CancelledError):
            await killing
        await killer.close()


def test_a_connection_to_a_dying_backend_counts_as_lost() -> None:
    """So asyncpg tells it when the backend ends between two statements: seen under the load below."""
    assert is_unavailable(
        asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress")
    )


async def test_backends_killed_under_load_lose_nothing_that_was_answered(given: Given) -> None:
    await seed(given.database, 30, await given.plan(), APRIL)
    deployments = [row["id"] for row in await given.rows("SELECT id FROM cloud_deployments ORDER BY id")]
    answered: set[str] = set()
    given.clock.set(2026, 5, 1, 3)

    async def meter(sender: int) -> None:
        for batch in range(15):
            ids = [f"{sender}/{batch}/{number}" for number in range(20)]
            events = [
                MeteredEvent(
                    id=event_id,
                    deployment_id=deployments[(sender + number) % len(deployments)],
                    resource_kind="storage_gb_hours",
                    quantity=Decimal(number),
                    occurred_at=given.clock(),
                )
                for number, event_id in enumerate(ids)
            ]
            while not answered.issuperset(ids):
                with suppress(DatabaseUnavailable):  # sent again until it is answered, as a meter would
                    recorded = await record_usage(given.meter(), events=events)
                    assert recorded.accepted + recorded.duplicates == len(events)
                    answered.update(ids)

    async with backends_dying(given, every=0.15) as kills:
        await asyncio.gather(*(meter(sender) for sender in range(4)))
    with suppress(DatabaseUnavailable):  # a pooled connection may be one of the killed
        await given.rows("SELECT 1")
    kept = {row["event_id"] for row in await given.rows("SELECT event_id FROM usage_records WHERE source = 'api'")}
    assert kept == answered
    assert sum(kills) > 0
    assert await check(given.platform) == []


async def test_numbers_have_no_gap_when_issuing_is_killed_half_way(given: Given) -> None:
    tenants = 200
    await seed(given.database, tenants, await given.plan(), APRIL)
    await roll_up(given)
    assert given.settings.database_url is not None
    issuers = Workers(
        "tests.faults.issuer", given.settings.database_url, str(given.settings.data_dir), "2026-05-01T03:00:00+00:00"
    )
    issued = "SELECT count(*) AS n FROM tenant_invoices WHERE status = 'ISSUED'"
    try:
        for share in (10, 60, 110):
            issuers.start(2)

            async def has_its_share(share: int = share) -> bool:
                return int((await given.row(issued))["n"]) >= share

            await until(has_its_share, 60)
            issuers.kill_one()
            issuers.kill_one()
    finally:
        issuers.stop()
    assert (await given.row(issued))["n"] < tenants
    drafts = [invoice["id"] for invoice in await invoices(given) if invoice["status"] == "DRAFT"]
    async with backends_dying(given, every=0.15):
        for invoice_id in drafts:
            await issue_until_issued(given, invoice_id)
    numbers = [row["number"] for row in await given.rows("SELECT number FROM tenant_invoices ORDER BY number")]
    assert numbers == [f"INV-2026-{number:06}" for number in range(1, tenants + 1)]
    assert await check(given.platform) == []


async def issue_until_issued(given: Given, invoice_id: UUID) -> None:
    """Issues an invoice as a caller would: if the response is lost, the request is repeated, and it is refused if the
    invoice was issued already.
    """
    while True:
        try:
            await issue_invoice(given.platform, invoice_id=invoice_id)
        except DatabaseUnavailable:
            continue
        except Refusal as refused:
            assert refused.code is ProblemCode.INVOICE_NOT_DRAFT  # noqa: PT017 - of one that may also succeed
        return
