"""Tenants: the customers that are billed."""

from datetime import date, datetime

import strawberry

from app.reads import (
    TODAY,
    Connection,
    column,
    computed,
    connection,
    contains,
    desc,
    equals,
    many,
    one,
    python_field,
    read_type,
    root_connection,
    root_one,
)
from app.schema.arguments import optional
from app.schema.context import reads_tenants
from app.schema.deployments.filters import DEPLOYMENT_FILTERS, DeploymentFilter
from app.schema.invoices.filters import INVOICE_FILTERS, InvoiceFilter
from app.schema.lazy_types import LazyCharge, LazyDeployment, LazyDunningHold, LazyInvoice, LazyPayment, LazyRefund
from app.schema.nodes import Node
from app.schema.payments.filters import PAYMENT_FILTERS, PaymentFilter
from app.schema.payments.tenant_statement import statement as tenant_statement
from app.schema.scalars import Cents
from app.tables.deployments import CloudDeployments
from app.tables.dunning import DunningHolds
from app.tables.invoices import Charges, TenantInvoices
from app.tables.payments import Payments, Refunds
from app.tables.tenants import Tenants, TenantTaxExemptions


@read_type(
    TenantTaxExemptions,
    description="An entry of a tenant's tax exemption history. It applies from its first day until the next entry.",
)
class TaxExemption(Node):
    """A row of `tenant_tax_exemptions`."""

    first_day: date = column(
        TenantTaxExemptions.first_day,
        description="The first day of the entry. The entry that applies on the last day of a month decides for the "
        "whole month.",
    )
    tax_exempt: bool = column(
        TenantTaxExemptions.tax_exempt, description="True if the tenant is exempt from tax, false if an exemption ends."
    )
    reason: str | None = column(
        TenantTaxExemptions.reason, description="The reason for the exemption or its end; null if none was given."
    )


@read_type(Tenants, tenant=Tenants.id, description="A customer that owns deployments and gets one invoice a month.")
class Tenant(Node):
    """A row of `tenants`."""

    code: str = column(Tenants.code, description="The unique code of the tenant, for command lines and imports.")
    name: str = column(Tenants.name, description="The name of the tenant on invoices.")
    legal_name: str | None = column(
        Tenants.legal_name,
        description="The tenant's registered name, for tax invoices; null if it is not set and `name` serves.",
    )
    country: str = column(
        Tenants.country, description="The ISO 3166-1 alpha-2 code of the tenant's country, which decides the taxes."
    )
    currency: str = column(Tenants.currency, description="The ISO 4217 code of the currency of the tenant's invoices.")
    email: str | None = column(
        Tenants.email, description="The email address to which invoices are sent; null if there is none."
    )
    billing_address: str | None = column(
        Tenants.billing_address, description="The postal address on invoices; null if there is none."
    )
    abn: str | None = column(
        Tenants.abn, description="The Australian Business Number, 11 digits without spaces; null if there is none."
    )
    buyer_reference: str | None = column(
        Tenants.buyer_reference,
        description="The reference that the tenant wants on its invoices, such as a purchase order number; null if "
        "there is none.",
    )
    tax_exempt: bool = column(Tenants.tax_exempt, description="True if the tenant is currently charged no tax.")
    tax_exemptions: list[TaxExemption] = many(
        TenantTaxExemptions.tenant_id,
        order=(TenantTaxExemptions.first_day,),
        description="The tenant's tax exemption history, the earliest entry first. Before the first entry the tenant "
        "is not exempt.",
    )
    created_at: datetime = column(Tenants.created_at, description="The time at which the tenant was created.")
    closed_at: datetime | None = column(
        Tenants.closed_at,
        description="The time at which the tenant was closed; null if it is not closed and can be billed.",
    )
    dunning_hold: LazyDunningHold | None = one(
        DunningHolds.tenant_id,
        where=[(DunningHolds.ended_at, None)],
        description="The hold of the tenant's dunning that lasts; null if there is none. Only platform admins see it.",
    )
    deployments: Connection[LazyDeployment] = connection(
        CloudDeployments.tenant_id,
        order=(CloudDeployments.slug,),
        filters=DEPLOYMENT_FILTERS,
        filter_input=DeploymentFilter,
        description="The tenant's deployments, sorted by slug.",
    )
    invoices: Connection[LazyInvoice] = connection(
        TenantInvoices.tenant_id,
        order=(desc(TenantInvoices.period_start), desc(TenantInvoices.id)),
        filters=INVOICE_FILTERS,
        filter_input=InvoiceFilter,
        description="The tenant's invoices, the latest period first.",
    )
    charges: Connection[LazyCharge] = connection(
        Charges.tenant_id,
        order=(desc(Charges.charged_on), desc(Charges.id)),
        description="The tenant's one-off charges and credits, the latest day first.",
    )
    credit_balance_cents: Cents = computed(
        "tenant_credit_cents",
        Tenants.id,
        Tenants.currency,
        description="The tenant's money that the platform holds, in the minor unit of `currency`. It pays invoices or "
        "is refunded.",
    )
    open_balance_cents: Cents = computed(
        "tenant_open_cents",
        Tenants.id,
        Tenants.currency,
        description="The sum of the balances of the tenant's invoices, in the minor unit of `currency`.",
    )
    overdue_cents: Cents = computed(
        "tenant_overdue_cents",
        Tenants.id,
        Tenants.currency,
        TODAY,
        description="The sum of the balances of invoices whose due date has passed, in the minor unit of `currency`.",
    )
    payments: Connection[LazyPayment] = connection(
        Payments.tenant_id,
        order=(desc(Payments.id),),
        filters=PAYMENT_FILTERS,
        filter_input=PaymentFilter,
        description="The tenant's payments, the last recorded first.",
    )
    refunds: Connection[LazyRefund] = connection(
        Refunds.tenant_id, order=(desc(Refunds.id),), description="The tenant's refunds, the last recorded first."
    )
    statement = python_field(
        needs=(Tenants.id, Tenants.currency),
        description="The tenant's statement of account over a period: opening balance, every event, closing balance.",
    )(tenant_statement)


@strawberry.input(description="Selects tenants that meet every given condition.")
class TenantFilter:
    """The filter of `tenants`."""

    code: str | None = optional(description="Only the tenant with exactly this code.")
    search: str | None = optional(
        description="Only tenants whose code or name contains this text, in upper or lower case."
    )


TENANT_FILTERS = {"code": equals(Tenants.code), "search": contains(Tenants.code, Tenants.name)}


@strawberry.type
class TenantQueries:
    """Root queries for tenants."""

    tenant: Tenant | None = root_one(
        by={"id": Tenants.id, "code": Tenants.code},
        allow=reads_tenants,
        description="The tenant with this id or code (provide exactly one); null if there is none that the caller may "
        "see.",
    )
    tenants: Connection[Tenant] = root_connection(
        order=(Tenants.code,),
        filters=TENANT_FILTERS,
        filter_input=TenantFilter,
        allow=reads_tenants,
        description="The tenants that the caller may see, sorted by code.",
    )
