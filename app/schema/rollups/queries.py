"""Runs at the root."""

import strawberry

from app.reads import Connection, desc, root_connection, root_one
from app.schema.context import is_platform_admin
from app.schema.rollups.types import RollupRun
from app.tables.rollups import RollupRuns


@strawberry.type
class RollupQueries:
    """Rollups at the root."""

    rollup_run: RollupRun | None = root_one(
        by=RollupRuns.id,
        allow=is_platform_admin,
        description="The run with this id; null when there is none. The platform's admin only.",
    )
    rollup_runs: Connection[RollupRun] = root_connection(
        order=(desc(RollupRuns.id),),
        allow=is_platform_admin,
        description="All runs, the latest first. The platform's admin only.",
    )
