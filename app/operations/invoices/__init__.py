"""Invoices: their lifecycle, the explanation of their lines, and their verification."""

from app.operations.invoices.status_changes import issue_invoice, mark_invoice_paid, void_invoice
from app.operations.invoices.verification import verify_invoice
from app.operations.line_explanations import LineToExplain, explain_lines

__all__ = [
    "LineToExplain",
    "explain_lines",
    "issue_invoice",
    "mark_invoice_paid",
    "verify_invoice",
    "void_invoice",
]
