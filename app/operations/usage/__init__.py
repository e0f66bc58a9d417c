"""Usage: metered events, kept once each, and their totals by day."""

from app.operations.usage.events import MeteredEvent, UsageFault, UsageRejection
from app.operations.usage.months import monthly_usage
from app.operations.usage.partitions import make_months
from app.operations.usage.record import UsageRecorded, record_batch, record_usage
from app.operations.usage.totals import Difference, prove_totals

__all__ = [
    "Difference",
    "MeteredEvent",
    "UsageFault",
    "UsageRecorded",
    "UsageRejection",
    "make_months",
    "monthly_usage",
    "prove_totals",
    "record_batch",
    "record_usage",
]
