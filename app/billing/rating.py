"""One subscription's month: its billable days, the plan versions they fall to, and what each of those charges."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from app.billing.charges import OverageCharge, PriceCharge, Share
from app.billing.inputs import PlanInForce, QuoteHeader, SubscriptionInputs
from app.billing.lines import Line, LineKind
from app.billing.money import ZERO, Ratio, add, decimal_text, fma, multiply, round_half_away, subtract, to_decimal
from app.billing.period import Period, billable_days
from app.billing.pricing import price
from app.billing.terms import AddonTerms, Aggregation, PlanTerms, Proration, ResourceTerms
from app.billing.usage import Usage

_ONE = Decimal(1)
_UNUSED = Ratio(ZERO)


class ResourceUsage(NamedTuple):
    """One kind's month: all its usage, the part on billable days, what is included and what is over and charged."""

    resource_kind: str
    quantity: Decimal
    used_quantity: Decimal
    included_quantity: Decimal
    overage_quantity: Decimal


class UnpricedUsage(NamedTuple):
    """Usage on billable days of a kind that the plan in force does not know: billed nothing, reported."""

    resource_kind: str
    quantity: Decimal


class _Segment(NamedTuple):
    """The billable days that one plan version is charged for."""

    terms: PlanTerms
    days: Sequence[date]
    share: Share


class _Allowance(NamedTuple):
    """What was used and what is included, both over one denominator."""

    used: Decimal
    included: Decimal
    denominator: int


def rate_subscription(header: QuoteHeader, subscription: SubscriptionInputs) -> list[Line]:
    """One subscription's lines without tax, in order: bases, add-ons by attach time, overage by resource kind.

    Raises ValueError for inputs that contradict themselves: a billable day without a plan version, another currency,
    usage outside the period, of one kind twice or aggregated otherwise than the plan says.
    """
    segments = _segments(header, subscription)
    if not segments:
        return []
    lines = [_base_line(subscription, segment) for segment in segments]
    lines += _addon_lines(subscription, segments)
    lines += _overage_lines(header.period, subscription, segments)
    return lines


def resource_usage(header: QuoteHeader, subscription: SubscriptionInputs) -> list[ResourceUsage]:
    """Every kind that was used or that a charged plan version prices, by kind, over the whole month."""
    period, usage = header.period, _usage_by_kind(subscription)
    segments = _segments(header, subscription)
    kinds = {resource.resource_kind for segment in segments for resource in segment.terms.resources}
    return [
        _resource_usage(period, subscription, segments, kind, usage.get(kind)) for kind in sorted(kinds | usage.keys())
    ]


def _resource_usage(
    period: Period, subscription: SubscriptionInputs, segments: Sequence[_Segment], kind: str, usage: Usage | None
) -> ResourceUsage:
    used = included = over = ZERO
    for segment in segments:
        resource = segment.terms.resource(kind)
        if resource is None:
            continue
        part = _allowance(period, subscription, segment, resource, usage)
        # A flow adds up over the segments of a month; of a level, the highest is the month's.
        join = max if resource.aggregation is Aggregation.MAX else add
        used = join(used, to_decimal(Ratio(part.used, part.denominator)))
        included = join(included, to_decimal(Ratio(part.included, part.denominator)))
        over = join(over, to_decimal(Ratio(max(subtract(part.used, part.included), ZERO), part.denominator)))
    quantity = to_decimal(usage.used(period, period.days)) if usage is not None else ZERO
    return ResourceUsage(kind, quantity, used, included, over)


def unpriced_usage(header: QuoteHeader, subscription: SubscriptionInputs) -> list[UnpricedUsage]:
    """Usage of kinds the plan does not know, by kind; each kind's part on the days of versions that do not know it."""
    plans = [plan.terms for plan in subscription.plans]
    if all(terms.resource(usage.resource_kind) for terms in plans for usage in subscription.usage):
        return []
    segments = _segments(header, subscription)
    unpriced = []
    for kind, usage in sorted(_usage_by_kind(subscription).items()):
        days = [day for segment in segments if segment.terms.resource(kind) is None for day in segment.days]
        if days and (used := to_decimal(usage.used(header.period, days))):
            unpriced.append(UnpricedUsage(kind, used))
    return unpriced


def _segments(header: QuoteHeader, subscription: SubscriptionInputs) -> list[_Segment]:
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
    return [_Segment(terms, part, Share(len(part), len(period.days), prorated)) for terms, part in parts]


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


def _base_line(subscription: SubscriptionInputs, segment: _Segment) -> Line:
    terms = segment.terms
    charge = PriceCharge(terms.base_price_cents, segment.share)
    return Line(
        key=f"{subscription.slug}/base/{terms.plan}@{terms.version}",
        kind=LineKind.PLAN_BASE,
        description=f"Plan: {terms.plan} v{terms.version}",
        resource_kind=None,
        quantity=_ONE,
        unit_price_cents=Decimal(terms.base_price_cents),
        amount_cents=charge.rounded_cents(),
        deployment_id=subscription.deployment_id,
        subscription_id=subscription.subscription_id,
        addon_id=None,
        charge=charge,
    )


