"""Invoices: one tenant's charges for a month, with the inputs they were rated from."""

from enum import StrEnum

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.billing import LineKind
from app.tables.catalog import ResourceKinds
from app.tables.columns import (
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
from app.tables.subscriptions import SubscriptionAddons, Subscriptions
from app.tables.tenants import Tenants


class InvoiceStatus(StrEnum):
    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    PAID = "PAID"
    VOID = "VOID"


class Charges(Table, tablename="charges"):
    """A one-off charge, or a credit if its amount is negative, on the invoice of the month that contains charged_on."""

    id = primary_key()
    tenant_id = reference(Tenants)
    deployment_id = reference(CloudDeployments, null=True)
    description = text()
    net_cents = cents()
    charged_on = calendar_day()
    created_by = text()
    created_at = instant()

    charges_net_cents_check = Check("net_cents <> 0")


class TenantInvoices(Table, tablename="tenant_invoices"):
    """Invoices. At most one invoice that is not void exists for each tenant and period start; immutable once issued
    (triggers).

    issued_on: the day of issued_at in the billing time zone; its year is part of the invoice number.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    period_start = calendar_day()
    period_end = calendar_day()
    revision = integer()
    status = text()
    currency = text()
    subtotal_cents = cents()
    tax_cents = cents()
    total_cents = cents()
    input_hash = text()
    number = text(null=True)
    issued_at = instant(null=True)
    due_on = calendar_day(null=True)
    paid_at = instant(null=True)
    payment_reference = text(null=True)
    voided_at = instant(null=True)
    void_reason = text(null=True)
    created_at = instant()
    issued_on = calendar_day(null=True)

    tenant_invoices_tenant_id_period_start_revision_key = Unique([tenant_id, period_start, revision])
    tenant_invoices_number_key = Unique([number])
    tenant_invoices_period_check = one_month("period_start", "period_end")
    tenant_invoices_revision_check = Check("revision > 0")
    tenant_invoices_status_check = member_of("status", InvoiceStatus)
    tenant_invoices_currency_check = Check("currency ~ '^[A-Z]{3}$'")
    tenant_invoices_total_cents_check = Check("total_cents = subtotal_cents + tax_cents")
    tenant_invoices_input_hash_check = Check("input_hash ~ '^[0-9a-f]{64}$'")
    tenant_invoices_issued_check = Check(
        "num_nulls(number, issued_at, issued_on, due_on) IN (0, 4)"
        " AND (status = 'VOID' OR (status = 'DRAFT') = (number IS NULL))"
    )
    tenant_invoices_paid_check = Check("(status = 'PAID') = (paid_at IS NOT NULL)")
    tenant_invoices_voided_check = Check("(status = 'VOID') = (voided_at IS NOT NULL)")


class TenantInvoiceLines(Table, tablename="tenant_invoice_lines"):
    """Invoice lines, each with one amount. Deployment, subscription and add-on are null on tenant-level lines such as
    tax.

    period_start: the month that the line charges for (its service month), which on a correction line is not later than
    the invoice's month. charge_id: the one-off charge of an ADJUSTMENT line, whose deployment may have no subscription.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    invoice_id = reference(TenantInvoices)
    position = integer()
    key = text()
    kind = text()
    description = text()
    resource_kind = reference(ResourceKinds, null=True)
    quantity = decimal()
    unit_price_cents = decimal()
    amount_cents = cents()
    deployment_id = reference(CloudDeployments, null=True)
    subscription_id = reference(Subscriptions, null=True)
    subscription_addon_id = reference(SubscriptionAddons, null=True)
    period_start = calendar_day()
    charge_id = reference(Charges, null=True)

    tenant_invoice_lines_invoice_id_position_key = Unique([invoice_id, position])
    tenant_invoice_lines_kind_check = member_of("kind", LineKind)
    tenant_invoice_lines_tenant_level_check = Check(
        "CASE kind WHEN 'TAX' THEN num_nulls(deployment_id, subscription_id) = 2"
        " WHEN 'ADJUSTMENT' THEN subscription_id IS NULL OR deployment_id IS NOT NULL"
        " ELSE num_nulls(deployment_id, subscription_id) = 0 END"
    )
    tenant_invoice_lines_addon_check = Check("(kind = 'ADDON') = (subscription_addon_id IS NOT NULL)")
    tenant_invoice_lines_charge_check = Check("(kind = 'ADJUSTMENT') = (charge_id IS NOT NULL)")
    tenant_invoice_lines_resource_kind_check = Check("kind <> 'OVERAGE' OR resource_kind IS NOT NULL")


class TenantInvoiceInputs(Table, tablename="tenant_invoice_inputs"):
    """The canonical inputs: position 0 is the header, then one document per subscription in line order, then the
    charges that belong to no subscription.

    Corrections follow: a document for each subscription (or for such charges) and service month, `late_month`.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    invoice_id = reference(TenantInvoices)
    position = integer()
    subscription_id = reference(Subscriptions, null=True)
    document = text()
    late_month = calendar_day(null=True)

    tenant_invoice_inputs_invoice_id_position_key = Unique([invoice_id, position])
    tenant_invoice_inputs_header_check = Check("position > 0 OR num_nulls(subscription_id, late_month) = 2")


class InvoiceNumberSequences(Table, tablename="invoice_number_sequences"):
    """The last invoice number assigned in each calendar year. Locking the row while assigning one prevents gaps."""

    year = integer(primary_key=True)
    last_number = integer()

    invoice_number_sequences_last_number_check = Check("last_number > 0")
