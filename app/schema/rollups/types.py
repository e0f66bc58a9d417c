"""Runs of the month end, and what they made of each tenant."""

from datetime import date, datetime
from decimal import Decimal

from app.reads import Connection, PythonFieldInfo, Rows, column, connection, one, python_field, read_type, related
from app.schema.catalog.resource_kinds import ResourceKind
from app.schema.codes import ErrorCode, reason_of
from app.schema.context import RequestContext
from app.schema.deployments.types import Deployment
from app.schema.invoices.types import Invoice
from app.schema.nodes import Node
from app.schema.scalars import Cents
from app.schema.tenants import Tenant
from app.tables import rollups as tables
from app.tables.rollups import (
    RollupFailures,
    RollupOutcomes,
    RollupRuns,
    RollupStatus,
    RollupUnpricedUsage,
    RollupWarningCode,
    RollupWarnings,
    UnpricedReason,
)
from app.tables.tenants import Tenants


def _reasons(rows: Rows, _info: PythonFieldInfo[RequestContext]) -> list[ErrorCode | None]:
    return [reason_of(row["code"]) for row in rows]


@read_type(RollupFailures, platform=True, description="A tenant that a run could not bill.")
class RollupFailure(Node):
    """A row of `rollup_failures`."""

    tenant: Tenant = one(RollupFailures.tenant_id, description="The tenant.")
    code: str = column(RollupFailures.code, description="The reason, for programs; `reason` is the same as an enum.")
    reason = python_field(needs=(RollupFailures.code,), description="The reason, for programs.")(_reasons)

    message: str = column(RollupFailures.message, description="The reason, for people.")
    attempts: int = column(RollupFailures.attempts, description="How often it was tried.")


@read_type(RollupOutcomes, platform=True, description="What a run made of one tenant.")
class RollupOutcome(Node):
    """A row of `rollup_outcomes`."""

    tenant: Tenant = one(RollupOutcomes.tenant_id, description="The tenant.")
    outcome: tables.RollupOutcome = column(RollupOutcomes.outcome, description="What became of it.")
    invoice: Invoice | None = one(RollupOutcomes.invoice_id, description="The invoice that it is about, if any.")
    total_cents: Cents = column(RollupOutcomes.total_cents, description="What was rated, in the tenant's currency.")
    currency: str = related(RollupOutcomes.tenant_id, Tenants.currency, description="ISO 4217, of the amounts.")


@read_type(
    RollupUnpricedUsage,
    platform=True,
    description="Usage that no plan prices, billed nothing: its kind is not in the plan, or there is no subscription.",
)
class UnpricedUsage(Node):
    """A row of `rollup_unpriced_usage`."""

    tenant: Tenant = one(RollupUnpricedUsage.tenant_id, description="The tenant.")
    deployment: Deployment = one(RollupUnpricedUsage.deployment_id, description="What used it.")
    resource_kind: str = column(RollupUnpricedUsage.resource_kind, description="The code of what was used.")
    resource_kind_details: ResourceKind = one(RollupUnpricedUsage.resource_kind, description="What was used.")
    quantity: Decimal = column(RollupUnpricedUsage.quantity, description="How much was used on billable days.")
    reason: UnpricedReason = column(RollupUnpricedUsage.reason, description="Why no plan prices it.")


@read_type(RollupWarnings, platform=True, description="What an operator should look at of a tenant that was billed.")
class RollupWarning(Node):
    """A row of `rollup_warnings`."""

    tenant: Tenant = one(RollupWarnings.tenant_id, description="The tenant.")
    period_start: date = column(RollupWarnings.period_start, description="The first day of the month it is about.")
    code: RollupWarningCode = column(RollupWarnings.code, description="The reason, for programs.")
    message: str = column(RollupWarnings.message, description="The reason, for people.")


@read_type(RollupRuns, platform=True, description="One month end: the rating of a period for all or some tenants.")
class RollupRun(Node):
    """A row of `rollup_runs`."""

    period_start: date = column(RollupRuns.period_start, description="The month's first day.")
    period_end: date = column(RollupRuns.period_end, description="The first day after the month.")
    force: bool = column(RollupRuns.force, description="Whether invoices that exist are rated anew.")
    dry_run: bool = column(RollupRuns.dry_run, description="Whether it only counts and writes no invoice.")
    rates_stale_drafts: bool = column(
        RollupRuns.rates_stale_drafts, description="True for runs that also rate again drafts whose month changed."
    )
    status: RollupStatus = column(RollupRuns.status, description="How far it has come.")
    requested_by: str = column(RollupRuns.requested_by, description="Who asked for it: a subject, or the system.")
    tenants_total: int = column(RollupRuns.tenants_total, description="The tenants it is about.")
    tenants_done: int = column(RollupRuns.tenants_done, description="Those it is through with, failed ones too.")
    invoices_created: int = column(RollupRuns.invoices_created, description="Invoices that are new.")
    invoices_replaced: int = column(RollupRuns.invoices_replaced, description="Invoices rated anew, with force.")
    invoices_skipped: int = column(
        RollupRuns.invoices_skipped, description="Tenants that have an invoice, or nothing to bill."
    )
    invoices_failed: int = column(RollupRuns.invoices_failed, description="Tenants that could not be billed.")
    total_cents: Cents = column(RollupRuns.total_cents, description="The sum of the invoices created and replaced.")
    created_at: datetime = column(RollupRuns.created_at, description="When it was asked for.")
    started_at: datetime | None = column(RollupRuns.started_at, description="When a worker took it up.")
    finished_at: datetime | None = column(RollupRuns.finished_at, description="When its last tenant was done.")
    failures: Connection[RollupFailure] = connection(
        RollupFailures.run_id, order=(RollupFailures.id,), description="The tenants it could not bill, as they failed."
    )
    outcomes: Connection[RollupOutcome] = connection(
        RollupOutcomes.run_id, order=(RollupOutcomes.id,), description="What it made of each tenant, as they were done."
    )
    unpriced_usage: Connection[UnpricedUsage] = connection(
        RollupUnpricedUsage.run_id,
        order=(RollupUnpricedUsage.id,),
        description="Usage that it billed nothing for, because no plan prices it.",
    )
    warnings: Connection[RollupWarning] = connection(
        RollupWarnings.run_id,
        order=(RollupWarnings.id,),
        description="What an operator should look at of tenants that it billed.",
    )
