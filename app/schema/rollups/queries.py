"""Runs at the root, and what no run has billed yet."""

from datetime import date

import strawberry

from app.operations import rollups
from app.reads import Connection, desc, ref, root_connection, root_one
from app.schema.context import Info, is_platform_admin
from app.schema.problems import refusals_as_errors
from app.schema.rollups.types import RollupRun
from app.schema.tenants import Tenant
from app.tables.rollups import RollupRuns


@strawberry.type(description="A month that has ended and in which a tenant is not billed yet.")
class UnbilledPeriod:
    """operations.rollups.UnbilledPeriod."""

    tenant: Tenant = strawberry.field(description="The tenant.")
    period_start: date = strawberry.field(description="The month's first day.")
    reason: str = strawberry.field(description="Why it is not billed.")


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

    @strawberry.field(
        description="What has ended and is not billed: empty when all is well. The platform's admin only."
    )
    async def unbilled_periods(self, info: Info) -> list[UnbilledPeriod]:
        with refusals_as_errors():
            unbilled = await rollups.unbilled_periods(info.context.operations)
        return [
            UnbilledPeriod(tenant=ref(Tenant, each.tenant_id), period_start=each.period_start, reason=each.reason)
            for each in unbilled
        ]
