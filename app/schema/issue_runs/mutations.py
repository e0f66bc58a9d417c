"""Issuing a month's drafts."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import issue_runs
from app.reads import reference
from app.schema.arguments import Input, optional
from app.schema.context import Info
from app.schema.issue_runs.types import IssueRun
from app.schema.problems import Refused, result_of


@strawberry.input(description="The drafts to issue. Provide exactly one of periodStart and rollupRunId.")
class IssueInvoicesInput:
    """Input of `issueInvoices`."""

    period_start: date | None = optional(description="The first day of the month whose drafts are to be issued.")
    rollup_run_id: UUID | None = optional(
        description="The id of the rollup run whose tenants' drafts are to be issued, for the run's month."
    )
    except_stale: bool = strawberry.field(
        default=True,
        description="True to leave drafts whose month changed after they were rated. False to issue them as they are; "
        "the next rollup bills the difference.",
    )


@strawberry.type(
    description="The result of requesting an issue run, which is now queued. The subscription `issueRunProgress` "
    "reports its progress."
)
class IssueRunStarted:
    """Payload of `issueInvoices`."""

    run: IssueRun = strawberry.field(description="The queued run.")


IssueInvoicesResult = Annotated[IssueRunStarted | Refused, result_of("issueInvoices")]


@strawberry.type
class IssueRunMutations:
    """Issue runs."""

    @strawberry.mutation(
        description="Issue a month's drafts as a run that workers process. Invoices that are issued already are not "
        "touched, so it can be repeated safely. Platform admins only."
    )
    async def issue_invoices(self, info: Info, input_: Input[IssueInvoicesInput]) -> IssueInvoicesResult:
        run_id = await issue_runs.issue_invoices(
            info.context.operations,
            period_start=input_.period_start,
            rollup_run_id=input_.rollup_run_id,
            except_stale=input_.except_stale,
        )
        return IssueRunStarted(run=reference(IssueRun, run_id))
