"""Money after the invoice: payments, their reversal, a tenant's credit, write-offs and recoveries."""

from app.operations.payments.aged_receivables import (
    MAX_FIRST,
    AgedAmounts,
    AgedReceivables,
    aged_receivables,
)
from app.operations.payments.credit import allocate_credit, refund_credit
from app.operations.payments.recording import NewPayment, enter_payment, record_payment
from app.operations.payments.reversing import reverse_payment
from app.operations.payments.statements import Statement, StatementEntry, statements
from app.operations.payments.write_offs import Recovery, record_recovery, write_off_invoice

__all__ = [
    "MAX_FIRST",
    "AgedAmounts",
    "AgedReceivables",
    "NewPayment",
    "Recovery",
    "Statement",
    "StatementEntry",
    "aged_receivables",
    "allocate_credit",
    "enter_payment",
    "record_payment",
    "record_recovery",
    "refund_credit",
    "reverse_payment",
    "statements",
    "write_off_invoice",
]