def _addon_lines(subscription: SubscriptionInputs, segments: Sequence[_Segment]) -> Iterator[Line]:
    for addon in sorted(subscription.addons, key=attrgetter("attached_at", "id")):
        days = sum(_days_attached(addon, segment) for segment in segments)
        if not days:
            continue
        _, period_days, prorated = segments[0].share
        charge = PriceCharge(addon.price_cents, Share(days, period_days, prorated))
        yield Line(
            key=f"{subscription.slug}/addon/{addon.id}",
            kind=LineKind.ADDON,
            description=f"Addon: {addon.code}",
            resource_kind=addon.resource_kind,
            quantity=_ONE,
            unit_price_cents=Decimal(addon.price_cents),
            amount_cents=charge.rounded_cents(),
            deployment_id=subscription.deployment_id,
            subscription_id=subscription.subscription_id,
            addon_id=addon.id,
            charge=charge,
        )


def _overage_lines(period: Period, subscription: SubscriptionInputs, segments: Sequence[_Segment]) -> Iterator[Line]:
    usage = _usage_by_kind(subscription)
    if not usage:
        return
    priced = [(resource, segment) for segment in segments for resource in segment.terms.resources]
    priced.sort(key=lambda pair: pair[0].resource_kind)
    for resource, segment in priced:
        metered = usage.get(resource.resource_kind)
        if metered is None:
            continue
        used, included, denominator = _allowance(period, subscription, segment, resource, metered)
        if used <= included:
            continue
        quantity = Ratio(subtract(used, included), denominator)
        slices, share = price(resource, quantity), segment.share
        if resource.aggregation is not Aggregation.MAX:
            share = share.unprorated()
        charge = OverageCharge(resource, metered, period, segment.days, used, included, quantity, slices, share)
        yield _overage_line(subscription, segment.terms, charge)


def _overage_line(subscription: SubscriptionInputs, terms: PlanTerms, charge: OverageCharge) -> Line:
    kind, quantity = charge.resource.resource_kind, to_decimal(charge.quantity)
    return Line(
        key=f"{subscription.slug}/overage/{kind}/{terms.plan}@{terms.version}",
        kind=LineKind.OVERAGE,
        description=f"{decimal_text(quantity)} over {decimal_text(charge.shown(charge.included))} included",
        resource_kind=kind,
        quantity=quantity,
        unit_price_cents=charge.slices[-1].tier.unit_price_cents,
        amount_cents=round_half_away(charge.exact_cents()),
        deployment_id=subscription.deployment_id,
        subscription_id=subscription.subscription_id,
        addon_id=None,
        charge=charge,
    )


def _allowance(
    period: Period, subscription: SubscriptionInputs, segment: _Segment, resource: ResourceTerms, usage: Usage | None
) -> _Allowance:
    """What a segment used and what it includes: of a level the allowances in full, of a flow their share."""
    kind = resource.resource_kind
    if usage is not None and usage.aggregation is not resource.aggregation:
        raise ValueError(f"{kind} is metered as {usage.aggregation} but priced as {resource.aggregation}")
    used = usage.used(period, segment.days) if usage is not None else _UNUSED
    share = segment.share if resource.aggregation is not Aggregation.MAX else segment.share.unprorated()
    grants = [
        (addon.quantity, days)
        for addon in subscription.addons
        if addon.resource_kind == kind and (days := _days_attached(addon, segment))
    ]
    if share.prorated and all(
        days == share.period_days for days in (share.billable_days, *[days for _, days in grants])
    ):
        share = share.unprorated()  # all of the month: the same, with nothing to divide
    included = (
        resource.included_quantity if not share.prorated else multiply(resource.included_quantity, share.numerator)
    )
    for quantity, days in grants:
        included = fma(quantity, days if share.prorated else 1, included)
    return _Allowance(
        used=used.numerator if not share.prorated else multiply(used.numerator, share.denominator),
        included=included if used.denominator == 1 else multiply(included, used.denominator),
        denominator=used.denominator * share.denominator,
    )


def _days_attached(addon: AddonTerms, segment: _Segment) -> int:
    return len(segment.days) - bisect_left(segment.days, addon.attached_on)


def _usage_by_kind(subscription: SubscriptionInputs) -> Mapping[str, Usage]:
    usage = {usage.resource_kind: usage for usage in subscription.usage}
    if len(usage) != len(subscription.usage):
        raise ValueError(f"{subscription.slug} has usage of one kind twice")
    return usage
