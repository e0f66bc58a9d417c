"""Root queries for rollups."""

import strawberry

from app.reads import Connection, desc, root_connection, root_one
from app.schema.context import is_platform_admin
from app.schema.rollups.types import RollupRun
from app.tables.rollups import RollupRuns


@strawberry.type
class RollupQueries:
    """Root queries for rollups."""

    rollup_run: RollupRun | None = root_one(
        by=RollupRuns.id,
        allow=is_platform_admin,
        description="The rollup run with this id; null if there is none. Platform admins only.",
    )
    rollup_runs: Connection[RollupRun] = root_connection(
        order=(desc(RollupRuns.id),),
        allow=is_platform_admin,
        description="All rollup runs, the latest first. Platform admins only.",
    )
