"""Issue runs, and what they made of each draft."""

from datetime import date, datetime

import strawberry

from app.reads import Connection, column, connection, desc, one, read_type, related, root_connection, root_one
from app.schema.context import is_platform_admin
from app.schema.invoices.types import Invoice
from app.schema.nodes import Node
from app.schema.scalars import Cents
from app.schema.tenants import Tenant
from app.tables import issue_runs as tables
from app.tables.issue_runs import IssueOutcomes, IssueRuns, IssueRunStatus
from app.tables.tenants import Tenants


@read_type(IssueOutcomes, platform=True, description="The outcome of an issue run for one tenant's draft.")
class IssueOutcome(Node):
    """A row of `issue_outcomes`."""

    tenant: Tenant = one(IssueOutcomes.tenant_id, description="The tenant that the draft was addressed to.")
    outcome: tables.DraftOutcome = column(IssueOutcomes.outcome, description="The kind of outcome.")
    invoice: Invoice | None = one(
        IssueOutcomes.invoice_id,
        description="The issued invoice, or the draft that is stale; null if skipped or failed.",
    )
    total_cents: Cents = column(
        IssueOutcomes.total_cents,
        description="The total including tax of the issued invoice, in the minor unit of `currency`; 0 if not issued.",
    )
    currency: str = related(
        IssueOutcomes.tenant_id, Tenants.currency, description="The ISO 4217 code of the currency of the amount."
    )
    failure: str | None = column(
        IssueOutcomes.failure, description="The reason why the draft could not be issued; null if it did not fail."
    )


@read_type(
    IssueRuns,
    platform=True,
    description="An issue run: the issue of a month's drafts. Drafts that fail do not stop the others.",
)
class IssueRun(Node):
    """A row of `issue_runs`."""

    period_start: date = column(IssueRuns.period_start, description="The first day of the month.")
    period_end: date = column(IssueRuns.period_end, description="The day after the last day of the month.")
    except_stale: bool = column(
        IssueRuns.except_stale,
        description="True if drafts whose month changed after they were rated are not issued.",
    )
    status: IssueRunStatus = column(IssueRuns.status, description="The status of the run.")
    requested_by: str = column(
        IssueRuns.requested_by, description="The token subject that requested the run, or the system."
    )
    drafts_total: int = column(IssueRuns.drafts_total, description="The number of drafts to issue.")
    drafts_done: int = column(
        IssueRuns.drafts_done, description="The number of drafts processed so far, including failed ones."
    )
    invoices_issued: int = column(IssueRuns.invoices_issued, description="The number of issued invoices.")
    invoices_stale: int = column(
        IssueRuns.invoices_stale, description="The number of drafts that were not issued because they are stale."
    )
    invoices_skipped: int = column(
        IssueRuns.invoices_skipped, description="The number of tenants that had no draft any more."
    )
    invoices_failed: int = column(IssueRuns.invoices_failed, description="The number of drafts that failed.")
    created_at: datetime = column(IssueRuns.created_at, description="The time at which the run was requested.")
    started_at: datetime | None = column(
        IssueRuns.started_at, description="The time at which a worker started the run; null before."
    )
    finished_at: datetime | None = column(
        IssueRuns.finished_at, description="The time at which the run finished; null before."
    )
    outcomes: Connection[IssueOutcome] = connection(
        IssueOutcomes.run_id,
        order=(IssueOutcomes.id,),
        description="The outcomes for the drafts, in the order in which they were processed.",
    )


@strawberry.type
class IssueRunQueries:
    """Issue runs at the root."""

    issue_run: IssueRun | None = root_one(
        by=IssueRuns.id,
        allow=is_platform_admin,
        description="The issue run with this id; null if there is none. Platform admins only.",
    )
    issue_runs: Connection[IssueRun] = root_connection(
        order=(desc(IssueRuns.id),),
        allow=is_platform_admin,
        description="All issue runs, the latest first. Platform admins only.",
    )
