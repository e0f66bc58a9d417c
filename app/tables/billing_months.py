"""Each tenant's months: their billing state, and what changed since they were rated."""

from enum import StrEnum

from piccolo.columns import UUID, Array
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.columns import calendar_day, cents, instant, integer, member_of, primary_key, reference, text
from app.tables.deployments import CloudDeployments
from app.tables.invoices import TenantInvoices
from app.tables.tenants import Tenants


class BillingMonthState(StrEnum):
    OPEN = "OPEN"  # not rated yet, or its invoice was voided
    DRAFT = "DRAFT"
    ISSUED = "ISSUED"  # or paid
    ZERO = "ZERO"  # rated, and there was nothing to bill
    WAIVED = "WAIVED"  # by a platform admin; its amount is permanently 0
    FAILED = "FAILED"  # could not be rated


class ChangeReason(StrEnum):
    """What changed a month after it ended. Part of the API."""

    USAGE = "USAGE"
    USAGE_CORRECTED = "USAGE_CORRECTED"
    SUBSCRIBED = "SUBSCRIBED"
    ADDON_ATTACHED = "ADDON_ATTACHED"
    ADDON_DETACHED = "ADDON_DETACHED"
    PLAN_CHANGED = "PLAN_CHANGED"
    TRANSITION = "TRANSITION"
    CHARGE_ADDED = "CHARGE_ADDED"
    TAX_EXEMPTION = "TAX_EXEMPTION"
    RESOURCE_ENDED = "RESOURCE_ENDED"
    INVOICE_VOIDED = "INVOICE_VOIDED"
    INVOICE_REPLACED = "INVOICE_REPLACED"
    LATE_CORRECTION = "LATE_CORRECTION"  # of a draft: an earlier month whose corrections it has fell in value


class BillingMonths(Table, tablename="billing_months"):
    """One row for each tenant and month. app/operations/billing_months shows the states.

    rated_cents: the month's amount when it was last rated, net; null before. billed_cents: the net lines of its
    invoices that are not void, drafts included, less LATE_CORRECTION notes and absorbed corrections.
    open_credit_deployments: those with a credit that no invoice has taken yet. rules_version: the rules under which it
    was first rated.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    period_start = calendar_day()
    state = text()
    invoice_id = reference(TenantInvoices, null=True)
    run_id = UUID(default=None, null=True)
    input_hash = text(null=True)
    rules_version = integer(null=True)
    rated_cents = cents(null=True)
    billed_cents = cents()
    open_credit_deployments = Array(base_column=UUID(), default=None)
    rated_at = instant(null=True)
    failure = text(null=True)
    waived_at = instant(null=True)
    waived_by = text(null=True)
    waive_reason = text(null=True)

    billing_months_tenant_id_period_start_key = Unique([tenant_id, period_start])
    billing_months_period_start_check = Check("extract(day from period_start) = 1")
    billing_months_state_check = member_of("state", BillingMonthState)
    billing_months_invoice_check = Check("(state IN ('DRAFT', 'ISSUED')) = (invoice_id IS NOT NULL)")
    billing_months_rated_check = Check("(state IN ('DRAFT', 'ISSUED', 'ZERO', 'WAIVED')) = (rated_cents IS NOT NULL)")
    billing_months_waived_check = Check(
        "num_nulls(waived_at, waived_by, waive_reason) = CASE state WHEN 'WAIVED' THEN 0 ELSE 3 END"
        " AND (state <> 'WAIVED' OR rated_cents = 0)"
    )
    billing_months_failure_check = Check("state <> 'FAILED' OR failure IS NOT NULL")


class BillingMonthChanges(Table, tablename="billing_month_changes"):
    """A change that a rated month has not been rated with yet; deployment null: of the whole tenant. The next rating of
    the month deletes it.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    period_start = calendar_day()
    deployment_id = reference(CloudDeployments, null=True)
    reason = text()
    changed_at = instant()

    billing_month_changes_reason_check = member_of("reason", ChangeReason)
