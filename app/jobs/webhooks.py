"""Publishes events and delivers them to webhook endpoints."""

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations.cron_runs import record_cron_run
from app.queue import heartbeat


@logged
async def deliver_events(context: JobContext) -> Counts:
    """Delivers what is due. Woken when there are events, and for the first retry."""
    async with heartbeat(context["job"]):
        return {"delivered": await context["delivery"].run()}


@logged
async def deliver_events_again(context: JobContext) -> Counts:
    """Every minute: later retries, and what a wake-up that was lost has left. Records that cron jobs run."""
    async with heartbeat(context["job"]):
        await record_cron_run(context["operations"])
        return {"delivered": await context["delivery"].run()}
