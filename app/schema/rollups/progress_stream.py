"""GraphQL subscriptions for rollups."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

import msgspec
import strawberry

from app.database import PLATFORM, Database
from app.database.listener import ChannelSubscription
from app.operations.calls.access import not_found
from app.operations.rollups.progress import CHANNEL
from app.reads import ForbiddenError, reference
from app.schema.context import Info, is_platform_admin
from app.schema.problems import refusals_as_errors
from app.schema.rollups.types import RollupRun
from app.tables.rollups import RollupRuns


class _NotifiedRun(msgspec.Struct, frozen=True):
    """The payload of the notification that is sent when a rollup run makes progress."""

    id: UUID


@strawberry.type
class RollupSubscriptions:
    """GraphQL subscriptions for rollups."""

    @strawberry.subscription(
        description="The current state of a rollup run, sent after each of its steps. Ends when the run has finished. "
        "Platform admins only."
    )
    async def rollup_progress(
        self, info: Info, run_id: Annotated[UUID, strawberry.argument(description="The id of the run.")]
    ) -> AsyncGenerator[RollupRun, None]:
        if not is_platform_admin(info.context.viewer):
            raise ForbiddenError("your role may not read rollups")
        database = info.context.operations.database
        async with database.listen(CHANNEL) as payloads:
            finished = False
            while not finished:
                with refusals_as_errors():
                    finished = await _is_finished(database, run_id)
                yield reference(RollupRun, run_id)
                if not finished:
                    await _step(payloads, run_id)


async def _is_finished(database: Database, run_id: UUID) -> bool:
    """Whether the rollup run has ended. Called before the run's state is read, so that the last state sent is the final
    one.
    """
    async with database.unit_of_work(PLATFORM):
        run = await RollupRuns.select(RollupRuns.finished_at).where(RollupRuns.id == run_id).first()
    if run is None:
        raise not_found("rollup run", run_id, ("runId",))
    return run["finished_at"] is not None


async def _step(payloads: ChannelSubscription, run_id: UUID) -> None:
    """Waits until the run has made progress, or may have: if notifications were missed, one of them may have been about
    this run.
    """
    async for payload in payloads:
        if payload is None or msgspec.json.decode(payload, type=_NotifiedRun).id == run_id:
            return
