"""Usage: metered events, each stored once; their corrections; and their daily totals."""

from app.operations.usage.correct import CorrectionOutcome, correct_usage
from app.operations.usage.metered_events import MALFORMED, MeteredEvent, RejectedEvent, UsageFault
from app.operations.usage.monthly_usage import monthly_usage
from app.operations.usage.partitions import make_months
from app.operations.usage.record import RecordingOutcome, record_batch, record_usage
from app.operations.usage.totals import prove_totals

__all__ = [
    "MALFORMED",
    "CorrectionOutcome",
    "MeteredEvent",
    "RecordingOutcome",
    "RejectedEvent",
    "UsageFault",
    "correct_usage",
    "make_months",
    "monthly_usage",
    "prove_totals",
    "record_batch",
    "record_usage",
]
