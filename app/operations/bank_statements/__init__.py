"""Bank statements: rows that surely pay an invoice become payments, the rest is proposed for a person to decide."""

from app.operations.bank_statements.importing import (
    BankStatementImported,
    Proposal,
    RecordedRow,
    import_bank_statement,
)
from app.operations.bank_statements.matching import ProposalReason
from app.operations.bank_statements.rows import MAX_ROWS, BankRow, read_rows

__all__ = [
    "MAX_ROWS",
    "BankRow",
    "BankStatementImported",
    "Proposal",
    "ProposalReason",
    "RecordedRow",
    "import_bank_statement",
    "read_rows",
]
