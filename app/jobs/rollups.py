"""The jobs of rollups: the chunks of runs, and the scheduled jobs that make sure every month is billed."""

from uuid import UUID

from app.jobs.chunks import finish_current_batch, require_recorded_time_zone
from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations import rollups, subscriptions
from app.queue import heartbeat


@logged
async def roll_up_chunk(context: JobContext, *, run_id: str, position: int) -> Counts:
    await require_recorded_time_zone(context["operations"])
    async with heartbeat(context["job"]):
        await finish_current_batch(
            lambda is_stopping: rollups.roll_up_chunk(
                context["operations"],
                run_id=UUID(run_id),
                position=position,
                rating_lock=context["rating_lock"],
                is_stopping=is_stopping,
            )
        )
    return await rollups.chunk_outcomes(context["operations"], run_id=UUID(run_id), position=position)


@logged
async def roll_up_month_end(context: JobContext) -> Counts:
    """Bills the month that has just ended; runs on the 1st."""
    await require_recorded_time_zone(context["operations"])
    async with heartbeat(context["job"]):
        return {"runs": await rollups.catch_up(context["operations"])}


@logged
async def catch_up(context: JobContext) -> Counts:
    """Applies due plan changes and starts rollups for ended months that are not billed yet; runs daily and whenever a
    worker starts.
    """
    await require_recorded_time_zone(context["operations"])
    async with heartbeat(context["job"]):
        changes = await subscriptions.apply_pending_plan_changes(context["operations"])
        return {"plan_changes": changes, "runs": await rollups.catch_up(context["operations"])}


@logged
async def resume(context: JobContext) -> Counts:
    """Enqueues unfinished chunks whose job was lost; runs every few minutes."""
    async with heartbeat(context["job"]):
        return {"chunks": await rollups.resume(context["operations"])}
