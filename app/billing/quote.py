"""The one function that computes amounts, and the two it is made of, for a tenant too large to hold at once."""

from decimal import Decimal
from typing import NamedTuple

from app.billing.inputs import QuoteHeader, QuoteInputs, SubscriptionInputs
from app.billing.lines import Line, Quote


class ResourceUsage(NamedTuple):
    """One kind's month: all its usage, the part on billable days, what is included and what is over."""

    resource_kind: str
    quantity: Decimal
    used_quantity: Decimal
    included_quantity: Decimal
    overage_quantity: Decimal


class UnpricedUsage(NamedTuple):
    """Usage on billable days of a kind that the plan in force does not know: billed nothing, reported."""

    resource_kind: str
    quantity: Decimal


def quote(inputs: QuoteInputs) -> Quote:
    """Rate a tenant's month."""
    raise NotImplementedError


def rate_subscription(header: QuoteHeader, subscription: SubscriptionInputs) -> list[Line]:
    """One subscription's lines, in order, without tax."""
    raise NotImplementedError


def tax_lines(header: QuoteHeader, subtotal_cents: int) -> list[Line]:
    """The tenant-level lines, one a tax, on the sum of all other lines; none for an exempt tenant.

    A tenant without any other line has none either: do not ask for it.
    """
    raise NotImplementedError


def resource_usage(header: QuoteHeader, subscription: SubscriptionInputs) -> list[ResourceUsage]:
    """Every kind that the plan prices or that was used, by kind."""
    raise NotImplementedError


def unpriced_usage(header: QuoteHeader, subscription: SubscriptionInputs) -> list[UnpricedUsage]:
    raise NotImplementedError
