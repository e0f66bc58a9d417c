"""Mutations for rated invoices: issue, mark as paid, void, verify."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import invoices
from app.reads import reference
from app.schema.arguments import Input, optional
from app.schema.context import Info
from app.schema.invoices.types import Invoice
from app.schema.problems import Refused, result_of


@strawberry.input(description="The invoice that the mutation applies to.")
class InvoiceInput:
    """Input of `issueInvoice`, `voidInvoice` and `verifyInvoice`."""

    invoice_id: UUID = strawberry.field(description="The id of the invoice.")
    reason: str | None = optional(
        description="For voidInvoice: the reason for voiding, which is stored with the invoice."
    )
    issue_stale: bool = strawberry.field(
        default=False,
        description="For issueInvoice: true to issue a draft although its month changed after it was rated. The "
        "tenant's next rollup then bills the difference.",
    )


@strawberry.input(description="A payment of an invoice in full.")
class MarkInvoicePaidInput:
    """Input of `markInvoicePaid`."""

    invoice_id: UUID = strawberry.field(description="The id of the invoice.")
    paid_at: datetime | None = optional(description="The time of the payment. Default: now.")
    reference: str = strawberry.field(description="The reference of the payment, such as the bank's.")


@strawberry.type(
    description="The result of issuing an invoice: it has a number and a due date, and its amounts no longer change."
)
class InvoiceIssued:
    """Payload of `issueInvoice`."""

    invoice: Invoice = strawberry.field(description="The issued invoice.")


@strawberry.type(description="The result of recording that an invoice was paid in full.")
class InvoiceMarkedPaid:
    """Payload of `markInvoicePaid`."""

    invoice: Invoice = strawberry.field(description="The paid invoice.")


@strawberry.type(description="The result of voiding an invoice.")
class InvoiceVoided:
    """Payload of `voidInvoice`."""

    invoice: Invoice = strawberry.field(description="The voided invoice.")


@strawberry.type(
    description="The result of rating an invoice's stored inputs again and comparing it with the stored lines."
)
class InvoiceVerified:
    """Payload of `verifyInvoice`."""

    matches: bool = strawberry.field(description="True if the lines, the totals and the hash of the inputs all agree.")
    differences: list[str] = strawberry.field(
        description="The differences found, each as a sentence; empty if there are none."
    )
    invoice: Invoice = strawberry.field(description="The verified invoice.")


IssueInvoiceResult = Annotated[InvoiceIssued | Refused, result_of("issueInvoice")]
MarkInvoicePaidResult = Annotated[InvoiceMarkedPaid | Refused, result_of("markInvoicePaid")]
VoidInvoiceResult = Annotated[InvoiceVoided | Refused, result_of("voidInvoice")]
VerifyInvoiceResult = Annotated[InvoiceVerified | Refused, result_of("verifyInvoice")]


@strawberry.type
class InvoiceMutations:
    """Mutations for invoices."""

    @strawberry.mutation(description="Issue a draft invoice: it gets its number and due date. Platform admins only.")
    async def issue_invoice(self, info: Info, input_: Input[InvoiceInput]) -> IssueInvoiceResult:
        invoice_id = await invoices.issue_invoice(
            info.context.operations, invoice_id=input_.invoice_id, issue_stale=input_.issue_stale
        )
        return InvoiceIssued(invoice=reference(Invoice, invoice_id))

    @strawberry.mutation(description="Record that an issued invoice was paid in full. Platform admins only.")
    async def mark_invoice_paid(self, info: Info, input_: Input[MarkInvoicePaidInput]) -> MarkInvoicePaidResult:
        invoice_id = await invoices.mark_invoice_paid(
            info.context.operations, invoice_id=input_.invoice_id, paid_at=input_.paid_at, reference=input_.reference
        )
        return InvoiceMarkedPaid(invoice=reference(Invoice, invoice_id))

    @strawberry.mutation(
        description="Void a draft or issued invoice; its month is then unbilled again and can be rolled up. Platform "
        "admins only."
    )
    async def void_invoice(self, info: Info, input_: Input[InvoiceInput]) -> VoidInvoiceResult:
        invoice_id = await invoices.void_invoice(
            info.context.operations, invoice_id=input_.invoice_id, reason=input_.reason
        )
        return InvoiceVoided(invoice=reference(Invoice, invoice_id))

    @strawberry.mutation(
        description="Rate an invoice's stored inputs again and compare the result with the stored lines. Changes "
        "nothing. Platform admins only."
    )
    async def verify_invoice(self, info: Info, input_: Input[InvoiceInput]) -> VerifyInvoiceResult:
        verified = await invoices.verify_invoice(info.context.operations, invoice_id=input_.invoice_id)
        return InvoiceVerified(
            matches=verified.matches,
            differences=list(verified.differences),
            invoice=reference(Invoice, verified.invoice_id),
        )
