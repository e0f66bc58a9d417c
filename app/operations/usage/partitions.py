"""The monthly partitions of usage events: created ahead by a job, or when the first event of a month arrives."""

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from app.database import PLATFORM, Database, UnitOfWork
from app.operations.calls.context import Context

LOOKAHEAD = timedelta(days=62)
"""How far ahead the job creates them."""

_made: WeakKeyDictionary[Database, datetime] = WeakKeyDictionary()
"""For each database, the instant up to which this process knows that partitions exist. They have no gaps and are never
dropped.
"""


async def make_months(context: Context) -> None:
    """Creates the partitions of the near future. It may run at any time, in any process."""
    await _make(context, context.clock() + LOOKAHEAD)


async def require_months(context: Context, latest: datetime) -> None:
    """Makes sure that partitions exist up to that instant. Needs no query once that is known."""
    if (until := _made.get(context.database)) is None or latest >= until:
        await _make(context, max(latest, context.clock()))


async def _make(context: Context, instant: datetime) -> None:
    async def work(unit: UnitOfWork) -> datetime:
        until: datetime = await unit.connection.fetchval("SELECT usage_records_create_partitions($1)", instant)
        return until

    # A transaction of its own, so that other batches need not wait for this one's commit to use the partition.
    _made[context.database] = await context.database.run_in_transaction(PLATFORM, work)
