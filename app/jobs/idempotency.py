"""Every hour: idempotency keys whose day is over."""

from app.jobs.rollups import JobContext
from app.operations import idempotency
from app.queue import heartbeat


async def purge_idempotency_keys(context: JobContext) -> None:
    async with heartbeat(context["job"]):
        await idempotency.purge(context["operations"])
