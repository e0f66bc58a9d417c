"""Every day: the months that usage of the near future will be kept by."""

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations import usage
from app.queue import heartbeat


@logged
async def make_usage_months(context: JobContext) -> Counts:
    """Makes those that are not there yet."""
    async with heartbeat(context["job"]):
        await usage.make_months(context["operations"])
    return {}
