"""The months that events are kept by: made ahead by a job, and by the first event that comes to one."""

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from app.database import PLATFORM, Database, UnitOfWork
from app.operations.calls.context import Context

AHEAD = timedelta(days=62)
"""How far ahead the job makes them."""

_made: WeakKeyDictionary[Database, datetime] = WeakKeyDictionary()
"""The instant up to which a database has months, as far as this process knows. They have no gaps and never go."""


async def make_months(context: Context) -> None:
    """Makes the months of the near future. Safe to run at any time, from anywhere."""
    await _make(context, context.clock() + AHEAD)


async def require_months(context: Context, latest: datetime) -> None:
    """Sees to it that an event of that instant, and any before it, has a place. Costs nothing once it is known."""
    if (until := _made.get(context.database)) is None or latest >= until:
        await _make(context, max(latest, context.clock()))


async def _make(context: Context, instant: datetime) -> None:
    async def work(unit: UnitOfWork) -> datetime:
        until: datetime = await unit.connection.fetchval("SELECT usage_records_create_partitions($1)", instant)
        return until

    # A transaction of its own, so that nobody waits for a batch's end to find the month, and none of a mutation's.
    _made[context.database] = await context.database.run_in_transaction(PLATFORM, work)
