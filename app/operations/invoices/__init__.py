"""Invoices: their life, how their lines came about, and whether they are right."""

from app.operations.invoices.explanation import LineToExplain, explain_lines
from app.operations.invoices.status_changes import issue_invoice, mark_invoice_paid, void_invoice
from app.operations.invoices.verification import Verification, verify_invoice

__all__ = [
    "LineToExplain",
    "Verification",
    "explain_lines",
    "issue_invoice",
    "mark_invoice_paid",
    "verify_invoice",
    "void_invoice",
]
