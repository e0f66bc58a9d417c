"""The cloud providers' bills: costs, never revenue. Amounts are in the minor unit of the bill's currency."""

from enum import StrEnum

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.catalog import ResourceKinds
from app.tables.columns import calendar_day, cents, decimal, instant, integer, member_of, primary_key, reference, text
from app.tables.deployments import CloudDeployments, CloudResources
from app.tables.tenants import Tenants


class CloudInvoiceMatch(StrEnum):
    """The property by which a line of a bill was matched to a resource."""

    PROVIDER_ID = "PROVIDER_ID"
    NAME = "NAME"
    SHORT_NAME = "SHORT_NAME"
    GROUP = "GROUP"


class UnallocatedReason(StrEnum):
    """Why a line of a bill is allocated to no deployment."""

    UNKNOWN_NAME = "UNKNOWN_NAME"
    NOT_ALIVE = "NOT_ALIVE"
    SEVERAL_DEPLOYMENTS = "SEVERAL_DEPLOYMENTS"
    NO_DEPLOYMENT = "NO_DEPLOYMENT"


class CloudInvoices(Table, tablename="cloud_invoices"):
    """Imported bills of the cloud provider. exchange_rate: units of reporting_currency for one unit of the bill's
    currency. matched_at: when its lines were last matched to resources. A withdrawn bill keeps its lines but no longer
    counts; its external id can be used again (a partial unique index).
    """

    id = primary_key()
    provider = text()
    external_id = text()
    period_start = calendar_day()
    period_end = calendar_day()
    currency = text()
    exchange_rate = decimal()
    total_cents = cents()
    allocated_cents = cents()
    created_at = instant()
    reporting_currency = text()
    imported_by = text()
    matched_at = instant()
    matched_by = text()
    withdrawn_at = instant(null=True)
    withdrawn_by = text(null=True)
    withdrawal_reason = text(null=True)

    cloud_invoices_period_check = Check("period_start < period_end")
    cloud_invoices_currency_check = Check("currency ~ '^[A-Z]{3}$'")
    cloud_invoices_reporting_currency_check = Check("reporting_currency ~ '^[A-Z]{3}$'")
    cloud_invoices_exchange_rate_check = Check("exchange_rate > 0 AND exchange_rate < 'Infinity'")
    cloud_invoices_same_currency_check = Check("currency <> reporting_currency OR exchange_rate = 1")
    cloud_invoices_withdrawn_check = Check("num_nonnulls(withdrawn_at, withdrawn_by, withdrawal_reason) IN (0, 3)")


class CloudInvoiceLines(Table, tablename="cloud_invoice_lines"):
    """A line of the bill: allocated to a deployment, or unallocated for a reason.

    exact_cents is the amount as the bill has it; amount_cents is the same, rounded for display.
    """

    id = primary_key()
    cloud_invoice_id = reference(CloudInvoices)
    position = integer()
    product = text()
    group_description = text()
    description = text()
    hours = decimal(null=True)
    started_at = instant()
    ended_at = instant()
    amount_cents = cents()
    project_name = text()
    category = text()
    cloud_resource_id = reference(CloudResources, null=True)
    tenant_id = reference(Tenants, null=True)
    deployment_id = reference(CloudDeployments, null=True)
    resource_kind = reference(ResourceKinds, null=True)
    month = calendar_day()
    exact_cents = decimal()
    matched_by = text(null=True)
    unallocated_reason = text(null=True)

    cloud_invoice_lines_cloud_invoice_id_position_key = Unique([cloud_invoice_id, position])
    cloud_invoice_lines_started_at_check = Check("started_at <= ended_at")
    cloud_invoice_lines_allocation_check = Check("(tenant_id IS NULL) = (deployment_id IS NULL)")
    cloud_invoice_lines_reason_check = Check("(deployment_id IS NULL) = (unallocated_reason IS NOT NULL)")
    cloud_invoice_lines_match_check = Check("(cloud_resource_id IS NULL) = (matched_by IS NULL)")
    cloud_invoice_lines_matched_by_check = member_of("matched_by", CloudInvoiceMatch)
    cloud_invoice_lines_unallocated_reason_check = member_of("unallocated_reason", UnallocatedReason)
