"""Wakes the job that publishes and delivers events, after a transaction that wrote some."""

import time

from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.operations.events.event_recording import has_events
from app.tables.ids import new_id

DELIVER_JOB = "deliver_events"


async def wake_delivery(context: Context) -> None:
    """Enqueues the job. Each wake-up has a key of its own: one that meets a delivery under way makes it look again. A
    job that runs every minute makes up for one that is lost.
    """
    await context.queue.enqueue(DELIVER_JOB, str(new_id()))


async def wake_delivery_later(context: Context, seconds: int) -> None:
    """Enqueues the job for the second that is so many seconds later, once for each second."""
    at = int(time.time()) + 1 + seconds
    await context.queue.enqueue(DELIVER_JOB, str(at), at=at)


def wake_delivery_of_events(unit: UnitOfWork, context: Context) -> None:
    """Wakes the job once the unit of work is committed, if it has events."""
    if has_events(unit):
        unit.after_commit(lambda: wake_delivery(context))
