"""Decides from a tenant's existing invoice for the rollup's month whether the tenant is rated."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.database import UnitOfWork
from app.operations.billing_months.month_locks import Month, TenantMonths
from app.operations.invoices.voiding import void_fault
from app.operations.ledger import Receivable, lock_receivables, read_receivables
from app.operations.rollups.progress import Settlement, TenantFailure
from app.operations.rollups.run import Run
from app.tables.billing_months import BillingMonthState
from app.tables.invoices import InvoiceStatus
from app.tables.rollups import TenantOutcome

_REVISIONS = """
SELECT tenant_id, id, revision, status FROM tenant_invoices
WHERE tenant_id = any($1::uuid[]) AND period_start = $2 ORDER BY id
"""
_REVISIONS_LOCKED = f"{_REVISIONS} FOR NO KEY UPDATE"


@dataclass(slots=True)
class ExistingInvoice:
    """A tenant's month, its live invoice, if any, and the highest revision. receivable: of one that was issued."""

    month: Month
    invoice_id: UUID | None = None
    status: InvoiceStatus | None = None
    revision: int = 0
    receivable: Receivable | None = None

    @property
    def draft_id(self) -> UUID | None:
        return self.invoice_id if self.status is InvoiceStatus.DRAFT else None


async def existing_invoices_of(
    unit: UnitOfWork, run: Run, months: Mapping[UUID, TenantMonths]
) -> dict[UUID, ExistingInvoice]:
    existing_by_tenant = {
        tenant_id: ExistingInvoice(of_tenant.rolled_up_month) for tenant_id, of_tenant in months.items()
    }
    may_replace = (run.force or run.rates_stale_drafts) and not run.dry_run
    revisions = _REVISIONS_LOCKED if may_replace else _REVISIONS
    for row in await unit.connection.fetch(revisions, list(months), run.period.start):
        existing = existing_by_tenant[row["tenant_id"]]
        existing.revision = max(existing.revision, row["revision"])
        if row["status"] != InvoiceStatus.VOID:
            existing.invoice_id, existing.status = row["id"], InvoiceStatus(row["status"])
    if run.force:
        issued = [one.invoice_id for one in existing_by_tenant.values() if one.invoice_id and not one.draft_id]
        receivables_of = read_receivables if run.dry_run else lock_receivables
        for receivable in await receivables_of(unit, list(months), issued):
            existing_by_tenant[receivable.tenant_id].receivable = receivable
    return existing_by_tenant


def settle_without_rating(run: Run, existing: ExistingInvoice) -> Settlement | None:
    """Returns the outcome of a tenant that the rollup run does not rate; None if it rates the tenant."""
    tenant_id, month = existing.month.tenant_id, existing.month
    if month.state is BillingMonthState.WAIVED or not (run.force or _is_due(run, month)):
        return Settlement(tenant_id, TenantOutcome.SKIPPED, existing.invoice_id)
    if existing.receivable is not None and (fault := void_fault(existing.receivable)) is not None:
        failure = TenantFailure(fault.code, fault.message, 1)
        return Settlement(tenant_id, TenantOutcome.FAILED, existing.invoice_id, failure=failure)
    return None


def _is_due(run: Run, month: Month) -> bool:
    """Whether a run without force rates the month: it has no invoice and no valid rating, or a stale draft if the run
    is for stale drafts.
    """
    if month.state is BillingMonthState.DRAFT:
        return run.rates_stale_drafts and bool(month.changed)
    if month.state is BillingMonthState.ZERO:
        return bool(month.changed)
    return month.state in {BillingMonthState.OPEN, BillingMonthState.FAILED}
