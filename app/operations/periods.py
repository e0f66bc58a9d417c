"""Validates a month that a caller names by its first day."""

from collections.abc import Iterator
from datetime import date

from app.billing import InputFault, Period
from app.operations.calls import validation
from app.operations.calls.context import Context


def month_faults(period_start: date | None) -> Iterator[InputFault]:
    yield from validation.day("period_start", period_start)
    if period_start is not None and period_start.day != 1:
        yield InputFault(("period_start",), "must be the first day of a month")


def month_of(context: Context, period_start: date | None) -> Period:
    """Returns the requested month, or the current one. Raises VALIDATION_FAILED."""
    validation.refuse(month_faults(period_start))
    zone = context.settings.billing_time_zone
    return Period.holding(context.clock(), zone) if period_start is None else Period(period_start, zone)
