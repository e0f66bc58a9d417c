"""Every hour, for the day may end in any of them: plan changes whose first day has come."""

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations import subscriptions
from app.queue import heartbeat


@logged
async def apply_pending_plan_changes(context: JobContext) -> Counts:
    """Makes them the versions in force that subscriptions name."""
    async with heartbeat(context["job"]):
        return {"plan_changes": await subscriptions.apply_pending_plan_changes(context["operations"])}
