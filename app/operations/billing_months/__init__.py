r"""Billing months: one row for each tenant and month says how far billing has come with it.

    OPEN ----rated----> DRAFT ----issued----> ISSUED (or paid)
     |  \--nothing to bill--> ZERO              |
     |  \--cannot be rated--> FAILED            | voided
     +<-------------------- voided -------------+
    OPEN, ZERO, FAILED --waived--> WAIVED (for good)

DRAFT, ISSUED and ZERO are rated. Whatever changes a rated month is recorded as a change (changes.py). A month is due
while it is OPEN or FAILED, has changes, or while what it was last rated to is not what live invoices bill for it; a
draft and a month without an invoice are then rated again, an issued one is corrected on the tenant's next invoice, by
the difference. Whoever rates a month, or issues or voids its invoice, holds its row
(month_locks.py, invoice_changes.py).
"""

from app.operations.billing_months.changes import Change, first_open_day, record_changes
from app.operations.billing_months.missing_months import insert_missing_months
from app.operations.billing_months.unbilled import (
    MAX_FIRST,
    UnbilledMonthRow,
    UnbilledPage,
    count_unbilled_months,
    unbilled_months,
)
from app.operations.billing_months.waiving import waive_month

__all__ = [
    "MAX_FIRST",
    "Change",
    "UnbilledMonthRow",
    "UnbilledPage",
    "count_unbilled_months",
    "first_open_day",
    "insert_missing_months",
    "record_changes",
    "unbilled_months",
    "waive_month",
]
