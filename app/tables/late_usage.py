"""Usage that came after its month was rated."""

from enum import StrEnum

from piccolo.constraints import Check
from piccolo.table import Table

from app.tables.catalog import ResourceKinds
from app.tables.columns import boolean, calendar_day, decimal, instant, member_of, primary_key, reference, text
from app.tables.deployments import CloudDeployments
from app.tables.invoices import TenantInvoices
from app.tables.tenants import Tenants


class LateUsageState(StrEnum):
    OPEN = "OPEN"
    BILLED = "BILLED"
    SETTLED = "SETTLED"  # rated, and it changed no amount


class LateUsage(Table, tablename="late_usage"):
    """An event and a month that it changes, of which `invoice_id` was the invoice when it came.

    Until that is issued the event only makes it stale and is not flagged; opened_on is the day from which it is late.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    deployment_id = reference(CloudDeployments)
    resource_kind = reference(ResourceKinds)
    source = text()
    event_id = text()
    quantity = decimal()
    occurred_at = instant()
    recorded_at = instant()
    period_start = calendar_day()
    invoice_id = reference(TenantInvoices)
    flagged = boolean()
    opened_on = calendar_day(null=True)
    state = text()
    billed_invoice_id = reference(TenantInvoices, null=True)

    late_usage_period_start_check = Check("extract(day from period_start) = 1")
    late_usage_state_check = member_of("state", LateUsageState)
    late_usage_flagged_check = Check("flagged = (opened_on IS NOT NULL) AND (flagged OR state = 'OPEN')")
    late_usage_billed_check = Check("(state = 'BILLED') = (billed_invoice_id IS NOT NULL)")
