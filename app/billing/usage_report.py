"""Usage for display beside an invoice's lines: the month's usage of each resource kind, and the usage that no plan
version prices.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from app.billing.inputs import QuoteHeader, SubscriptionInputs
from app.billing.money import ZERO, Ratio, add, subtract, to_decimal
from app.billing.period import Period
from app.billing.segments import UsageGroup, allowance, segments_of, usage_groups
from app.billing.terms import Aggregation
from app.billing.usage import Usage


class ReportedUsage(NamedTuple):
    """One resource kind's month: all its usage, the part on billable days, the included quantity and the charged
    overage.
    """

    resource_kind: str
    quantity: Decimal
    used_quantity: Decimal
    included_quantity: Decimal
    overage_quantity: Decimal


class UnpricedQuantity(NamedTuple):
    """Usage on billable days of a kind that the plan version in force does not price: it is reported and not billed."""

    resource_kind: str
    quantity: Decimal


def resource_usage(header: QuoteHeader, subscription: SubscriptionInputs) -> list[ReportedUsage]:
    """Returns, by kind, the whole month's usage of every kind that was used or that a charged plan version prices."""
    period, usage = header.period, subscription.usage_by_kind()
    groups: dict[str, list[UsageGroup]] = {kind: [] for kind in usage}
    for group in usage_groups(segments_of(header, subscription)):
        groups.setdefault(group.resource.resource_kind, []).append(group)
    return [
        _resource_usage(period, subscription, kind, of_kind, usage.get(kind))
        for kind, of_kind in sorted(groups.items())
    ]


def _resource_usage(
    period: Period, subscription: SubscriptionInputs, kind: str, groups: Sequence[UsageGroup], usage: Usage | None
) -> ReportedUsage:
    used = included = overage = ZERO
    for group in groups:
        part = allowance(period, subscription, group, usage)
        # Amounts and unit-hours add up over the groups of a month; for readings, the month's highest counts.
        join = max if group.resource.aggregation is Aggregation.MAX else add
        used = join(used, to_decimal(Ratio(part.used, part.denominator)))
        included = join(included, to_decimal(Ratio(part.included, part.denominator)))
        overage = join(overage, to_decimal(Ratio(max(subtract(part.used, part.included), ZERO), part.denominator)))
    quantity = to_decimal(usage.used(period, period.days)) if usage is not None else ZERO
    return ReportedUsage(kind, quantity, used, included, overage)


def unpriced_usage(header: QuoteHeader, subscription: SubscriptionInputs) -> list[UnpricedQuantity]:
    """Returns, by kind, usage that the plan does not price: the part on the days of plan versions without that kind."""
    plans = [plan.terms for plan in subscription.plans]
    if all(terms.resource(usage.resource_kind) for terms in plans for usage in subscription.usage):
        return []
    segments = segments_of(header, subscription)
    unpriced = []
    for kind, usage in sorted(subscription.usage_by_kind().items()):
        days = [day for segment in segments if segment.terms.resource(kind) is None for day in segment.days]
        if days and (used := to_decimal(usage.used(header.period, days))):
            unpriced.append(UnpricedQuantity(kind, used))
    return unpriced
