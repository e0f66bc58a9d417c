"""Usage: metered events, kept once each, their corrections, and their totals by day."""

from app.operations.usage.correct import CorrectionOutcome, correct_usage
from app.operations.usage.metered_events import MALFORMED, MeteredEvent, RejectedEvent, UsageFault
from app.operations.usage.monthly_usage import monthly_usage
from app.operations.usage.partitions import make_months
from app.operations.usage.record import RecordingOutcome, record_batch, record_usage
from app.operations.usage.totals import TotalsDifference, prove_totals

__all__ = [
    "MALFORMED",
    "CorrectionOutcome",
    "MeteredEvent",
    "RecordingOutcome",
    "RejectedEvent",
    "TotalsDifference",
    "UsageFault",
    "correct_usage",
    "make_months",
    "monthly_usage",
    "prove_totals",
    "record_batch",
    "record_usage",
]
