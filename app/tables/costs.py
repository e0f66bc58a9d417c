"""The provider's bills to us: cost, never revenue. Amounts are in the bill's currency."""

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.catalog import ResourceKinds
from app.tables.columns import calendar_day, cents, decimal, instant, integer, primary_key, reference, text
from app.tables.deployments import CloudDeployments, CloudResources
from app.tables.tenants import Tenants


class CloudInvoices(Table, tablename="cloud_invoices"):
    """exchange_rate: units of the reporting currency for one of the bill's."""

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

    cloud_invoices_provider_external_id_key = Unique([provider, external_id])
    cloud_invoices_period_check = Check("period_start < period_end")
    cloud_invoices_currency_check = Check("currency ~ '^[A-Z]{3}$'")
    cloud_invoices_exchange_rate_check = Check("exchange_rate > 0 AND exchange_rate < 'Infinity'")


class CloudInvoiceLines(Table, tablename="cloud_invoice_lines"):
    """A row of the bill; what matched no resource of ours has no deployment and stays unallocated.

    exact_cents is the amount as the bill has it, amount_cents the same rounded to show.
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

    cloud_invoice_lines_cloud_invoice_id_position_key = Unique([cloud_invoice_id, position])
    cloud_invoice_lines_started_at_check = Check("started_at <= ended_at")
    cloud_invoice_lines_allocation_check = Check("(tenant_id IS NULL) = (deployment_id IS NULL)")
