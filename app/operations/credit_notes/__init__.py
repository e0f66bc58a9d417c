"""Credit notes: what is left of an invoice, and taking it off."""

from app.operations.credit_notes.issuing import CreditRequest, LineCredit, enter_credit_note, issue_credit_note
from app.operations.credit_notes.remaining import CreditableInvoice, creditable_invoice

__all__ = [
    "CreditRequest",
    "CreditableInvoice",
    "LineCredit",
    "creditable_invoice",
    "enter_credit_note",
    "issue_credit_note",
]
