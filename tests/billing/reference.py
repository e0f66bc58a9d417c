"""The rules read literally: one subscription's amounts in Fractions, day by day, with no thought of speed."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from app.billing import (
    AddonTerms,
    Aggregation,
    LevelUsage,
    Period,
    PlanTerms,
    PriceModel,
    Proration,
    QuoteHeader,
    ResourceTerms,
    SubscriptionInputs,
    Usage,
    day_of,
)
from app.billing.period import day_start, microseconds

HOUR = 3_600_000_000


def amounts(header: QuoteHeader, subscription: SubscriptionInputs) -> dict[str, int]:
    """Amounts by line key."""
    month = header.period.days
    billable = [day for day in month if _is_billable(day, header.period, subscription)]
    if not billable:
        return {}
    final = _version_on(billable[-1], subscription)
    daily = final.proration is Proration.DAILY
    segments: dict[PlanTerms, list[date]] = {}
    for day in billable:
        segments.setdefault(_version_on(day, subscription) if daily else final, []).append(day)

    def fraction(days: list[date]) -> Fraction:
        return Fraction(len(days), len(month)) if daily else Fraction(bool(days))

    lines: dict[str, Fraction] = {}
    for addon in subscription.addons:
        if days := _since_attached(addon, billable):
            lines[f"addon/{addon.id}"] = addon.price_cents * fraction(days)
    for terms, days in segments.items():
        version = f"{terms.plan}@{terms.version}"
        lines[f"base/{version}"] = terms.base_price_cents * fraction(days)
        for resource in terms.resources:
            used = _used(resource.resource_kind, days, header.period, subscription)
            if (over := used - _included(resource, days, subscription, fraction)) > 0:
                factor = fraction(days) if resource.aggregation is Aggregation.MAX else 1
                lines[f"overage/{resource.resource_kind}/{version}"] = _price(resource, over) * factor
    return {f"{subscription.slug}/{key}": floor(exact + Fraction(1, 2)) for key, exact in lines.items()}


def _included(
    resource: ResourceTerms,
    days: list[date],
    subscription: SubscriptionInputs,
    fraction: Callable[[list[date]], Fraction],
) -> Fraction:
    grants = [(resource.included_quantity, fraction(days))]
    grants += [
        (addon.quantity, fraction(_since_attached(addon, days)))
        for addon in subscription.addons
        if addon.resource_kind == resource.resource_kind
    ]
    if resource.aggregation is Aggregation.MAX:
        grants = [(quantity, Fraction(ceil(part))) for quantity, part in grants]
    return sum((Fraction(quantity) * part for quantity, part in grants), Fraction())


def _is_billable(day: date, period: Period, subscription: SubscriptionInputs) -> bool:
    trial = subscription.trial_ends_at
    active = any(first <= day and (last is None or day <= last) for first, last in subscription.active_spans)
    return active and (trial is None or day_of(trial, period.zone) <= day)


def _version_on(day: date, subscription: SubscriptionInputs) -> PlanTerms:
    return [terms for first, terms in subscription.plans if first <= day][-1]


def _since_attached(addon: AddonTerms, days: list[date]) -> list[date]:
    return [day for day in days if day >= addon.attached_on]


def _used(kind: str, days: list[date], period: Period, subscription: SubscriptionInputs) -> Fraction:
    usage: Usage | None = next((u for u in subscription.usage if u.resource_kind == kind), None)
    if usage is None:
        return Fraction()
    if isinstance(usage, LevelUsage):
        return sum((_unit_hours(usage, day, period) for day in days), Fraction())
    quantities = [Fraction(row.quantity) for row in usage.days if row.date in days]
    return max(quantities, default=Fraction()) if usage.aggregation is Aggregation.MAX else sum(quantities, Fraction())


def _unit_hours(usage: LevelUsage, day: date, period: Period) -> Fraction:
    level = Fraction([usage.carried_level, *(row.last_level for row in usage.days if row.date < day)][-1])
    following = [*period.days, period.end][period.days.index(day) + 1]
    for row in usage.days:
        if row.date == day:
            before = microseconds(day_start(day, period.zone), row.first_at)
            return (level * before + Fraction(row.level_microseconds)) / HOUR
    return level * microseconds(day_start(day, period.zone), day_start(following, period.zone)) / HOUR


def _price(resource: ResourceTerms, over: Fraction) -> Fraction:
    first = Fraction(resource.tiers[0].unit_price_cents)
    if resource.price_model is PriceModel.PER_UNIT:
        return over * first
    if resource.price_model is PriceModel.PACKAGE:
        return ceil(over / Fraction(resource.package_size or 1)) * first
    entered = [tier for n, tier in enumerate(resource.tiers) if n == 0 or over > (resource.tiers[n - 1].up_to or 0)]
    if resource.price_model is PriceModel.VOLUME:
        return over * Fraction(entered[-1].unit_price_cents) + entered[-1].flat_price_cents
    bounds = [Fraction(), *(Fraction(tier.up_to or 0) for tier in entered[:-1]), over]
    widths = [above - below for below, above in pairwise(bounds)]
    return sum(
        (
            width * Fraction(tier.unit_price_cents) + tier.flat_price_cents
            for width, tier in zip(widths, entered, strict=True)
        ),
        Fraction(),
    )
