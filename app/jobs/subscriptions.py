"""Applies due plan changes every hour, because the day may end at any hour of UTC."""

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations import subscriptions
from app.queue import heartbeat


@logged
async def apply_pending_plan_changes(context: JobContext) -> Counts:
    """Updates subscriptions whose pending plan change has come into force."""
    async with heartbeat(context["job"]):
        return {"plan_changes": await subscriptions.apply_pending_plan_changes(context["operations"])}
