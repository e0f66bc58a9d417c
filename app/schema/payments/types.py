"""Money after the invoice: payments and what they paid, refunds, write-offs and recoveries."""

from datetime import date, datetime

import strawberry

from app.reads import Connection, column, connection, desc, one, read_type, related, root_connection, root_one
from app.schema.context import reads_tenants
from app.schema.lazy_types import LazyInvoice, LazyTenant
from app.schema.nodes import Node
from app.schema.payments.filters import PAYMENT_FILTERS, PaymentFilter
from app.schema.scalars import Cents
from app.tables.invoices import TenantInvoices
from app.tables.ledger import InvoiceApplications
from app.tables.payments import PaymentMethod, Payments, Recoveries, Refunds, WriteOffs
from app.tables.tenants import Tenants

CURRENCY = "The ISO 4217 code of the currency of the amounts."


@read_type(
    InvoiceApplications,
    description="A part of a payment, or of a tenant's credit, that was applied to an invoice. Amounts are in the "
    "minor unit of `currency`.",
)
class InvoiceApplication(Node):
    """A row of `invoice_applications`."""

    invoice: LazyInvoice = one(
        InvoiceApplications.invoice_id, description="The invoice to which the amount was applied."
    )
    payment: "Payment | None" = one(
        InvoiceApplications.payment_id,
        description="The payment that the amount is a part of; null if it came from the tenant's credit balance.",
    )
    amount_cents: Cents = column(InvoiceApplications.amount_cents, description="The applied amount.")
    undone_cents: Cents = column(
        InvoiceApplications.undone_cents,
        description="The part of the amount that was taken back since, by the reversal of a payment or the voiding of "
        "the invoice.",
    )
    currency: str = related(InvoiceApplications.invoice_id, TenantInvoices.currency, description=CURRENCY)
    applied_at: datetime = column(
        InvoiceApplications.applied_at, description="The time at which the amount was applied."
    )


@read_type(
    Payments, description="A payment that was received from a tenant. Amounts are in the minor unit of `currency`."
)
class Payment(Node):
    """A row of `payments`."""

    tenant: LazyTenant = one(Payments.tenant_id, description="The tenant that the payment is credited to.")
    amount_cents: Cents = column(Payments.amount_cents, description="The amount received.")
    currency: str = column(Payments.currency, description=CURRENCY)
    received_on: date = column(Payments.received_on, description="The day on which the money was received.")
    method: PaymentMethod = column(Payments.method, description="How the money was paid.")
    reference: str = column(
        Payments.reference,
        description="The bank's or processor's transaction id, unique for the tenant and method. Of an imported row of "
        "a bank statement it is made from the row.",
    )
    payer_text: str | None = column(
        Payments.payer_text, description="The payer's text to the payment; null if there is none."
    )
    credit_cents: Cents = column(
        Payments.credit_cents,
        description="The part that paid no invoice when the payment was recorded and went to the tenant's credit "
        "balance.",
    )
    applications: Connection[InvoiceApplication] = connection(
        InvoiceApplications.payment_id,
        order=(InvoiceApplications.id,),
        description="The parts of the payment that were applied to invoices, in order of their application.",
    )
    recorded_at: datetime = column(Payments.recorded_at, description="The time at which the payment was recorded.")
    reversed_at: datetime | None = column(
        Payments.reversed_at, description="The time at which the payment was reversed; null if it was not."
    )
    reversal_reason: str | None = column(
        Payments.reversal_reason, description="The reason for the reversal; null if the payment was not reversed."
    )


@read_type(Refunds, description="Credit that was paid out to a tenant.")
class Refund(Node):
    """A row of `refunds`."""

    tenant: LazyTenant = one(Refunds.tenant_id, description="The tenant that got the money.")
    amount_cents: Cents = column(
        Refunds.amount_cents, description="The amount paid out, in the minor unit of `currency`."
    )
    currency: str = column(Refunds.currency, description="The ISO 4217 code of the currency of the amount.")
    paid_out_on: date = column(Refunds.paid_out_on, description="The day on which the money was paid out.")
    reference: str = column(
        Refunds.reference, description="The bank's or processor's transaction id, unique for the tenant."
    )
    recorded_at: datetime = column(Refunds.recorded_at, description="The time at which the refund was recorded.")


@read_type(
    WriteOffs, description="A balance of an invoice that was given up. Amounts are in the minor unit of `currency`."
)
class WriteOff(Node):
    """A row of `write_offs`."""

    invoice: LazyInvoice = one(WriteOffs.invoice_id, description="The invoice whose balance was written off.")
    amount_cents: Cents = column(WriteOffs.amount_cents, description="The balance that was written off, with tax.")
    rest_cents: Cents = column(
        WriteOffs.rest_cents,
        description="The part of the amount that is still written off, after credit notes and recoveries.",
    )
    currency: str = related(WriteOffs.invoice_id, TenantInvoices.currency, description=CURRENCY)
    reason: str = column(WriteOffs.reason, description="The reason for the write-off.")
    recorded_at: datetime = column(WriteOffs.recorded_at, description="The time of the write-off.")


@read_type(Recoveries, description="Money that was received for a balance that had been written off.")
class Recovery(Node):
    """A row of `recoveries`."""

    invoice: LazyInvoice = one(Recoveries.invoice_id, description="The invoice whose balance had been written off.")
    amount_cents: Cents = column(
        Recoveries.amount_cents, description="The amount received, in the minor unit of `currency`."
    )
    currency: str = related(
        Recoveries.tenant_id, Tenants.currency, description="The ISO 4217 code of the currency of the amount."
    )
    received_on: date = column(Recoveries.received_on, description="The day on which the money was received.")
    method: PaymentMethod = column(Recoveries.method, description="How the money was paid.")
    reference: str = column(
        Recoveries.reference,
        description="The bank's or processor's transaction id, unique for the tenant and method.",
    )
    recorded_at: datetime = column(Recoveries.recorded_at, description="The time at which the recovery was recorded.")


@strawberry.type
class PaymentQueries:
    """Payments at the root."""

    payment: Payment | None = root_one(
        by=Payments.id,
        allow=reads_tenants,
        description="The payment with this id; null if there is none that the caller may see.",
    )
    payments: Connection[Payment] = root_connection(
        order=(desc(Payments.id),),
        filters=PAYMENT_FILTERS,
        filter_input=PaymentFilter,
        allow=reads_tenants,
        description="The payments that the caller may see, the last recorded first.",
    )
