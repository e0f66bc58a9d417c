"""Mutations for rollups."""

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


@strawberry.input(description="A month to roll up: rate it and create the tenants' invoices.")
class RollUpPeriodInput:
    """Input of `rollUpPeriod`."""

    period_start: date = strawberry.field(description="The first day of the month.")
    tenant_ids: list[UUID] | None = optional(
        description="The ids of the only tenants to roll up. Default: all tenants."
    )
    force: bool = strawberry.field(
        default=False,
        description="True to rate drafts again, and to void and replace issued invoices. Paid invoices are not "
        "changed.",
    )
    dry_run: bool = strawberry.field(
        default=False,
        description="True to only calculate the amounts and write no invoice. Required for a month that has not ended.",
    )


@strawberry.type(
    description="The result of requesting a rollup run, which is now queued. The subscription `rollupProgress` "
    "reports its progress."
)
class RollupStarted:
    """Payload of `rollUpPeriod`."""

    run: RollupRun = strawberry.field(description="The queued run.")


RollUpPeriodResult = Annotated[RollupStarted | Refused, result_of("rollUpPeriod")]


@strawberry.type
class RollupMutations:
    """Mutations for rollups."""

    @strawberry.mutation(
        description="Roll up a month: rate it and create the tenants' draft invoices. Tenants that already have an "
        "invoice are skipped, so it can be repeated safely. Platform admins only."
    )
    async def roll_up_period(self, info: Info, input_: Input[RollUpPeriodInput]) -> RollUpPeriodResult:
        run_id = await rollups.roll_up_period(
            info.context.operations,
            period_start=input_.period_start,
            tenant_ids=input_.tenant_ids,
            force=input_.force,
            dry_run=input_.dry_run,
        )
        return RollupStarted(run=reference(RollupRun, run_id))
