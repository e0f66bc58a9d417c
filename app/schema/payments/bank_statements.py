"""Importing bank statements."""

from datetime import date
from typing import Annotated

import strawberry

from app.operations import bank_statements
from app.operations.bank_statements import ProposalReason
from app.reads import reference
from app.schema.arguments import Input
from app.schema.context import Info
from app.schema.invoices.types import Invoice
from app.schema.payments.types import Payment
from app.schema.problems import Refused, result_of
from app.schema.scalars import Cents


@strawberry.input(description="A bank statement to import.")
class ImportBankStatementInput:
    """Input of `importBankStatement`."""

    csv: str = strawberry.field(
        description="The text of the CSV file, at most 10,000 rows. Its first line names the columns date (such as "
        "2026-05-01), amount (such as 23.25, negative for money out), description and reference, in any order; others "
        "are ignored."
    )
    currency: str = strawberry.field(description="The ISO 4217 code of the currency of the bank account.")


@strawberry.type(description="A row of a bank statement that is recorded as a payment.")
class RecordedBankStatementRow:
    """operations.bank_statements.RecordedRow."""

    line: int = strawberry.field(description="The line of the file where the row begins, counted from 1.")
    payment: Payment = strawberry.field(description="The payment.")


@strawberry.type(description="A row of a bank statement that a person has to decide about.")
class BankStatementProposal:
    """operations.bank_statements.Proposal."""

    line: int = strawberry.field(description="The line of the file where the row begins, counted from 1.")
    booked_on: date = strawberry.field(description="The date of the row.")
    amount_cents: Cents = strawberry.field(
        description="The amount of the row, in the minor unit of the statement's currency; negative for money out."
    )
    description: str = strawberry.field(description="The description of the row; may be empty.")
    reference: str = strawberry.field(description="The reference of the row; may be empty.")
    payment_reference: str = strawberry.field(
        description="The reference to use in `recordPayment`, with the method BANK_TRANSFER, so that a later import "
        "knows that the row is recorded."
    )
    reason: ProposalReason = strawberry.field(description="The reason why the row was not recorded as a payment.")
    candidates: list[Invoice] = strawberry.field(
        description="At most 10 open invoices that the row names or whose balance is its amount; empty for money out."
    )


@strawberry.type(
    description="The result of importing a bank statement. Each row of the file is in one of the lists, in the order "
    "of the file."
)
class BankStatementImported:
    """Payload of `importBankStatement`."""

    recorded: list[RecordedBankStatementRow] = strawberry.field(
        description="The rows that are now recorded as payments: each names one open invoice and has its exact balance."
    )
    recorded_before: list[RecordedBankStatementRow] = strawberry.field(
        description="The rows that were recorded before."
    )
    proposals: list[BankStatementProposal] = strawberry.field(description="The rows that were not recorded.")


ImportBankStatementResult = Annotated[BankStatementImported | Refused, result_of("importBankStatement")]


@strawberry.type
class BankStatementMutations:
    """Imports of bank statements."""

    @strawberry.mutation(
        description="Import a bank statement. A row that names an open invoice's number and has its exact balance is "
        "recorded as a payment; the others are returned as proposals. Importing a file twice changes nothing. A "
        "malformed file is refused as a whole, with the lines at fault. Platform admins only."
    )
    async def import_bank_statement(
        self, info: Info, input_: Input[ImportBankStatementInput]
    ) -> ImportBankStatementResult:
        imported = await bank_statements.import_bank_statement(
            info.context.operations, csv=input_.csv, currency=input_.currency
        )
        return BankStatementImported(
            recorded=[_recorded(row) for row in imported.recorded],
            recorded_before=[_recorded(row) for row in imported.recorded_before],
            proposals=[
                BankStatementProposal(
                    line=one.line,
                    booked_on=one.booked_on,
                    amount_cents=Cents(one.amount_cents),
                    description=one.description,
                    reference=one.reference,
                    payment_reference=one.payment_reference,
                    reason=one.reason,
                    candidates=[reference(Invoice, invoice_id) for invoice_id in one.candidates],
                )
                for one in imported.proposals
            ],
        )


def _recorded(row: bank_statements.RecordedRow) -> RecordedBankStatementRow:
    return RecordedBankStatementRow(line=row.line, payment=reference(Payment, row.payment_id))
