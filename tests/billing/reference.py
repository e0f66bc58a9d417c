"""An independent rating: the text of the billing rules in Fractions, day by day, with no thought of speed.

It shares no function with app/billing beyond the values that are rated; even which instant begins a day is its own.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from zoneinfo import ZoneInfo

from app.billing import (
    AddonTerms,
    Aggregation,
    ChargeTerms,
    LevelStream,
    LevelUsage,
    MaxUsage,
    Period,
    PlanTerms,
    PriceModel,
    Proration,
    QuoteHeader,
    QuoteInputs,
    ResourceTerms,
    SubscriptionInputs,
    SumUsage,
    Usage,
)

HOUR = 3_600_000_000
ShareOf = Callable[[list[date]], Fraction]


def quoted(inputs: QuoteInputs) -> dict[str, int]:
    """Amounts of a quote's lines by their keys, without tax."""
    lines: dict[str, int] = {}
    for subscription in inputs.subscriptions:
        lines |= amounts(inputs.header, subscription)
    for slug, _, charge in inputs.charges.charges if inputs.charges else ():
        lines |= _adjustments("" if slug is None else f"{slug}/", [charge])
    return lines


def amounts(header: QuoteHeader, subscription: SubscriptionInputs) -> dict[str, int]:
    """Amounts of a subscription's lines by their keys."""
    prefix = f"{subscription.slug}/"
    lines = {f"{prefix}{key}": cents for key, cents in _metered(header.period, subscription).items()}
    return lines | _adjustments(prefix, subscription.charges)


def _metered(period: Period, subscription: SubscriptionInputs) -> dict[str, int]:
    billable = [day for day in period.days if _is_billable(day, period, subscription)]
    if not billable:
        return {}
    daily = _version_on(billable[-1], subscription).proration is Proration.DAILY
    version_of = {day: _version_on(day if daily else billable[-1], subscription) for day in billable}

    def share(days: list[date]) -> Fraction:
        return Fraction(len(days), len(period.days)) if daily else Fraction(bool(days))

    lines: dict[str, int] = {}
    for addon in subscription.addons:
        if days := _attached(addon, billable):
            lines[f"addon/{addon.id}"] = _round(addon.price_cents * share(days))
    bases: dict[str, list[date]] = {}
    for day, terms in version_of.items():
        bases.setdefault(_name(terms), []).append(day)
    price_of = {_name(terms): terms.base_price_cents for terms in version_of.values()}
    lines |= _cumulatively({f"base/{name}": price_of[name] * share(days) for name, days in bases.items()})
    for kind in sorted({resource.resource_kind for terms in version_of.values() for resource in terms.resources}):
        lines |= _cumulatively(_overage(kind, version_of, share, period, subscription))
    return lines


def _overage(
    kind: str, version_of: dict[date, PlanTerms], share: ShareOf, period: Period, subscription: SubscriptionInputs
) -> dict[str, Fraction]:
    """Exact amounts of one kind, in order of first day: each group of days with equal terms is rated once."""
    groups: list[tuple[ResourceTerms, PlanTerms, list[date]]] = []
    for day, terms in version_of.items():
        for resource in terms.resources:
            if resource.resource_kind == kind:
                for of_group, _, days in groups:
                    if _same_terms(of_group, resource):
                        days.append(day)
                        break
                else:
                    groups.append((resource, terms, [day]))
    exact: dict[str, Fraction] = {}
    for resource, first, days in groups:
        used = _used(kind, days, period, subscription)
        if (over := used - _included(resource, days, subscription, share)) > 0:
            factor = share(days) if resource.aggregation is Aggregation.MAX else 1
            exact[f"overage/{kind}/{_name(first)}"] = _price(resource, over) * factor
    return exact


def _same_terms(one: ResourceTerms, other: ResourceTerms) -> bool:
    return (
        one.aggregation is other.aggregation
        and one.included_quantity == other.included_quantity
        and one.price_model is other.price_model
        and one.tiers == other.tiers
        and one.package_size == other.package_size
    )


def _cumulatively(exact: dict[str, Fraction]) -> dict[str, int]:
    """Each amount is the rounded running total minus the one before."""
    return {
        key: _round(sum(list(exact.values())[: n + 1], Fraction())) - _round(sum(list(exact.values())[:n], Fraction()))
        for n, key in enumerate(exact)
    }


def _round(exact: Fraction) -> int:
    """Rounds an amount that is not negative to the nearest integer, halves up."""
    return floor(exact + Fraction(1, 2))


def _name(terms: PlanTerms) -> str:
    return f"{terms.plan}@{terms.version}"


def _adjustments(prefix: str, charges: Sequence[ChargeTerms]) -> dict[str, int]:
    taken = {
        f"{prefix}charge/{charge.id}": charge.net_cents if charge.taken_cents is None else charge.taken_cents
        for charge in charges
    }
    return {key: cents for key, cents in taken.items() if cents}


def _included(resource: ResourceTerms, days: list[date], subscription: SubscriptionInputs, share: ShareOf) -> Fraction:
    grants = [(resource.included_quantity, share(days))]
    grants += [
        (addon.quantity, share(_attached(addon, days)))
        for addon in subscription.addons
        if addon.resource_kind == resource.resource_kind
    ]
    if resource.aggregation is Aggregation.MAX:  # in full on any fraction above 0
        grants = [(quantity, Fraction(ceil(part))) for quantity, part in grants]
    return sum((Fraction(quantity) * part for quantity, part in grants), Fraction())


def _is_billable(day: date, period: Period, subscription: SubscriptionInputs) -> bool:
    trial = subscription.trial_ends_at
    active = any(first <= day and (last is None or day <= last) for first, last in subscription.active_spans)
    return active and (trial is None or trial.astimezone(period.zone).date() <= day)


def _version_on(day: date, subscription: SubscriptionInputs) -> PlanTerms:
    return [terms for first, terms in subscription.plans if first <= day][-1]


def _attached(addon: AddonTerms, days: list[date]) -> list[date]:
    last = addon.detached_on or date.max
    return [day for day in days if addon.attached_on <= day <= last]


def _used(kind: str, days: list[date], period: Period, subscription: SubscriptionInputs) -> Fraction:
    usage: Usage | None = next((u for u in subscription.usage if u.resource_kind == kind), None)
    match usage:
        case None:
            return Fraction()
        case SumUsage():
            return sum((Fraction(row.quantity) for row in usage.days if row.date in days), Fraction())
        case MaxUsage():
            by_day = [
                sum(
                    (Fraction(r.quantity) for stream in usage.streams for r in stream.days if r.date == day), Fraction()
                )
                for day in days
            ]
            return max(by_day, default=Fraction())
        case LevelUsage():
            levels = (_unit_hours(stream, day, period.zone) for stream in usage.streams for day in days)
            return sum(levels, Fraction())


def _unit_hours(stream: LevelStream, day: date, zone: ZoneInfo) -> Fraction:
    level = Fraction([stream.carried_level, *(row.last_level for row in stream.days if row.date < day)][-1])
    begins, ends = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    for row in stream.days:
        if row.date == day:
            return (level * _microseconds(begins, row.first_at) + Fraction(row.level_microseconds)) / HOUR
    return level * _microseconds(begins, ends) / HOUR


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _microseconds(start: datetime, end: datetime) -> int:
    return (end - start) // timedelta(microseconds=1)


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
