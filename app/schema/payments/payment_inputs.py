"""The inputs of the mutations on payments, credit and write-offs."""

from datetime import date
from uuid import UUID

import strawberry

from app.schema.arguments import optional
from app.schema.scalars import Cents
from app.tables.payments import PaymentMethod

REFERENCE = "The bank's or processor's transaction id, at most 200 characters."
DAY = "not in the future."


@strawberry.input(description="The part of a payment that pays one invoice.")
class PaymentAllocationInput:
    """An allocation of `recordPayment`."""

    invoice_id: UUID = strawberry.field(description="The id of the issued invoice.")
    amount_cents: Cents = strawberry.field(description="The amount that pays the invoice, at most its balance.")


@strawberry.input(description="A payment that was received.")
class RecordPaymentInput:
    """Input of `recordPayment`."""

    tenant_id: UUID = strawberry.field(description="The id of the tenant that the payment is credited to.")
    amount_cents: Cents = strawberry.field(
        description="The amount received, in the minor unit of the currency, above 0."
    )
    currency: str = strawberry.field(
        description="The ISO 4217 code of the amount's currency, which must be that of the tenant."
    )
    received_on: date = strawberry.field(description=f"The day on which the money was received, {DAY}")
    method: PaymentMethod = strawberry.field(description="How the money was paid.")
    reference: str = strawberry.field(
        description=f"{REFERENCE} The same payment under the same reference is recorded once."
    )
    payer_text: str | None = optional(description="The payer's text to the payment.")
    allocations: list[PaymentAllocationInput] | None = optional(
        description="The invoices that the payment pays; what is left goes to the tenant's credit balance. Default: "
        "the open invoices, the oldest due first."
    )


@strawberry.input(description="The invoices to which a tenant's credit is to be applied.")
class AllocateCreditInput:
    """Input of `allocateCredit`."""

    tenant_id: UUID = strawberry.field(description="The id of the tenant.")
    invoice_ids: list[UUID] | None = optional(
        description="The ids of the tenant's invoices to pay, the oldest due first. Default: all its open invoices."
    )


@strawberry.input(description="A payment to reverse.")
class ReversePaymentInput:
    """Input of `reversePayment`."""

    payment_id: UUID = strawberry.field(description="The id of the payment.")
    reason: str = strawberry.field(description="The reason for the reversal, such as a dishonoured direct debit.")


@strawberry.input(description="Credit of a tenant that was paid out.")
class RefundCreditInput:
    """Input of `refundCredit`."""

    tenant_id: UUID = strawberry.field(description="The id of the tenant.")
    amount_cents: Cents = strawberry.field(
        description="The amount paid out, in the minor unit of the tenant's currency: above 0, and at most the "
        "tenant's credit balance."
    )
    paid_out_on: date = strawberry.field(description=f"The day on which the money was paid out, {DAY}")
    reference: str = strawberry.field(
        description=f"{REFERENCE} The same refund under the same reference is recorded once."
    )


@strawberry.input(description="An invoice whose balance is to be written off.")
class WriteOffInvoiceInput:
    """Input of `writeOffInvoice`."""

    invoice_id: UUID = strawberry.field(description="The id of the invoice.")
    reason: str = strawberry.field(description="The reason for the write-off, such as an insolvency.")


@strawberry.input(description="Money that was received for a balance that had been written off.")
class RecordRecoveryInput:
    """Input of `recordRecovery`."""

    invoice_id: UUID = strawberry.field(description="The id of the invoice.")
    amount_cents: Cents = strawberry.field(
        description="The amount received, in the minor unit of the invoice's currency: above 0, and at most what is "
        "still written off."
    )
    received_on: date = strawberry.field(description=f"The day on which the money was received, {DAY}")
    method: PaymentMethod = strawberry.field(description="How the money was paid.")
    reference: str = strawberry.field(
        description=f"{REFERENCE} The same recovery under the same reference is recorded once."
    )
