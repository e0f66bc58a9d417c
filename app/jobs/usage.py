"""Creates the monthly partitions for usage of the near future, every day."""

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations import usage
from app.queue import heartbeat


@logged
async def make_usage_months(context: JobContext) -> Counts:
    """Creates the partitions for usage events of the near future that do not exist yet."""
    async with heartbeat(context["job"]):
        await usage.make_months(context["operations"])
    return {}
