"""Dunning: the daily run, and the evaluation of one tenant after something changed what it owes."""

from dataclasses import asdict
from uuid import UUID

from app.jobs.chunks import require_recorded_time_zone
from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations import dunning
from app.queue import heartbeat


@logged
async def run_dunning(context: JobContext) -> Counts:
    """Every few minutes: the run of the day once its time has come, or what one that was interrupted has left."""
    await require_recorded_time_zone(context["operations"])
    async with heartbeat(context["job"]):
        return {"tenants": await dunning.run_dunning(context["operations"])}


@logged
async def evaluate_dunning(context: JobContext, *, tenant_id: str) -> Counts:
    """Evaluates the tenant. The day's run does so too, if this is lost."""
    await require_recorded_time_zone(context["operations"])
    async with heartbeat(context["job"]):
        return asdict(await dunning.evaluate_tenant(context["operations"], tenant_id=UUID(tenant_id)))
