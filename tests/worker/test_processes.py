"""Workers as separate processes, started and killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import app.queue
from app.operations.rollups import roll_up_period
from app.settings import Settings
from tests.jobs.seeding import seed
from tests.operations.given import Given
from tests.operations.months import invoices

TENANTS = 500
HEARTBEAT_SECONDS = 2

WORKER = f"""
import asyncio
from app import queue
queue.HEARTBEAT_SECONDS = {HEARTBEAT_SECONDS}
from app.settings import Settings
from app.worker import run_worker
asyncio.run(run_worker(Settings.from_environment()))
"""

Process = subprocess.Popen[bytes]


@pytest.fixture
def month(given: Given) -> date:
    """The last one that ended by the real clock, which the processes go by."""
    given.clock.now = datetime.now(UTC)
    return (given.clock.now.date().replace(day=1) - timedelta(days=1)).replace(day=1)


@pytest.fixture
async def tenants(given: Given, month: date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.queue, "HEARTBEAT_SECONDS", HEARTBEAT_SECONDS)
    await seed(given.database, TENANTS, await given.plan(), month)


@pytest.fixture
def start_worker(settings: Settings) -> Iterator[Callable[[], Process]]:
    environment = os.environ | {"ARCADIA_DATABASE_URL": str(settings.database_url)}
    with ExitStack() as processes:

        def start() -> Process:
            process = processes.enter_context(
                subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stderr=subprocess.PIPE)
            )
            processes.callback(process.kill)
            return process

        yield start


async def wait_for(given: Given, condition: str, runs: int = 1) -> list[dict[str, Any]]:
    """Waits until this number of runs meet the condition; returns those runs."""
    async with asyncio.timeout(60):
        while True:
            met = await given.rows(f"SELECT * FROM rollup_runs WHERE {condition}")
            if len(met) == runs:
                return met
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("tenants")
async def test_a_worker_killed_in_the_middle_leaves_nothing_double_and_nothing_missing(
    given: Given, month: date, start_worker: Callable[[], Process]
) -> None:
    first = start_worker()
    await roll_up_period(given.platform, period_start=month)
    await wait_for(given, f"tenants_done > 0 AND tenants_done < {TENANTS}")
    first.send_signal(signal.SIGKILL)
    first.wait()
    (cut_short,) = await given.rows("SELECT * FROM rollup_runs")
    assert cut_short["finished_at"] is None
    assert 0 < cut_short["tenants_done"] == len(await invoices(given, month)) < TENANTS

    start_worker()
    (run,) = await wait_for(given, "finished_at IS NOT NULL")

    done = ("status", "tenants_done", "invoices_created", "invoices_skipped", "invoices_failed")
    assert tuple(run[name] for name in done) == ("SUCCEEDED", TENANTS, TENANTS, 0, 0)
    billed = await invoices(given, month)
    assert len({invoice["tenant_id"] for invoice in billed}) == len(billed) == TENANTS
    assert run["total_cents"] == sum(invoice["total_cents"] for invoice in billed)


@pytest.mark.usefixtures("tenants")
async def test_two_workers_and_twenty_calls_at_once_make_one_invoice_a_tenant(
    given: Given, month: date, start_worker: Callable[[], Process]
) -> None:
    start_worker()
    start_worker()
    await asyncio.gather(*(roll_up_period(given.platform, period_start=month) for _ in range(20)))

    runs = await wait_for(given, "status = 'SUCCEEDED' AND requested_by <> 'system:rollup'", runs=20)

    assert (
        sum(run["invoices_created"] for run in runs) <= TENANTS
    )  # the workers' own catch-up may have been there first
    assert all(run["tenants_done"] == TENANTS for run in runs)
    assert [invoice["revision"] for invoice in await invoices(given, month)] == [1] * TENANTS


@pytest.mark.usefixtures("tenants")
async def test_a_stopping_worker_returns_its_jobs_and_exits_with_0(
    given: Given, month: date, start_worker: Callable[[], Process]
) -> None:
    first = start_worker()
    await roll_up_period(given.platform, period_start=month)
    await wait_for(given, f"tenants_done > 0 AND tenants_done < {TENANTS}")
    first.send_signal(signal.SIGTERM)
    _, complaints = await asyncio.to_thread(first.communicate, timeout=10)
    assert first.returncode == 0, complaints.decode()
    assert b"Traceback" not in complaints

    start_worker()
    (run,) = await wait_for(given, "finished_at IS NOT NULL")
    assert (run["status"], run["invoices_created"]) == ("SUCCEEDED", TENANTS)
