"""The running month: cut off now (month to date) or carried on to its end (forecast). Both yield inputs to rate."""

from datetime import datetime

from app.billing.inputs import SubscriptionInputs
from app.billing.period import Period


def month_to_date(subscription: SubscriptionInputs, period: Period, now: datetime) -> SubscriptionInputs:
    """The subscription as if the month ended now."""
    raise NotImplementedError


def carried_on(subscription: SubscriptionInputs, period: Period, now: datetime) -> SubscriptionInputs:
    """The subscription with its usage until now carried on linearly to the month's end."""
    raise NotImplementedError
