"""Payments, credit, write-offs and recoveries."""

from typing import Annotated

import strawberry

from app.billing import Allocation
from app.operations import payments
from app.operations.payments import NewPayment
from app.reads import reference
from app.schema.arguments import Input
from app.schema.context import Info
from app.schema.invoices.types import Invoice
from app.schema.payments.payment_inputs import (
    AllocateCreditInput,
    RecordPaymentInput,
    RecordRecoveryInput,
    RefundCreditInput,
    ReversePaymentInput,
    WriteOffInvoiceInput,
)
from app.schema.payments.types import Payment, Recovery, Refund
from app.schema.problems import Refused, result_of
from app.schema.tenants import Tenant


@strawberry.type(description="The result of recording a payment.")
class PaymentRecorded:
    """Payload of `recordPayment`."""

    payment: Payment = strawberry.field(
        description="The payment; the first one if it was recorded before under the same reference."
    )


@strawberry.type(description="The result of applying a tenant's credit to its invoices.")
class CreditAllocated:
    """Payload of `allocateCredit`."""

    tenant: Tenant = strawberry.field(description="The tenant with its balances after the allocation.")


@strawberry.type(description="The result of reversing a payment.")
class PaymentReversed:
    """Payload of `reversePayment`."""

    payment: Payment = strawberry.field(description="The reversed payment. The invoices that it paid are open again.")


@strawberry.type(description="The result of paying out a tenant's credit.")
class CreditRefunded:
    """Payload of `refundCredit`."""

    refund: Refund = strawberry.field(
        description="The refund; the first one if it was recorded before under the same reference."
    )


@strawberry.type(description="The result of writing off an invoice's balance.")
class InvoiceWrittenOff:
    """Payload of `writeOffInvoice`."""

    invoice: Invoice = strawberry.field(description="The invoice, whose balance is now 0.")


@strawberry.type(description="The result of recording money for a balance that had been written off.")
class RecoveryRecorded:
    """Payload of `recordRecovery`."""

    recovery: Recovery = strawberry.field(
        description="The recovery; the first one if it was recorded before under the same reference."
    )


RecordPaymentResult = Annotated[PaymentRecorded | Refused, result_of("recordPayment")]
AllocateCreditResult = Annotated[CreditAllocated | Refused, result_of("allocateCredit")]
ReversePaymentResult = Annotated[PaymentReversed | Refused, result_of("reversePayment")]
RefundCreditResult = Annotated[CreditRefunded | Refused, result_of("refundCredit")]
WriteOffInvoiceResult = Annotated[InvoiceWrittenOff | Refused, result_of("writeOffInvoice")]
RecordRecoveryResult = Annotated[RecoveryRecorded | Refused, result_of("recordRecovery")]


@strawberry.type
class PaymentMutations:
    """Changes to payments, credit and write-offs."""

    @strawberry.mutation(
        description="Record a payment. It pays the named invoices, or the oldest due first; what is left goes to the "
        "tenant's credit balance. Platform admins only."
    )
    async def record_payment(self, info: Info, input_: Input[RecordPaymentInput]) -> RecordPaymentResult:
        allocations = input_.allocations
        payment = NewPayment(
            tenant_id=input_.tenant_id,
            amount_cents=input_.amount_cents,
            currency=input_.currency,
            received_on=input_.received_on,
            method=input_.method,
            reference=input_.reference,
            payer_text=input_.payer_text,
            allocations=None
            if allocations is None
            else tuple(Allocation(one.invoice_id, one.amount_cents) for one in allocations),
        )
        payment_id = await payments.record_payment(info.context.operations, payment)
        return PaymentRecorded(payment=reference(Payment, payment_id))

    @strawberry.mutation(
        description="Apply a tenant's credit balance to its open invoices, the oldest due first. Platform admins only."
    )
    async def allocate_credit(self, info: Info, input_: Input[AllocateCreditInput]) -> AllocateCreditResult:
        tenant_id = await payments.allocate_credit(
            info.context.operations, tenant_id=input_.tenant_id, invoice_ids=input_.invoice_ids
        )
        return CreditAllocated(tenant=reference(Tenant, tenant_id))

    @strawberry.mutation(
        description="Reverse a payment that bounced. Credit that it created and that paid other invoices is taken "
        "back, the latest first. Refused if its money was refunded. Platform admins only."
    )
    async def reverse_payment(self, info: Info, input_: Input[ReversePaymentInput]) -> ReversePaymentResult:
        payment_id = await payments.reverse_payment(
            info.context.operations, payment_id=input_.payment_id, reason=input_.reason
        )
        return PaymentReversed(payment=reference(Payment, payment_id))

    @strawberry.mutation(description="Record that credit of a tenant was paid out. Platform admins only.")
    async def refund_credit(self, info: Info, input_: Input[RefundCreditInput]) -> RefundCreditResult:
        refund_id = await payments.refund_credit(
            info.context.operations,
            tenant_id=input_.tenant_id,
            amount_cents=input_.amount_cents,
            paid_out_on=input_.paid_out_on,
            reference=input_.reference,
        )
        return CreditRefunded(refund=reference(Refund, refund_id))

    @strawberry.mutation(
        description="Write off the whole balance of an issued invoice: it becomes bad debt, and its tax is no longer "
        "owed. Platform admins only."
    )
    async def write_off_invoice(self, info: Info, input_: Input[WriteOffInvoiceInput]) -> WriteOffInvoiceResult:
        invoice_id = await payments.write_off_invoice(
            info.context.operations, invoice_id=input_.invoice_id, reason=input_.reason
        )
        return InvoiceWrittenOff(invoice=reference(Invoice, invoice_id))

    @strawberry.mutation(
        description="Record money that was received for a balance that had been written off. Platform admins only."
    )
    async def record_recovery(self, info: Info, input_: Input[RecordRecoveryInput]) -> RecordRecoveryResult:
        recovery = payments.NewRecovery(
            input_.invoice_id, input_.amount_cents, input_.received_on, input_.method, input_.reference
        )
        recovery_id = await payments.record_recovery(info.context.operations, recovery)
        return RecoveryRecorded(recovery=reference(Recovery, recovery_id))
