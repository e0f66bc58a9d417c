"""The ledger, and the balances beside it: every business event posts here, in its own transaction."""

from app.operations.ledger.account_balances import (
    TrialBalanceTotals,
    account_balances,
    trial_balance,
)
from app.operations.ledger.applied_credit import (
    Application,
    apply_credit,
    record_applications,
    return_credit,
    take_back_credit,
    undo_applications,
)
from app.operations.ledger.balances import (
    BalanceChange,
    Receivable,
    change_balances,
    change_balances_of,
    change_credit,
    lock_credit,
    lock_open_receivables,
    lock_receivables,
    lock_tenant,
    lock_tenant_of_invoice,
    lock_tenants,
    read_receivables,
    tenant_of_invoice,
)
from app.operations.ledger.entries import NewJournalEntry, postings_of, write_entries

__all__ = [
    "Application",
    "BalanceChange",
    "NewJournalEntry",
    "Receivable",
    "TrialBalanceTotals",
    "account_balances",
    "apply_credit",
    "change_balances",
    "change_balances_of",
    "change_credit",
    "lock_credit",
    "lock_open_receivables",
    "lock_receivables",
    "lock_tenant",
    "lock_tenant_of_invoice",
    "lock_tenants",
    "postings_of",
    "read_receivables",
    "record_applications",
    "return_credit",
    "take_back_credit",
    "tenant_of_invoice",
    "trial_balance",
    "undo_applications",
    "write_entries",
]
