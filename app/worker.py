"""The worker as a process of its own, or as a part of another."""

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

_COLLECTIONS = (50_000, 20, 100)
"""A batch of a rollup makes some ten thousand objects, which all go at once when it is written, and hardly a cycle:
Python's own thresholds look through them dozens of times. Memory stays what two batches take."""


def _now() -> datetime:
    return datetime.now(UTC)


async def run_worker(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT. Raises DatabaseUnavailable or DatabaseUnsuitable if it cannot begin."""
    async with Database(settings) as database, Queue(settings) as queue:
        await database.check_logins()
        gc.collect()
        gc.freeze()  # what start-up made stays: collections need not look at it again
        gc.set_threshold(*_COLLECTIONS)
        await create_worker(Context(SYSTEM, database, _now, settings, queue)).start()


@asynccontextmanager
async def working(context: Context, *, catching_up: bool = True) -> AsyncIterator[None]:
    """A worker beside the block, in the same process and on the context's database, queue and clock."""
    worker = create_worker(context, catching_up=catching_up, signals=False)
    task = asyncio.create_task(worker.start(), name="worker")
    try:
        yield
    finally:
        await worker.stop()
        await task
