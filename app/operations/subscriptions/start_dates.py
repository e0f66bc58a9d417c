"""The day from which a subscription or add-on is billed, and who may choose it."""

from datetime import date

from app.billing.period import ONE_DAY
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal

CONFIRMED_FROM_MONTHS = 3
"""A start more months ago than this must be confirmed: it may be a mistyped year."""


def billed_from(context: Context, requested: date | None, default: date, path: tuple[str, ...]) -> date:
    """Returns the first day to bill: the requested one, or the default if none is requested. Raises PERMISSION_DENIED
    if the caller may not choose a day.
    """
    if requested is None or requested == default:
        return default
    authorise(context, Action.CHOOSE_BILLING_DAYS, path)
    return requested


def require_confirmation(first_day: date, today: date, path: tuple[str, ...]) -> None:
    """Raises CONFIRMATION_REQUIRED if the start is more than three months ago."""
    if first_day < _months_before(today, CONFIRMED_FROM_MONTHS):
        message = (
            f"{path[-1]} {first_day} is more than {CONFIRMED_FROM_MONTHS} months before today: every month since then "
            "will be billed; set confirmBackdating to true if that is intended"
        )
        raise Refusal(ProblemCode.CONFIRMATION_REQUIRED, message, path)


def _months_before(day: date, months: int) -> date:
    """Returns the same day `months` earlier, or the last day of that month if it has no such day."""
    year, month = divmod(12 * day.year + day.month - 1 - months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - ONE_DAY).day))
