"""The enums of what follows an issued invoice, with their descriptions: see enums.py."""

from app.billing import Account, StepKind
from app.operations.bank_statements import ProposalReason
from app.schema.enums import describe
from app.tables.credit_notes import CreditReason
from app.tables.issue_runs import DraftOutcome, IssueRunStatus
from app.tables.ledger import JournalEntryKind, SettledBy
from app.tables.payments import PaymentMethod

describe(
    StepKind,
    "The kind of a step of dunning.",
    name="DunningStepKind",
    NOTICE="The tenant is to be notified that the invoice is overdue.",
    PAST_DUE="The tenant's deployments move to PAST_DUE.",
    FINAL_NOTICE="The tenant is to be notified that its deployments will be suspended.",
    SUSPEND="The tenant's deployments move to SUSPENDED.",
    PROPOSE_WRITE_OFF="It is proposed that a platform admin writes off the invoice.",
)
describe(
    CreditReason,
    "The kind of reason for a credit note.",
    SERVICE_FAULT="The service did not work as agreed.",
    PRICE_CHANGE="The price was reduced after the invoice was issued.",
    BILLING_ERROR="The invoice charged something wrongly.",
    CANCELLATION="What the invoice charges for was cancelled.",
    GOODWILL="A gesture of goodwill.",
    LATE_CORRECTION="The month fell in value after it was invoiced. A rollup issued the note; only these notes reduce "
    "what counts as billed.",
)
describe(
    Account,
    "An account of the ledger. Each is kept per currency.",
    ACCOUNTS_RECEIVABLE="What the tenant owes: the balances of its invoices.",
    CUSTOMER_CREDIT="The tenant's money that the platform holds, a liability.",
    BAD_DEBT="The net amount of balances that were written off.",
    TAX_PAYABLE="Tax that is owed to the tax office.",
    CASH_CLEARING="Money received, less money paid out.",
    REVENUE="The net amount of invoices, less credit notes.",
)
describe(
    IssueRunStatus,
    "The status of an issue run.",
    QUEUED="The run waits for a worker.",
    RUNNING="A worker has started the run.",
    SUCCEEDED="The run has finished and no draft failed.",
    PARTIAL="The run has finished and some drafts failed.",
    FAILED="The run has finished and every draft failed.",
)
describe(
    DraftOutcome,
    "The kind of outcome of an issue run for one draft.",
    name="IssueOutcomeKind",
    ISSUED="The invoice was issued.",
    STALE="The draft was not issued, because its month changed after it was rated.",
    SKIPPED="There was no draft any more: it was issued, voided or replaced meanwhile.",
    FAILED="The draft could not be issued; `failure` has the reason.",
)
describe(
    PaymentMethod,
    "How money moved.",
    BANK_TRANSFER="A transfer from the payer's bank account.",
    DIRECT_DEBIT="A debit of the payer's bank account.",
    CARD="A payment by card.",
    CASH="Cash.",
    OTHER="Another way, or an invoice that was marked as paid.",
)
describe(
    SettledBy,
    "What brought an invoice's balance to 0.",
    PAYMENT="A payment.",
    CREDIT="The tenant's credit balance.",
    CREDIT_NOTE="A credit note.",
    WRITE_OFF="A write-off: the balance was given up.",
    ZERO="The invoice's total was 0 when it was issued.",
)
describe(
    JournalEntryKind,
    "The business event that a journal entry records.",
    INVOICE_ISSUED="An invoice was issued.",
    INVOICE_VOIDED="An issued invoice was voided.",
    CREDIT_NOTE_ISSUED="A credit note was issued.",
    PAYMENT_RECORDED="A payment was received.",
    PAYMENT_REVERSED="A payment was reversed: the money did not arrive or went back.",
    CREDIT_APPLIED="The tenant's credit was applied to an invoice, or taken back from it.",
    CREDIT_REFUNDED="Credit of the tenant was paid out.",
    BALANCE_WRITTEN_OFF="The balance of an invoice was written off.",
    RECOVERY_RECORDED="Money was received for a balance that had been written off.",
)
describe(
    ProposalReason,
    "The reason why a row of a bank statement was not recorded as a payment.",
    name="BankStatementProposalReason",
    MONEY_OUT="The amount is 0 or negative: no money came in.",
    NO_INVOICE_NAMED="The row contains no invoice number.",
    SEVERAL_INVOICES_NAMED="The row contains several invoice numbers.",
    UNKNOWN_INVOICE="No issued invoice has the number in the row.",
    INVOICE_NOT_OPEN="The invoice has no balance.",
    CURRENCY_MISMATCH="The invoice is in another currency than the statement.",
    AMOUNT_DIFFERS="The amount is not the invoice's balance.",
)
