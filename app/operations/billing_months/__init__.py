r"""Billing months: a row for each tenant and month records its state of billing.

    OPEN ----rated----> DRAFT ----issued----> ISSUED (or paid)
     |  \--nothing to bill--> ZERO              |
     |  \--cannot be rated--> FAILED            | voided
     +<-------------------- voided -------------+
    OPEN, ZERO, FAILED --waived--> WAIVED (final)

DRAFT, ISSUED and ZERO are rated. A change to a rated month is recorded in billing_month_changes (changes.py). A month
is due while it is OPEN or FAILED, has changes, or its amount when last rated differs from what live invoices bill for
it. A due month with a draft or without an invoice is rated again; one with an issued invoice is corrected on the
tenant's next invoice, by the difference. Rating a month, and issuing or voiding its invoice, locks its row (rating.py,
invoices.py).
"""

from app.operations.billing_months.changes import Change, first_open_day, record_changes
from app.operations.billing_months.missing_months import insert_missing_months
from app.operations.billing_months.unbilled import (
    MAX_FIRST,
    UnbilledMonthRow,
    count_unbilled_months,
    unbilled_months,
)
from app.operations.billing_months.waiving import waive_month

__all__ = [
    "MAX_FIRST",
    "Change",
    "UnbilledMonthRow",
    "count_unbilled_months",
    "first_open_day",
    "insert_missing_months",
    "record_changes",
    "unbilled_months",
    "waive_month",
]
