"""Pushes to the finance system, and compares balances with it."""

from app.jobs.context import JobContext
from app.jobs.log import Counts, logged
from app.operations.finance import reconciling
from app.queue import heartbeat


@logged
async def push_to_finance(context: JobContext) -> Counts:
    """Pushes what is due. Woken when there are pushes, and for the first retry."""
    async with heartbeat(context["job"]):
        return {"sent": await context["finance"].run()}


@logged
async def push_to_finance_again(context: JobContext) -> Counts:
    """Every minute: later retries, and what a wake-up that was lost has left."""
    async with heartbeat(context["job"]):
        return {"sent": await context["finance"].run()}


@logged
async def reconcile_finance(context: JobContext) -> Counts:
    """Makes the comparisons that were requested."""
    async with heartbeat(context["job"]):
        return {"out_of_step": await reconciling.reconcile(context["operations"], context["finance_sender"])}


@logged
async def reconcile_finance_daily(context: JobContext) -> Counts:
    """Every hour: the comparison of the day, unless one has succeeded."""
    async with heartbeat(context["job"]):
        return {"out_of_step": await reconciling.reconcile_if_due(context["operations"], context["finance_sender"])}
