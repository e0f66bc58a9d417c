"""Applies due plan changes every hour, because the day may end at any hour of UTC."""

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations import subscriptions
from app.queue import heartbeat


@logged
async def apply_pending_plan_changes(context: JobContext) -> Counts:
    """Makes the due plan changes the versions in force that subscriptions name."""
    async with heartbeat(context["job"]):
        return {"plan_changes": await subscriptions.apply_pending_plan_changes(context["operations"])}
