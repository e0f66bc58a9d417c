"""GraphQL subscriptions for issue runs."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations.issue_runs import ISSUE_RUNS
from app.reads import reference
from app.schema.context import Info
from app.schema.issue_runs.types import IssueRun
from app.schema.run_progress import steps_of_run
from app.tables.issue_runs import IssueRuns


@strawberry.type
class IssueRunSubscriptions:
    """GraphQL subscriptions for issue runs."""

    @strawberry.subscription(
        description="The current state of an issue run, sent after each of its steps. Ends when the run has finished. "
        "Platform admins only."
    )
    async def issue_run_progress(
        self, info: Info, run_id: Annotated[UUID, strawberry.argument(description="The id of the run.")]
    ) -> AsyncGenerator[IssueRun, None]:
        async with aclosing(steps_of_run(info, ISSUE_RUNS, IssueRuns, "issue run", run_id)) as steps:
            async for _ in steps:
                yield reference(IssueRun, run_id)
