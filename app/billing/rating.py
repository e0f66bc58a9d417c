"""Rates one subscription's month into lines, and the one-off charges that belong to no subscription."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from app.billing.charges import MonthShare, OneOffCharge, OverageCharge, PriceCharge
from app.billing.inputs import ChargeInputs, QuoteHeader, SubscriptionInputs
from app.billing.lines import Line, LineKind
from app.billing.money import Ratio, round_cumulatively, round_half_away, storable_cents, subtract, to_decimal
from app.billing.period import Period
from app.billing.pricing import price
from app.billing.segments import Segment, UsageGroup, allowance, days_attached, segments_of, usage_groups
from app.billing.terms import Aggregation, ChargeTerms, PlanTerms
from app.billing.usage import Usage

_ONE = Decimal(1)

Rater = Callable[[QuoteHeader, SubscriptionInputs], list[Line]]


def rate_subscription(header: QuoteHeader, subscription: SubscriptionInputs) -> list[Line]:
    """Returns one subscription's lines without tax: base prices, add-ons by attach time, overage by resource kind,
    adjustments.

    Raises ValueError for inputs that contradict each other: a billable day without a plan version, another currency,
    usage or a charge outside the period, two entries of usage of one kind, or an aggregation other than the plan's.
    Raises AmountTooLarge for a line that does not fit 64 bits.
    """
    return _RATERS[header.rules_version](header, subscription)


def rate_charges(header: QuoteHeader, charges: ChargeInputs) -> list[Line]:
    """Returns the lines of the one-off charges without a subscription. Raises ValueError for a charge outside the
    period.
    """
    return [
        line
        for slug, deployment_id, charge in charges.charges
        for line in _adjustment_lines(header.period, slug, deployment_id, None, (charge,))
    ]


def _rate_subscription(header: QuoteHeader, subscription: SubscriptionInputs) -> list[Line]:
    lines: list[Line] = []
    if segments := segments_of(header, subscription):
        lines += _base_lines(subscription, segments)
        lines += _addon_lines(subscription, segments)
        lines += _overage_lines(header.period, subscription, segments)
    if subscription.charges:
        lines += _adjustment_lines(
            header.period,
            subscription.slug,
            subscription.deployment_id,
            subscription.subscription_id,
            sorted(subscription.charges, key=attrgetter("id")),
        )
    return lines


_RATERS: Mapping[int, Rater] = {1: _rate_subscription}
"""The rating function of each rules version. A change of the rules after the first release adds an entry, so that a
month that was already rated keeps its amounts.
"""


def _base_lines(subscription: SubscriptionInputs, segments: Sequence[Segment]) -> list[Line]:
    charges = [PriceCharge(segment.terms.base_price_cents, segment.share) for segment in segments]
    if len(charges) == 1:
        return [_base_line(subscription, segments[0].terms, charges[0], charges[0].rounded_cents())]
    amounts = round_cumulatively(charge.exact_cents() for charge in charges)
    return [
        _base_line(subscription, segment.terms, charge, cents)
        for segment, charge, cents in zip(segments, charges, amounts, strict=True)
    ]


def _base_line(subscription: SubscriptionInputs, terms: PlanTerms, charge: PriceCharge, cents: int) -> Line:
    key = f"{subscription.slug}/base/{terms.plan}@{terms.version}"
    return Line(
        key=key,
        kind=LineKind.PLAN_BASE,
        description=f"Plan: {terms.plan} v{terms.version}{charge.share.days_text()}",
        resource_kind=None,
        quantity=_ONE,
        unit_price_cents=Decimal(terms.base_price_cents),
        amount_cents=storable_cents(key, cents),
        deployment_id=subscription.deployment_id,
        subscription_id=subscription.subscription_id,
        addon_id=None,
        charge=charge,
    )


def _addon_lines(subscription: SubscriptionInputs, segments: Sequence[Segment]) -> Iterator[Line]:
    for addon in sorted(subscription.addons, key=attrgetter("attached_at", "id")):
        days = sum([days_attached(addon, segment.days) for segment in segments])
        if not days:
            continue
        _, period_days, prorated = segments[0].share
        share = MonthShare(days, period_days, prorated)
        charge = PriceCharge(addon.price_cents, share)
        key = f"{subscription.slug}/addon/{addon.id}"
        yield Line(
            key=key,
            kind=LineKind.ADDON,
            description=f"Addon: {addon.code}{share.days_text()}",
            resource_kind=addon.resource_kind,
            quantity=_ONE,
            unit_price_cents=Decimal(addon.price_cents),
            amount_cents=storable_cents(key, charge.rounded_cents()),
            deployment_id=subscription.deployment_id,
            subscription_id=subscription.subscription_id,
            addon_id=addon.id,
            charge=charge,
        )


def _overage_lines(period: Period, subscription: SubscriptionInputs, segments: Sequence[Segment]) -> list[Line]:
    usage = subscription.usage_by_kind()
    groups = [group for group in usage_groups(segments) if group.resource.resource_kind in usage] if usage else []
    charges = [
        charge
        for group in groups
        if (charge := _overage_charge(period, subscription, group, usage[group.resource.resource_kind]))
    ]
    if len(segments) == 1:
        amounts = [round_half_away(charge.exact_cents()) for charge in charges]
    else:
        amounts = [
            cents
            for _, series in groupby(charges, lambda charge: charge.resource.resource_kind)
            for cents in round_cumulatively(charge.exact_cents() for charge in series)
        ]
    return [_overage_line(subscription, charge, cents) for charge, cents in zip(charges, amounts, strict=True)]


def _overage_charge(
    period: Period, subscription: SubscriptionInputs, group: UsageGroup, usage: Usage
) -> OverageCharge | None:
    used, included, denominator = allowance(period, subscription, group, usage)
    if used <= included:
        return None
    resource, terms, days, share = group
    quantity = Ratio(subtract(used, included), denominator)
    if resource.aggregation is not Aggregation.MAX:
        share = share.unprorated()
    slices = price(resource, quantity)
    return OverageCharge(resource, terms, usage, period, days, used, included, quantity, slices, share)


def _overage_line(subscription: SubscriptionInputs, charge: OverageCharge, cents: int) -> Line:
    kind, terms = charge.resource.resource_kind, charge.terms
    key = f"{subscription.slug}/overage/{kind}/{terms.plan}@{terms.version}"
    return Line(
        key=key,
        kind=LineKind.OVERAGE,
        description=charge.description(),
        resource_kind=kind,
        quantity=to_decimal(charge.quantity),
        unit_price_cents=charge.slices[-1].tier.unit_price_cents,
        amount_cents=storable_cents(key, cents),
        deployment_id=subscription.deployment_id,
        subscription_id=subscription.subscription_id,
        addon_id=None,
        charge=charge,
    )


def _adjustment_lines(
    period: Period,
    slug: str | None,
    deployment_id: str | None,
    subscription_id: str | None,
    charges: Sequence[ChargeTerms],
) -> Iterator[Line]:
    """Yields one line per charge; none for a credit of which nothing is applied."""
    for terms in charges:
        if not period.start <= terms.charged_on < period.end:
            raise ValueError(
                f"charge {terms.id} of {terms.charged_on} is outside the period from {period.start}; "
                "it belongs on the invoice of its own month"
            )
        cents = terms.billed_cents
        if not cents:
            continue
        key = f"charge/{terms.id}" if slug is None else f"{slug}/charge/{terms.id}"
        yield Line(
            key=key,
            kind=LineKind.ADJUSTMENT,
            description=terms.description,
            resource_kind=None,
            quantity=_ONE,
            unit_price_cents=Decimal(cents),
            amount_cents=storable_cents(key, cents),
            deployment_id=deployment_id,
            subscription_id=subscription_id,
            addon_id=None,
            charge=OneOffCharge(terms),
            charge_id=terms.id,
        )
