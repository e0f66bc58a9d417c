"""GraphQL subscriptions for rollups."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations.rollups import ROLLUPS
from app.reads import reference
from app.schema.context import Info
from app.schema.rollups.types import RollupRun
from app.schema.run_progress import steps_of_run
from app.tables.rollups import RollupRuns


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
        async with aclosing(steps_of_run(info, ROLLUPS, RollupRuns, "rollup run", run_id)) as steps:
            async for _ in steps:
                yield reference(RollupRun, run_id)
