"""Deletes expired idempotency keys every hour."""

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations.calls import idempotency
from app.queue import heartbeat


@logged
async def purge_idempotency_keys(context: JobContext) -> Counts:
    async with heartbeat(context["job"]):
        return {"purged": await idempotency.purge(context["operations"])}
