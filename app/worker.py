"""The worker, as a process of its own or inside another."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from app.database import Database
from app.jobs import SYSTEM, create_worker
from app.operations.calls.context import Context
from app.queue import Queue
from app.settings import Settings
from app.tracing import sending_traces

_COLLECTIONS = (50_000, 20, 100)
"""A batch of a rollup creates some ten thousand objects, which are all freed when it is written, and hardly any cycles:
Python's default thresholds would traverse them dozens of times. Memory stays at that of two batches.
"""


def _now() -> datetime:
    return datetime.now(UTC)


async def run_worker(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT. Raises DatabaseUnavailable or DatabaseUnsuitable if it cannot start."""
    async with (
        sending_traces(settings.otlp_endpoint, "arcadia-worker"),
        Database(settings) as database,
        Queue(settings) as queue,
    ):
        await database.check_logins()
        gc.collect()
        gc.freeze()  # exempts the objects of start-up from garbage collection
        gc.set_threshold(*_COLLECTIONS)
        await create_worker(Context(SYSTEM, database, _now, settings, queue)).start()


@asynccontextmanager
async def working(context: Context, *, catching_up: bool = True) -> AsyncIterator[None]:
    """Runs a worker during the block, in the same process and with the context's database, queue and clock."""
    worker = create_worker(context, catching_up=catching_up, signals=False)
    task = asyncio.create_task(worker.start(), name="worker")
    try:
        yield
    finally:
        await worker.stop()
        await task
