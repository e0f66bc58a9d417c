"""Inputs as exact, deterministic text, back again, and their SHA-256."""

from app.billing.inputs import QuoteHeader, QuoteInputs, SubscriptionInputs
from app.billing.period import Period


def header_text(header: QuoteHeader) -> str:
    raise NotImplementedError


def parse_header(text: str) -> QuoteHeader:
    raise NotImplementedError


def subscription_text(subscription: SubscriptionInputs, period: Period) -> str:
    raise NotImplementedError


def parse_subscription(text: str, period: Period) -> SubscriptionInputs:
    raise NotImplementedError


class InputHash:
    """SHA-256 over the header's text and the subscriptions' in line order, one on a line, fed as they come."""

    def __init__(self, header: str) -> None:
        raise NotImplementedError

    def add(self, document: str) -> None:
        raise NotImplementedError

    def hexdigest(self) -> str:
        raise NotImplementedError


def input_hash(inputs: QuoteInputs) -> str:
    """The hash of inputs held whole."""
    raise NotImplementedError
