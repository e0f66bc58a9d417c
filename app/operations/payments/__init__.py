"""Money after the invoice: payments, their reversal, a tenant's credit, write-offs and recoveries."""

from app.operations.payments.aged_receivables import (
    MAX_FIRST,
    AgedAmounts,
    aged_receivables,
)
from app.operations.payments.recording import (
    AllocatedPayment,
    NewPayment,
    enter_payment,
    enter_payments,
    record_payment,
)
from app.operations.payments.reversing import reverse_payment
from app.operations.payments.statements import statements
from app.operations.payments.tenant_credit import allocate_credit, refund_credit
from app.operations.payments.write_offs import NewRecovery, record_recovery, write_off_invoice

__all__ = [
    "MAX_FIRST",
    "AgedAmounts",
    "AllocatedPayment",
    "NewPayment",
    "NewRecovery",
    "aged_receivables",
    "allocate_credit",
    "enter_payment",
    "enter_payments",
    "record_payment",
    "record_recovery",
    "refund_credit",
    "reverse_payment",
    "statements",
    "write_off_invoice",
]
