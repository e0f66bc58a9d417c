"""What the jobs that work in chunks share: the check of the time zone, and stopping after the current batch."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from app.database import PLATFORM
from app.database.billing_time_zone import require_recorded_time_zone as require_in_database
from app.operations.calls.context import Context


async def require_recorded_time_zone(operations: Context) -> None:
    """Raises an error if the database's billing time zone is not this worker's: the API may have started later, on the
    empty database, with another zone.
    """
    async with operations.database.reading_written(PLATFORM) as connection:
        await require_in_database(connection, operations.settings)


async def finish_current_batch(work: Callable[[Callable[[], bool]], Coroutine[Any, Any, None]]) -> None:
    """Runs the work, which asks the function it is given whether it is to stop after its current batch: once this job
    is cancelled it is, and the cancellation goes on when the work has ended.
    """
    stopping = asyncio.Event()
    task = asyncio.create_task(work(stopping.is_set))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:  # the queue takes the job back, and waits some seconds for the current batch
        stopping.set()
        await task
        raise
