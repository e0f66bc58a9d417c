"""Every day: the months that usage of the near future will be kept by."""

from app.jobs.rollups import JobContext
from app.operations import usage
from app.queue import heartbeat


async def make_usage_months(context: JobContext) -> None:
    """Makes those that are not there yet."""
    async with heartbeat(context["job"]):
        await usage.make_months(context["operations"])
