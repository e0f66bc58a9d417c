"""Divides a month's billable days by plan version for the base prices, and by equal usage terms for each kind."""

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
    """The billable days on which one resource kind has the same terms, in one or more plan versions; they are rated
    together.

    terms: the version of the group's first day.
    """

    resource: ResourceTerms
    terms: PlanTerms
    days: Sequence[date]
    share: MonthShare


class Allowance(NamedTuple):
    """The used and the included quantity of a group, over a common denominator."""

    used: Decimal
    included: Decimal
    denominator: int


def segments_of(header: QuoteHeader, subscription: SubscriptionInputs) -> list[Segment]:
    """Returns a segment for each plan version with billable days, in order of their first days.

    The version of the last billable day decides whether the month is prorated. With NONE, that version is charged for
    the whole month. With DAILY, every version is charged for its days, even one whose own proration is NONE.
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
    """Groups the billable days by resource kind and equal usage terms. Groups of one kind are in order of their first
    days.
    """
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
    resource, first = parts[0]  # The segments are in order of their first days, so the first part has the first day.
    days = sorted(chain.from_iterable(segment.days for _, segment in parts))
    return UsageGroup(resource, first.terms, days, first.share._replace(billable_days=len(days)))


def allowance(period: Period, subscription: SubscriptionInputs, group: UsageGroup, usage: Usage | None) -> Allowance:
    """Returns the used and the included quantity of a group of days. For MAX kinds an allowance counts in full,
    otherwise in proportion to its days of the month.
    """
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
    """Counts the given days, in order, on which the add-on was attached: from attached_on to detached_on, both
    included.
    """
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
