"""When a worker last ran a cron job: shows whether one runs at all."""

from datetime import datetime

from app.database import PLATFORM, UnitOfWork
from app.operations.calls.context import Context

_RECORD = "UPDATE installation SET cron_ran_at = $1"
_LAST = "SELECT cron_ran_at FROM installation"


async def record_cron_run(context: Context) -> None:
    """Records that a cron job runs now."""
    await context.database.run_in_transaction(PLATFORM, lambda unit: unit.connection.execute(_RECORD, context.clock()))


async def last_cron_run(context: Context) -> datetime | None:
    """Returns when one ran last; None if none has."""

    async def work(unit: UnitOfWork) -> datetime | None:
        ran_at: datetime | None = await unit.connection.fetchval(_LAST)
        return ran_at

    return await context.database.run_in_transaction(PLATFORM, work)
