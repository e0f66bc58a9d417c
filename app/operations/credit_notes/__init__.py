"""Credit notes: what is left of an invoice, and taking it off."""

from app.operations.credit_notes.note_issuing import NewCreditNote, credit_invoice, enter_credit_note, issue_credit_note
from app.operations.credit_notes.previewing import preview_credit_note
from app.operations.credit_notes.remaining import CreditableInvoice, creditable_invoice
from app.operations.credit_notes.requests import CreditRequest, LineCredit

__all__ = [
    "CreditRequest",
    "CreditableInvoice",
    "LineCredit",
    "NewCreditNote",
    "credit_invoice",
    "creditable_invoice",
    "enter_credit_note",
    "issue_credit_note",
    "preview_credit_note",
]
