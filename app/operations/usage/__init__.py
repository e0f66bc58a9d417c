"""Usage: metered events, each stored once; their corrections; and their daily totals."""

from app.operations.usage.correct import UsageCorrected, correct_usage
from app.operations.usage.events import MALFORMED, MeteredEvent, UsageFault, UsageRejection
from app.operations.usage.months import monthly_usage
from app.operations.usage.partitions import make_months
from app.operations.usage.record import UsageRecorded, record_batch, record_usage
from app.operations.usage.totals import prove_totals

__all__ = [
    "MALFORMED",
    "MeteredEvent",
    "UsageCorrected",
    "UsageFault",
    "UsageRecorded",
    "UsageRejection",
    "correct_usage",
    "make_months",
    "monthly_usage",
    "prove_totals",
    "record_batch",
    "record_usage",
]
