"""Reads in each worker what the database and the queue hold, for its metrics."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from math import nan

from app.database import PLATFORM
from app.metrics import (
    DELIVERIES,
    ENDPOINTS_DISABLED,
    EVENTS_UNPUBLISHED,
    FINANCE_PUSHES,
    INTEGRITY_AGE_SECONDS,
    OLDEST_EVENT_SECONDS,
    OLDEST_PUSH_SECONDS,
    QUEUED_JOBS,
    RECEIVABLES_OUT_OF_STEP,
    ROLLUP_RUNS_OPEN,
    ROLLUP_TENANTS,
    UNBILLED_MONTHS,
    showing_gauges,
)
from app.operations.billing_months import count_unbilled_months
from app.operations.calls.context import Context
from app.operations.data_integrity import last_pass
from app.operations.finance.push_state import PushState, push_state
from app.operations.rollups import rollup_state
from app.operations.webhooks import delivery_state

INTERVAL_SECONDS = 30

logger = logging.getLogger(__name__)


@asynccontextmanager
async def reading_gauges(context: Context) -> AsyncIterator[None]:
    """Reads and shows them during the block."""
    await read_gauges(context)
    reading = asyncio.create_task(_read_repeatedly(context), name="gauges")
    with showing_gauges():
        try:
            yield
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading


async def _read_repeatedly(context: Context) -> None:
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        try:
            await read_gauges(context)
        except Exception:  # the next reading may succeed; until then the metrics keep their last values
            logger.exception("The metrics of the database could not be read.")


async def read_gauges(context: Context) -> None:
    QUEUED_JOBS.set(await context.queue.saq.count("queued"))
    checked = await last_pass(context)
    INTEGRITY_AGE_SECONDS.set(nan if checked is None else (context.clock() - checked).total_seconds())
    UNBILLED_MONTHS.set(await count_unbilled_months(context))
    async with context.database.reading(PLATFORM) as connection:
        events = await delivery_state(connection, context.clock())
        rollups = await rollup_state(connection)
        if context.settings.finance_url is not None:  # without one pushes wait, and nothing is wrong
            _show_pushes(await push_state(connection, context.clock()))
    EVENTS_UNPUBLISHED.set(events.unpublished)
    DELIVERIES.labels("pending").set(events.pending)
    DELIVERIES.labels("failed").set(events.failed)
    ENDPOINTS_DISABLED.set(events.endpoints_disabled)
    OLDEST_EVENT_SECONDS.set(events.oldest_seconds)
    ROLLUP_RUNS_OPEN.set(rollups.open)
    for state in ("total", "done", "failed"):
        ROLLUP_TENANTS.labels(state).set(getattr(rollups, state))


def _show_pushes(pushes: PushState) -> None:
    FINANCE_PUSHES.labels("pending").set(pushes.pending)
    FINANCE_PUSHES.labels("blocked").set(pushes.blocked)
    OLDEST_PUSH_SECONDS.set(pushes.oldest_seconds)
    RECEIVABLES_OUT_OF_STEP.set(pushes.out_of_step)
