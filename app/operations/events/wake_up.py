"""Wakes the job that publishes and delivers events, after a transaction that wrote some."""

import time

from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.operations.events.event_recording import has_events

DELIVER_JOB = "deliver_events"


async def wake_delivery(context: Context, seconds: int = 0) -> None:
    """Enqueues the job for the second that follows, or that is so many seconds later: once for each second, and it
    starts after whatever was committed before. A job that runs every minute makes up for one that is lost.
    """
    at = int(time.time()) + 1 + seconds
    await context.queue.enqueue(DELIVER_JOB, str(at), at=at)


def wake_delivery_of_events(unit: UnitOfWork, context: Context) -> None:
    """Wakes the job once the unit of work is committed, if it has events."""
    if has_events(unit):
        unit.after_commit(lambda: wake_delivery(context))
