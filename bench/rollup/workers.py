"""Our implementation: a rollup processed by worker processes that take its chunks from the queue."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import app.database
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.rollups import ROLLUPS, roll_up_period
from app.queue import Queue
from app.settings import Settings
from bench.reads.processes import cpu_seconds, running
from bench.rollup.data import HERE, Database
from bench.rollup.measurement import Figures, Peak, Stopwatch, watched

_ROOT = HERE.parent.parent
_START_SECONDS = 60.0
_QUIET_SECONDS = 2.0
_BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
_STATE = "SELECT finished_at IS NOT NULL AS done, status, invoices_failed FROM rollup_runs WHERE id = $1"


def measure(database: Database, case: str, workers: int, postgres_cpu: Callable[[], float]) -> Figures:
    """One run over the month. The clock starts when every worker has a chunk in its hands, and ends with the run."""
    run_id = asyncio.run(_request(database))
    peak = Peak()
    with running_workers(database, workers) as processes:
        peak.processes.update(processes)
        clock = Stopwatch(lambda: postgres_cpu() + sum(map(cpu_seconds, processes)))
        with watched(peak):
            asyncio.run(_run(database, run_id, clock))
    return clock.figures(case, database.size.subscriptions, peak)


def settings_of(database: Database) -> Settings:
    return Settings.from_environment({"ARCADIA_DATABASE_URL": database.url})


async def _request(database: Database) -> UUID:
    settings = settings_of(database)
    principal = Principal("bench", frozenset({Role.PLATFORM_ADMIN}))
    async with app.database.Database(settings) as opened, Queue(settings) as queue:
        context = Context(principal, opened, lambda: datetime.now(UTC), settings, queue)
        return await roll_up_period(context, period_start=database.month)


async def _run(database: Database, run_id: UUID, clock: Stopwatch) -> None:
    """Locks the run's row until all workers wait for it, so that none starts ahead of the others; then releases it."""
    moved = asyncio.Event()
    async with database.connection() as held, database.connection() as watching:
        await watching.add_listener(ROLLUPS.channel, lambda *_told: moved.set())
        async with held.transaction():
            await held.execute("SELECT FROM rollup_runs WHERE id = $1 FOR UPDATE", run_id)
            await until_quiet(watching)
            clock.start()
        while not (state := await watching.fetchrow(_STATE, run_id))["done"]:
            await moved.wait()
            moved.clear()
        clock.stop()
        if state["status"] != "SUCCEEDED":
            raise RuntimeError(f"the run ended {state['status']} with {state['invoices_failed']} failures")


async def until_quiet(watching: Any) -> None:
    """Until no further job has come to wait for some time."""
    begun = changed = time.monotonic()
    before = 0
    while before == 0 or time.monotonic() - changed < _QUIET_SECONDS:
        if time.monotonic() - begun > _START_SECONDS:
            raise TimeoutError("no worker took a chunk")
        blocked = await watching.fetchval(_BLOCKED)
        if blocked != before:
            before, changed = blocked, time.monotonic()
        await asyncio.sleep(0.05)


@contextmanager
def running_workers(database: Database, count: int) -> Iterator[list[int]]:
    environment = os.environ | {"ARCADIA_DATABASE_URL": database.url, "ARCADIA_LOCK_TIMEOUT": "120"}
    environment |= {"ARCADIA_STATEMENT_TIMEOUT": "120"}
    command = [sys.executable, "-m", "app.cli", "worker"]
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / f"worker-{number}.log" for number in range(count)]
        processes = [stack.enter_context(running(command, environment, log, cores, _ROOT)) for log in logs]
        try:
            yield processes
        except BaseException:
            for log in logs:
                sys.stderr.write(log.read_text(encoding="utf-8", errors="replace")[-2000:])
            raise
