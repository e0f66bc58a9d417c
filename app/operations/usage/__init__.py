"""Usage: metered events, kept once each, and their totals by day."""

from app.operations.usage.events import MeteredEvent, UsageFault, UsageRejection
from app.operations.usage.months import monthly_usage
from app.operations.usage.record import UsageRecorded, record_batch, record_usage

__all__ = [
    "MeteredEvent",
    "UsageFault",
    "UsageRecorded",
    "UsageRejection",
    "monthly_usage",
    "record_batch",
    "record_usage",
]
