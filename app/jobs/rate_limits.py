"""Every hour: buckets that are full again, of callers who may never come back."""

from app.jobs.rollups import JobContext
from app.operations import rate_limits
from app.queue import heartbeat


async def purge_rate_limit_buckets(context: JobContext) -> None:
    async with heartbeat(context["job"]):
        await rate_limits.purge(context["operations"])
