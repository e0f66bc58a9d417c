"""Deletes full rate limit buckets every hour: their callers may never return."""

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations import rate_limits
from app.queue import heartbeat


@logged
async def purge_rate_limit_buckets(context: JobContext) -> Counts:
    async with heartbeat(context["job"]):
        return {"purged": await rate_limits.purge(context["operations"])}
