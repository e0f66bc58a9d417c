"""An invoice's life after it is rated: issued, paid, void; and its verification."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import invoices
from app.reads import ref
from app.schema.arguments import Input, optional
from app.schema.context import Info
from app.schema.invoices.types import Invoice
from app.schema.problems import Refused, result_of


@strawberry.input(description="An invoice.")
class InvoiceInput:
    """Input of `issueInvoice`, `voidInvoice` and `verifyInvoice`."""

    invoice_id: UUID = strawberry.field(description="The invoice.")
    reason: str | None = optional(description="Why; kept when an invoice is voided.")
    issue_stale: bool = strawberry.field(
        default=False,
        description="Issue a draft although its month changed after it was rated; the next rollup bills the rest.",
    )


@strawberry.input(description="A payment in full.")
class MarkInvoicePaidInput:
    """Input of `markInvoicePaid`."""

    invoice_id: UUID = strawberry.field(description="The invoice.")
    paid_at: datetime | None = optional(description="When it was paid; default: now.")
    reference: str = strawberry.field(description="What names the payment, such as the bank's reference.")


@strawberry.type(description="The invoice was issued: it is numbered, due, and never changes again.")
class InvoiceIssued:
    """Payload of `issueInvoice`."""

    invoice: Invoice = strawberry.field(description="The invoice as it is now.")


@strawberry.type(description="The payment was noted.")
class InvoiceMarkedPaid:
    """Payload of `markInvoicePaid`."""

    invoice: Invoice = strawberry.field(description="The invoice as it is now.")


@strawberry.type(description="The invoice was withdrawn.")
class InvoiceVoided:
    """Payload of `voidInvoice`."""

    invoice: Invoice = strawberry.field(description="The invoice as it is now.")


@strawberry.type(description="The invoice's kept inputs were rated again and compared with its lines.")
class InvoiceVerified:
    """Payload of `verifyInvoice`."""

    matches: bool = strawberry.field(description="Whether everything agrees, the hash of the inputs too.")
    differences: list[str] = strawberry.field(description="What does not agree, each in a sentence.")
    invoice: Invoice = strawberry.field(description="The invoice.")


IssueInvoiceResult = Annotated[InvoiceIssued | Refused, result_of("issueInvoice")]
MarkInvoicePaidResult = Annotated[InvoiceMarkedPaid | Refused, result_of("markInvoicePaid")]
VoidInvoiceResult = Annotated[InvoiceVoided | Refused, result_of("voidInvoice")]
VerifyInvoiceResult = Annotated[InvoiceVerified | Refused, result_of("verifyInvoice")]


@strawberry.type
class InvoiceMutations:
    """Changes to invoices."""

    @strawberry.mutation(description="Issue a draft: give it its number and due date. The platform's admin only.")
    async def issue_invoice(self, info: Info, given: Input[InvoiceInput]) -> IssueInvoiceResult:
        invoice_id = await invoices.issue_invoice(
            info.context.operations, invoice_id=given.invoice_id, issue_stale=given.issue_stale
        )
        return InvoiceIssued(invoice=ref(Invoice, invoice_id))

    @strawberry.mutation(description="Note that an issued invoice was paid in full. The platform's admin only.")
    async def mark_invoice_paid(self, info: Info, given: Input[MarkInvoicePaidInput]) -> MarkInvoicePaidResult:
        invoice_id = await invoices.mark_invoice_paid(
            info.context.operations, invoice_id=given.invoice_id, paid_at=given.paid_at, reference=given.reference
        )
        return InvoiceMarkedPaid(invoice=ref(Invoice, invoice_id))

    @strawberry.mutation(
        description="Withdraw a draft or issued invoice; its month is then unbilled again. The platform's admin only."
    )
    async def void_invoice(self, info: Info, given: Input[InvoiceInput]) -> VoidInvoiceResult:
        invoice_id = await invoices.void_invoice(
            info.context.operations, invoice_id=given.invoice_id, reason=given.reason
        )
        return InvoiceVoided(invoice=ref(Invoice, invoice_id))

    @strawberry.mutation(
        description="Rate an invoice's kept inputs again and compare; changes nothing. The platform's admin only."
    )
    async def verify_invoice(self, info: Info, given: Input[InvoiceInput]) -> VerifyInvoiceResult:
        verified = await invoices.verify_invoice(info.context.operations, invoice_id=given.invoice_id)
        return InvoiceVerified(
            matches=verified.matches,
            differences=list(verified.differences),
            invoice=ref(Invoice, verified.invoice_id),
        )
