"""The progress of a run, for GraphQL subscriptions: a rollup or an issue run."""

from collections.abc import AsyncGenerator
from uuid import UUID

import msgspec

from app.database import PLATFORM, Database
from app.database.listener import ChannelSubscription
from app.operations.calls.access import not_found
from app.operations.chunked_runs import ChunkedRuns
from app.reads import ForbiddenError
from app.schema.context import Info, is_platform_admin
from app.schema.problems import refusals_as_errors
from app.tables.issue_runs import IssueRuns
from app.tables.rollups import RollupRuns


class _NotifiedRun(msgspec.Struct, frozen=True):
    """The payload of the notification that is sent when a run makes progress."""

    id: UUID


async def steps_of_run(
    info: Info, runs: ChunkedRuns, table: type[RollupRuns | IssueRuns], what: str, run_id: UUID
) -> AsyncGenerator[None, None]:
    """Yields at once and after each step of the run, whose state is to be sent then; ends when the run has finished.

    what: the name of such a run, for the refusal of an unknown id.
    """
    if not is_platform_admin(info.context.viewer):
        raise ForbiddenError(f"your role may not read {what}s")
    database = info.context.operations.database
    async with database.listen(runs.channel) as payloads:
        finished = False
        while not finished:
            with refusals_as_errors():
                finished = await _is_finished(database, table, what, run_id)
            yield
            if not finished:
                await _step(payloads, run_id)


async def _is_finished(database: Database, table: type[RollupRuns | IssueRuns], what: str, run_id: UUID) -> bool:
    """Whether the run has ended. Asked before the run's state is read: the last state that is sent is the final one."""
    async with database.unit_of_work(PLATFORM):
        run = await table.select(table.finished_at).where(table.id == run_id).first()
    if run is None:
        raise not_found(what, run_id, ("runId",))
    return run["finished_at"] is not None


async def _step(payloads: ChannelSubscription, run_id: UUID) -> None:
    """Waits until the run has made progress, or may have: if notifications were missed, one of them may have been about
    this run.
    """
    async for payload in payloads:
        if payload is None or msgspec.json.decode(payload, type=_NotifiedRun).id == run_id:
            return
