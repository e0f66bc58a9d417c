"""How a month divides: its billable days by plan version for the bases, and by equal usage terms for each kind."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from app.billing.charges import MonthShare
from app.billing.inputs import PlanInForce, QuoteHeader, SubscriptionInputs
from app.billing.money import ZERO, Ratio, add, fma, multiply
from app.billing.period import Period, billable_days
from app.billing.terms import AddonTerms, Aggregation, PlanTerms, Proration, ResourceTerms
from app.billing.usage import Usage

_UNUSED = Ratio(ZERO)


class Segment(NamedTuple):
    """The billable days that one plan version is charged for."""

    terms: PlanTerms
    days: Sequence[date]
    share: MonthShare


class UsageGroup(NamedTuple):
    """The billable days on which one kind has the same terms, whatever versions they belong to; rated once.

    terms: the version of the group's first day.
    """

    resource: ResourceTerms
    terms: PlanTerms
    days: Sequence[date]
    share: MonthShare


class Allowance(NamedTuple):
    """What was used and what is included, both over one denominator."""

    used: Decimal
    included: Decimal
    denominator: int


def segments_of(header: QuoteHeader, subscription: SubscriptionInputs) -> list[Segment]:
    """One a plan version, in order of their first days; none without a billable day.

    The version of the last billable day says whether the month is prorated: under NONE it is charged for the whole
    month, under DAILY every version is charged for its days, even one that by itself would not be prorated.
    """
    period = header.period
    days = billable_days(period, subscription.active_spans, subscription.trial_ends_at)
    if not days:
        return []
    if not subscription.plans or subscription.plans[0].first_day > days[0]:
        raise ValueError(f"no plan version is in force on {days[0]}")
    last = _in_force(subscription.plans, days[-1])
    prorated = last.proration is Proration.DAILY
    parts = _days_by_version(subscription.plans, days) if prorated else [(last, days)]
    if any(terms.currency != header.currency for terms, _ in parts):
        raise ValueError(f"{subscription.slug} has a plan in another currency than {header.currency}")
    return [Segment(terms, part, MonthShare(len(part), len(period.days), prorated)) for terms, part in parts]


def usage_groups(segments: Sequence[Segment]) -> list[UsageGroup]:
    """By resource kind; the groups of one kind in order of their first days."""
    if len(segments) == 1:
        [(terms, days, share)] = segments
        return [UsageGroup(resource, terms, days, share) for resource in terms.resources_by_kind]
    parts_by_terms: dict[tuple[str, tuple[object, ...]], list[tuple[ResourceTerms, Segment]]] = {}
    for segment in segments:
        for resource in segment.terms.resources:
            parts_by_terms.setdefault((resource.resource_kind, resource.pricing), []).append((resource, segment))
    groups = [_group(parts) for parts in parts_by_terms.values()]
    return sorted(groups, key=lambda group: (group.resource.resource_kind, group.days[0]))


def _group(parts: Sequence[tuple[ResourceTerms, Segment]]) -> UsageGroup:
    resource, first = parts[0]  # as the segments are in order of their first days
    days = sorted(chain.from_iterable(segment.days for _, segment in parts))
    return UsageGroup(resource, first.terms, days, first.share._replace(billable_days=len(days)))


def allowance(period: Period, subscription: SubscriptionInputs, group: UsageGroup, usage: Usage | None) -> Allowance:
    """What a group used and what it includes: under MAX the allowances in full, otherwise their share."""
    resource, _, group_days, share = group
    kind = resource.resource_kind
    if usage is not None and usage.aggregation is not resource.aggregation:
        raise ValueError(f"{kind} is metered as {usage.aggregation} but priced as {resource.aggregation}")
    used = usage.used(period, group_days) if usage is not None else _UNUSED
    if resource.aggregation is Aggregation.MAX:
        share = share.unprorated()
    grants = [
        (addon.quantity, days)
        for addon in subscription.addons
        if addon.resource_kind == kind and (days := days_attached(addon, group_days))
    ]
    if not share.prorated or all(
        days == share.period_days for days in (share.billable_days, *[days for _, days in grants])
    ):  # nothing to divide
        included = resource.included_quantity
        for quantity, _ in grants:
            included = add(included, quantity)
        if used.denominator == 1:
            return Allowance(used.numerator, included, 1)
        return Allowance(used.numerator, multiply(included, used.denominator), used.denominator)
    included = multiply(resource.included_quantity, share.billable_days)
    for quantity, days in grants:
        included = fma(quantity, days, included)
    return Allowance(
        used=multiply(used.numerator, share.period_days),
        included=multiply(included, used.denominator),
        denominator=used.denominator * share.period_days,
    )


def days_attached(addon: AddonTerms, days: Sequence[date]) -> int:
    """How many of the days, in order, the add-on was attached for: from attached_on to detached_on, both included."""
    last = addon.detached_on
    end = len(days) if last is None else bisect_right(days, last)
    return max(end - bisect_left(days, addon.attached_on), 0)


def _days_by_version(
    plans: Sequence[PlanInForce], days: Sequence[date]
) -> Collection[tuple[PlanTerms, Sequence[date]]]:
    if len(plans) == 1:
        return [(plans[0].terms, days)]
    parts: dict[tuple[str, int], tuple[PlanTerms, list[date]]] = {}
    for day in days:
        terms = _in_force(plans, day)
        _, part = parts.setdefault(terms.identity, (terms, []))
        part.append(day)
    return parts.values()


def _in_force(plans: Sequence[PlanInForce], day: date) -> PlanTerms:
    return next(plan.terms for plan in reversed(plans) if plan.first_day <= day)
