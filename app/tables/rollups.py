"""Rollups: the run, its chunks of tenants, and the outcome of each tenant."""

from enum import StrEnum

from piccolo.columns import UUID, Array
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.catalog import ResourceKinds
from app.tables.columns import (
    boolean,
    calendar_day,
    cents,
    decimal,
    instant,
    integer,
    member_of,
    one_month,
    primary_key,
    reference,
    text,
)
from app.tables.deployments import CloudDeployments
from app.tables.invoices import TenantInvoices
from app.tables.tenants import Tenants


class RollupStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


class TenantOutcome(StrEnum):
    CREATED = "CREATED"
    REPLACED = "REPLACED"
    SKIPPED = "SKIPPED"
    SETTLED = "SETTLED"  # nothing to bill
    PREVIEWED = "PREVIEWED"  # rated by a dry run
    FAILED = "FAILED"


class RollupRuns(Table, tablename="rollup_runs"):
    """Rollup runs. The counters are sums over the run's outcomes. rates_stale_drafts: whether the run rates drafts
    again whose month changed; a run without it does so only with force.
    """

    id = primary_key()
    period_start = calendar_day()
    period_end = calendar_day()
    force = boolean()
    dry_run = boolean()
    rates_stale_drafts = boolean()
    status = text()
    requested_by = text()
    tenants_total = integer()
    tenants_done = integer()
    invoices_created = integer()
    invoices_replaced = integer()
    invoices_skipped = integer()
    invoices_failed = integer()
    total_cents = cents()
    created_at = instant()
    started_at = instant(null=True)
    finished_at = instant(null=True)

    rollup_runs_period_check = one_month("period_start", "period_end")
    rollup_runs_status_check = member_of("status", RollupStatus)
    rollup_runs_finished_at_check = Check("(status IN ('SUCCEEDED', 'PARTIAL', 'FAILED')) = (finished_at IS NOT NULL)")
    rollup_runs_tenants_done_check = Check("tenants_done BETWEEN 0 AND tenants_total")


class RollupChunks(Table, tablename="rollup_chunks"):
    """One part of a rollup run, with at most 200 tenants: the work of one job."""

    id = primary_key()
    run_id = reference(RollupRuns)
    position = integer()
    tenant_ids = Array(base_column=UUID(), default=None)
    finished_at = instant(null=True)

    rollup_chunks_run_id_position_key = Unique([run_id, position])


class RollupOutcomes(Table, tablename="rollup_outcomes"):
    """The outcome of one tenant in one run, written in the transaction that billed the tenant."""

    id = primary_key()
    run_id = reference(RollupRuns)
    tenant_id = reference(Tenants)
    period_start = calendar_day()
    outcome = text()
    invoice_id = reference(TenantInvoices, null=True)
    total_cents = cents()

    rollup_outcomes_run_id_tenant_id_key = Unique([run_id, tenant_id])
    rollup_outcomes_outcome_check = member_of("outcome", TenantOutcome)


class RollupFailures(Table, tablename="rollup_failures"):
    id = primary_key()
    run_id = reference(RollupRuns)
    tenant_id = reference(Tenants)
    code = text()
    message = text()
    attempts = integer()

    rollup_failures_run_id_tenant_id_key = Unique([run_id, tenant_id])


class UnpricedReason(StrEnum):
    NOT_PRICED = "NOT_PRICED"  # the plan version in force does not price the kind
    NOT_SUBSCRIBED = "NOT_SUBSCRIBED"  # the deployment has no subscription in the month


class RollupUnpricedUsage(Table, tablename="rollup_unpriced_usage"):
    """Usage that no plan version prices: it is not billed, but listed."""

    id = primary_key()
    run_id = reference(RollupRuns)
    tenant_id = reference(Tenants)
    deployment_id = reference(CloudDeployments)
    resource_kind = reference(ResourceKinds)
    quantity = decimal()
    reason = text()

    rollup_unpriced_usage_reason_check = member_of("reason", UnpricedReason)
    rollup_unpriced_usage_run_id_deployment_id_resource_kind_key = Unique([run_id, deployment_id, resource_kind])


class RollupWarningCode(StrEnum):
    NO_TAX_RATE = "NO_TAX_RATE"  # the tenant's country has no tax rate
    CORRECTION_FAILED = "CORRECTION_FAILED"  # an earlier month could not be rated again; it stays due


class RollupWarnings(Table, tablename="rollup_warnings"):
    """A warning about a billed tenant, for an operator to check."""

    id = primary_key()
    run_id = reference(RollupRuns)
    tenant_id = reference(Tenants)
    period_start = calendar_day()
    code = text()
    message = text()

    rollup_warnings_code_check = member_of("code", RollupWarningCode)
