"""Data-integrity checks: what must be true of the stored data after any sequence of operations and failures."""

from app.operations.data_integrity.checking import INTEGRITY_CHECKS, check, violations
from app.operations.data_integrity.integrity_check import Violation
from app.operations.data_integrity.nightly import check_by_night, last_pass, record_pass

__all__ = ["INTEGRITY_CHECKS", "Violation", "check", "check_by_night", "last_pass", "record_pass", "violations"]
