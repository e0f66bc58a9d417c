"""The laws: what always holds of the data, whoever wrote them and whatever failed on the way."""

from app.operations.laws.check import LAWS, SLACK, check, violations
from app.operations.laws.law import Violation
from app.operations.laws.nightly import check_by_night

__all__ = ["LAWS", "SLACK", "Violation", "check", "check_by_night", "violations"]
