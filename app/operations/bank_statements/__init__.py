"""Bank statements: rows that surely pay an invoice become payments, the rest is proposed for a person to decide."""

from app.operations.bank_statements.payment_matching import ProposalReason
from app.operations.bank_statements.statement_import import (
    RecordedRow,
    import_bank_statement,
)
from app.operations.bank_statements.statement_rows import MAX_ROWS

__all__ = [
    "MAX_ROWS",
    "ProposalReason",
    "RecordedRow",
    "import_bank_statement",
]
