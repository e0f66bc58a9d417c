"""Asking for a month end."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import rollups
from app.reads import reference
from app.schema.arguments import Input, optional
from app.schema.context import Info
from app.schema.problems import Refused, result_of
from app.schema.rollups.types import RollupRun


@strawberry.input(description="A month end to run.")
class RollUpPeriodInput:
    """Input of `rollUpPeriod`."""

    period_start: date = strawberry.field(description="The month's first day.")
    tenant_ids: list[UUID] | None = optional(description="Only these tenants; default: all.")
    force: bool = strawberry.field(
        default=False, description="Rate drafts anew, and void and replace what is issued. Paid invoices stay."
    )
    dry_run: bool = strawberry.field(
        default=False, description="Only count; the one way to look at a month that has not ended."
    )


@strawberry.type(description="The run is queued; `rollupProgress` tells how it goes.")
class RollupStarted:
    """Payload of `rollUpPeriod`."""

    run: RollupRun = strawberry.field(description="The new run.")


RollUpPeriodResult = Annotated[RollupStarted | Refused, result_of("rollUpPeriod")]


@strawberry.type
class RollupMutations:
    """Month ends."""

    @strawberry.mutation(
        description="Bill a month. Tenants that have an invoice are skipped, so it may be asked for again and again. "
        "The platform's admin only."
    )
    async def roll_up_period(self, info: Info, given: Input[RollUpPeriodInput]) -> RollUpPeriodResult:
        run_id = await rollups.roll_up_period(
            info.context.operations,
            period_start=given.period_start,
            tenant_ids=given.tenant_ids,
            force=given.force,
            dry_run=given.dry_run,
        )
        return RollupStarted(run=reference(RollupRun, run_id))
