"""Rollup runs, and the outcome of each tenant."""

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


@read_type(RollupFailures, platform=True, description="A tenant that a rollup run could not bill.")
class RollupFailure(Node):
    """A row of `rollup_failures`."""

    tenant: Tenant = one(RollupFailures.tenant_id, description="The tenant that could not be billed.")
    code: str = column(
        RollupFailures.code, description="The code of the failure as text; `reason` has the same code as an enum."
    )
    reason = python_field(needs=(RollupFailures.code,), description="The code of the failure.")(_reasons)

    message: str = column(
        RollupFailures.message, description="The reason for the failure, in words for a person to read."
    )
    attempts: int = column(RollupFailures.attempts, description="The number of attempts to bill the tenant.")


@read_type(RollupOutcomes, platform=True, description="The outcome of a rollup run for one tenant.")
class RollupOutcome(Node):
    """A row of `rollup_outcomes`."""

    tenant: Tenant = one(RollupOutcomes.tenant_id, description="The tenant.")
    outcome: tables.TenantOutcome = column(RollupOutcomes.outcome, description="The kind of outcome.")
    invoice: Invoice | None = one(
        RollupOutcomes.invoice_id,
        description="The invoice that was created, replaced or skipped; null if there is none.",
    )
    total_cents: Cents = column(
        RollupOutcomes.total_cents,
        description="The calculated total, in the minor unit of `currency`; 0 if nothing was calculated.",
    )
    currency: str = related(
        RollupOutcomes.tenant_id, Tenants.currency, description="The ISO 4217 code of the currency of the amount."
    )


@read_type(
    RollupUnpricedUsage,
    platform=True,
    description="Usage that was not billed, because the plan has no price for the resource kind or the deployment "
    "has no subscription.",
)
class UnpricedUsage(Node):
    """A row of `rollup_unpriced_usage`."""

    tenant: Tenant = one(RollupUnpricedUsage.tenant_id, description="The tenant that owns the deployment.")
    deployment: Deployment = one(
        RollupUnpricedUsage.deployment_id, description="The deployment that used the resource."
    )
    resource_kind: str = column(RollupUnpricedUsage.resource_kind, description="The code of the used resource kind.")
    resource_kind_details: ResourceKind = one(RollupUnpricedUsage.resource_kind, description="The used resource kind.")
    quantity: Decimal = column(
        RollupUnpricedUsage.quantity, description="The used quantity on billable days, in the resource kind's unit."
    )
    reason: UnpricedReason = column(RollupUnpricedUsage.reason, description="The reason why there is no price.")


@read_type(RollupWarnings, platform=True, description="A problem with a billed tenant that an operator should check.")
class RollupWarning(Node):
    """A row of `rollup_warnings`."""

    tenant: Tenant = one(RollupWarnings.tenant_id, description="The tenant that the warning is about.")
    period_start: date = column(
        RollupWarnings.period_start, description="The first day of the month that the warning is about."
    )
    code: RollupWarningCode = column(RollupWarnings.code, description="The code of the warning, for use by programs.")
    message: str = column(RollupWarnings.message, description="The warning, in words for a person to read.")


@read_type(
    RollupRuns,
    platform=True,
    description="A rollup run: the rating of a month for all or some tenants, which creates their draft invoices.",
)
class RollupRun(Node):
    """A row of `rollup_runs`."""

    period_start: date = column(RollupRuns.period_start, description="The first day of the month.")
    period_end: date = column(RollupRuns.period_end, description="The day after the last day of the month.")
    force: bool = column(RollupRuns.force, description="True if drafts are rated again and issued invoices replaced.")
    dry_run: bool = column(
        RollupRuns.dry_run, description="True if the run only calculates the amounts and writes no invoice."
    )
    rates_stale_drafts: bool = column(
        RollupRuns.rates_stale_drafts,
        description="True if the run also rates drafts again whose month changed after it was rated.",
    )
    status: RollupStatus = column(RollupRuns.status, description="The status of the run.")
    requested_by: str = column(
        RollupRuns.requested_by, description="The token subject that requested the run, or the system."
    )
    tenants_total: int = column(RollupRuns.tenants_total, description="The number of tenants to process.")
    tenants_done: int = column(
        RollupRuns.tenants_done, description="The number of tenants processed so far, including failed ones."
    )
    invoices_created: int = column(RollupRuns.invoices_created, description="The number of created invoices.")
    invoices_replaced: int = column(
        RollupRuns.invoices_replaced, description="The number of existing invoices that were rated again."
    )
    invoices_skipped: int = column(
        RollupRuns.invoices_skipped,
        description="The number of tenants without a new invoice, because they already have one "
        "or there is nothing to bill.",
    )
    invoices_failed: int = column(
        RollupRuns.invoices_failed, description="The number of tenants that could not be billed."
    )
    total_cents: Cents = column(
        RollupRuns.total_cents,
        description="The sum of the totals of created and replaced invoices (of a dry run, the calculated totals), in "
        "minor units. Amounts in different currencies are added without conversion.",
    )
    created_at: datetime = column(RollupRuns.created_at, description="The time at which the run was requested.")
    started_at: datetime | None = column(
        RollupRuns.started_at, description="The time at which a worker started the run; null before."
    )
    finished_at: datetime | None = column(
        RollupRuns.finished_at, description="The time at which the run finished; null before."
    )
    failures: Connection[RollupFailure] = connection(
        RollupFailures.run_id,
        order=(RollupFailures.id,),
        description="The tenants that could not be billed, in the order of the failures.",
    )
    outcomes: Connection[RollupOutcome] = connection(
        RollupOutcomes.run_id,
        order=(RollupOutcomes.id,),
        description="The outcomes for the tenants, in the order in which they were processed.",
    )
    unpriced_usage: Connection[UnpricedUsage] = connection(
        RollupUnpricedUsage.run_id,
        order=(RollupUnpricedUsage.id,),
        description="Usage that the run did not bill, because no plan has a price for it.",
    )
    warnings: Connection[RollupWarning] = connection(
        RollupWarnings.run_id,
        order=(RollupWarnings.id,),
        description="Problems with billed tenants that an operator should check.",
    )
