"""Issuing credit notes, and the preview of one."""

from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import credit_notes
from app.reads import reference
from app.schema.arguments import Input, optional
from app.schema.context import Info
from app.schema.credit_notes.types import CreditNote
from app.schema.invoices.invoice_lines import InvoiceLine
from app.schema.invoices.types import Invoice
from app.schema.problems import Refused, refusals_as_errors, result_of
from app.schema.scalars import Cents
from app.tables.credit_notes import CreditReason


@strawberry.input(description="An amount without tax to take off one line of the invoice.")
class CreditedLineInput:
    """A line of `IssueCreditNoteInput`."""

    line_id: UUID = strawberry.field(description="The id of the invoice line; not a tax line.")
    net_cents: Cents = strawberry.field(
        description="The amount without tax, in the minor unit of the invoice's currency: above 0, and at most what is "
        "left of the line. The note also takes off the tax that goes with it."
    )


@strawberry.input(description="What to credit of an invoice: provide exactly one of lines or grossCents.")
class IssueCreditNoteInput:
    """Input of `issueCreditNote` and `creditNotePreview`."""

    invoice_id: UUID = strawberry.field(description="The id of the issued or paid invoice.")
    reason: CreditReason = strawberry.field(
        description="The kind of reason. LATE_CORRECTION is not accepted: rollups issue these notes."
    )
    description: str = strawberry.field(description="The reason in words, for the reader of the note.")
    lines: list[CreditedLineInput] | None = optional(
        description="The lines to credit, each at most once, with an amount without tax."
    )
    gross_cents: Cents | None = optional(
        description="The amount to credit including tax, in the minor unit of the invoice's currency; taken from the "
        "last line backwards."
    )
    gross_line_id: UUID | None = optional(description="The id of the only line to take grossCents from.")

    def request(self) -> credit_notes.CreditRequest:
        """The same for the operations."""
        return credit_notes.CreditRequest(
            invoice_id=self.invoice_id,
            reason=self.reason,
            description=self.description,
            lines=None
            if self.lines is None
            else tuple(credit_notes.LineCredit(line.line_id, line.net_cents) for line in self.lines),
            gross_cents=self.gross_cents,
            gross_line_id=self.gross_line_id,
        )


@strawberry.input(description="The invoice to credit in full, and why.")
class CreditInvoiceInput:
    """Input of `creditInvoice`."""

    invoice_id: UUID = strawberry.field(description="The id of the issued or paid invoice.")
    reason: CreditReason = strawberry.field(
        description="The kind of reason. LATE_CORRECTION is not accepted: rollups issue these notes."
    )
    description: str = strawberry.field(description="The reason in words, for the reader of the note.")


@strawberry.type(description="The result of issuing a credit note.")
class CreditNoteIssued:
    """Payload of `issueCreditNote`."""

    credit_note: CreditNote = strawberry.field(description="The new credit note.")


@strawberry.type(description="The result of crediting everything that was left of an invoice.")
class InvoiceCredited:
    """Payload of `creditInvoice`."""

    credit_note: CreditNote = strawberry.field(description="The new credit note.")


@strawberry.type(description="What a previewed credit note would take off one line of the invoice.")
class CreditNotePreviewLine:
    """operations.credit_notes.PreviewedLine."""

    line: InvoiceLine = strawberry.field(description="The line of the invoice.")
    amount_cents: Cents = strawberry.field(
        description="The amount that the note would take off the line: without tax, or of a tax line the tax."
    )


@strawberry.type(description="A credit note as it would be issued now. Amounts are in the minor unit of `currency`.")
class CreditNotePreview:
    """operations.credit_notes.PreviewedCreditNote."""

    invoice: Invoice = strawberry.field(description="The invoice that the note would reduce.")
    currency: str = strawberry.field(description="The ISO 4217 code of the currency of the amounts.")
    lines: list[CreditNotePreviewLine] = strawberry.field(
        description="The lines of the note, in the order of the invoice, tax last."
    )
    net_cents: Cents = strawberry.field(description="The amount of the note without tax.")
    tax_cents: Cents = strawberry.field(description="The tax of the note.")
    total_cents: Cents = strawberry.field(description="The amount of the note including tax.")
    reversed_write_off_cents: Cents = strawberry.field(
        description="The part of the total that would reduce what has been written off of the invoice."
    )
    applied_to_invoice_cents: Cents = strawberry.field(
        description="The part of the total that would reduce the balance of the invoice."
    )
    credited_to_balance_cents: Cents = strawberry.field(
        description="The part of the total that would be added to the tenant's credit balance."
    )
    remaining_net_cents: Cents = strawberry.field(
        description="What would be left of the invoice after the note, without tax."
    )
    remaining_tax_cents: Cents = strawberry.field(description="What would be left of the invoice's tax after the note.")


@strawberry.type
class CreditNotePreviewQueries:
    """`creditNotePreview`."""

    @strawberry.field(
        description="The credit note that issueCreditNote would issue for the same input. Changes nothing. Platform "
        "admins only."
    )
    async def credit_note_preview(
        self,
        info: Info,
        input_: Annotated[
            IssueCreditNoteInput, strawberry.argument(name="input", description="What to credit of an invoice.")
        ],
    ) -> CreditNotePreview:
        with refusals_as_errors():
            preview = await credit_notes.preview_credit_note(info.context.operations, input_.request())
        return CreditNotePreview(
            invoice=reference(Invoice, preview.invoice_id),
            currency=preview.currency,
            lines=[
                CreditNotePreviewLine(line=reference(InvoiceLine, line.line_id), amount_cents=Cents(line.amount_cents))
                for line in preview.lines
            ],
            net_cents=Cents(preview.net_cents),
            tax_cents=Cents(preview.tax_cents),
            total_cents=Cents(preview.total_cents),
            reversed_write_off_cents=Cents(preview.written_off_cents),
            applied_to_invoice_cents=Cents(preview.receivable_cents),
            credited_to_balance_cents=Cents(preview.credit_cents),
            remaining_net_cents=Cents(preview.remaining_net_cents),
            remaining_tax_cents=Cents(preview.remaining_tax_cents),
        )


IssueCreditNoteResult = Annotated[CreditNoteIssued | Refused, result_of("issueCreditNote")]
CreditInvoiceResult = Annotated[InvoiceCredited | Refused, result_of("creditInvoice")]


@strawberry.type
class CreditNoteMutations:
    """Issuing credit notes."""

    @strawberry.mutation(
        description="Issue a credit note that reduces lines of an issued or paid invoice, with their tax. What it "
        "credits beyond the invoice's balance is added to the tenant's credit balance. Platform admins only."
    )
    async def issue_credit_note(self, info: Info, input_: Input[IssueCreditNoteInput]) -> IssueCreditNoteResult:
        credit_note_id = await credit_notes.issue_credit_note(info.context.operations, input_.request())
        return CreditNoteIssued(credit_note=reference(CreditNote, credit_note_id))

    @strawberry.mutation(
        description="Issue a credit note over everything that is left of an issued or paid invoice. Platform admins "
        "only."
    )
    async def credit_invoice(self, info: Info, input_: Input[CreditInvoiceInput]) -> CreditInvoiceResult:
        credit_note_id = await credit_notes.credit_invoice(
            info.context.operations, invoice_id=input_.invoice_id, reason=input_.reason, description=input_.description
        )
        return InvoiceCredited(credit_note=reference(CreditNote, credit_note_id))
