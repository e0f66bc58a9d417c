"""Issue runs: their chunks, and the daily job that issues months by themselves."""

from uuid import UUID

from app.jobs.chunks import finish_current_batch, require_recorded_time_zone
from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations import issue_runs
from app.queue import heartbeat


@logged
async def issue_chunk(context: JobContext, *, run_id: str, position: int) -> Counts:
    """Issues the drafts of one chunk. When the worker stops, it finishes the current batch first."""
    await require_recorded_time_zone(context["operations"])
    async with heartbeat(context["job"]):
        await finish_current_batch(
            lambda is_stopping: issue_runs.issue_chunk(
                context["operations"], run_id=UUID(run_id), position=position, is_stopping=is_stopping
            )
        )
    return {}


@logged
async def issue_due_months(context: JobContext) -> Counts:
    """Every day: months whose drafts are to be issued now, if the settings say so."""
    await require_recorded_time_zone(context["operations"])
    async with heartbeat(context["job"]):
        return {"runs": await issue_runs.issue_due(context["operations"])}


@logged
async def resume_issue_runs(context: JobContext) -> Counts:
    """Every few minutes: chunks whose job was lost."""
    async with heartbeat(context["job"]):
        return {"chunks": await issue_runs.resume(context["operations"])}
