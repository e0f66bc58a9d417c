"""The net worth of a month, computed by brute force from the text of the billing rules: day by day, in Fractions.

It shares no code with the system under test, so that an error of the one is not an error of the other.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.lives.terms import Addon, Deployment, KindPrice, Plan, Reading, Subscription, Tenant

Worth = dict[str, int]  # cents by series: base, addon:<position>, overage:<kind>, charges


def worth_of_tenant(tenant: Tenant, month: date, zone: ZoneInfo) -> int:
    """Returns the net amount that a tenant must be billed for a month; 0 for a waived month."""
    if month in tenant.waived:
        return 0
    deployments = sum(sum(worth_of_deployment(deployment, month, zone).values()) for deployment in tenant.deployments)
    return deployments + sum(charge.cents for charge in tenant.charges if month_of(charge.day) == month)


def worth_of_deployment(deployment: Deployment, month: date, zone: ZoneInfo) -> Worth:
    """Returns the month's net amount for the deployment's subscription and charges."""
    worth = _worth_of_subscription(deployment, month, zone)
    if charges := [charge.cents for charge in deployment.charges if month_of(charge.day) == month]:
        worth["charges"] = sum(charges)
    return worth


class _Month(NamedTuple):
    """A month of one deployment. daily: whether it is prorated by days, as the plan of the last billable day says."""

    deployment: Deployment
    subscription: Subscription
    zone: ZoneInfo
    days_in_month: int
    billable: list[date]
    daily: bool

    def fraction(self, days: Sequence[date]) -> Fraction:
        return Fraction(len(days), self.days_in_month) if self.daily else Fraction(bool(days))


def _worth_of_subscription(deployment: Deployment, first: date, zone: ZoneInfo) -> Worth:
    subscription = deployment.subscription
    days = days_of_month(first)
    billable = [day for day in days if subscription is not None and is_billable(subscription, day, zone)]
    if subscription is None or not billable:
        return {}
    last = plan_on(subscription, billable[-1])
    daily = last.proration == "DAILY"
    month = _Month(deployment, subscription, zone, len(days), billable, daily)
    # Under NONE the whole month is rated on the version of the last billable day.
    plans = [(day, plan_on(subscription, day) if daily else last) for day in billable]
    worth = {"base": _bases(month, plans)}
    for position, addon in enumerate(subscription.addons):
        if attached := _attached(addon, billable):
            worth[f"addon:{position}"] = rounded(addon.price_cents * month.fraction(attached))
    groups: dict[KindPrice, list[date]] = {}
    for day, plan in plans:
        for price in plan.kinds:
            groups.setdefault(price, []).append(day)
    # The lines of one kind are rounded cumulatively: together they are the rounded exact sum.
    exact: dict[str, Fraction] = {}
    for price, group in groups.items():
        exact[price.kind] = exact.get(price.kind, Fraction(0)) + _overage(month, price, group)
    return worth | {f"overage:{kind}": cents for kind, amount in exact.items() if (cents := rounded(amount))}


def _bases(month: _Month, plans: list[tuple[date, Plan]]) -> int:
    by_version: dict[tuple[str, int], tuple[Plan, list[date]]] = {}
    for day, plan in plans:
        by_version.setdefault((plan.code, plan.version), (plan, []))[1].append(day)
    return rounded(sum((plan.base_cents * month.fraction(days) for plan, days in by_version.values()), Fraction(0)))


def _overage(month: _Month, price: KindPrice, days: list[date]) -> Fraction:
    """The exact charge for the days on which the kind has these terms."""
    grants = [(price.included, month.fraction(days))]
    grants += [
        (addon.quantity, month.fraction(_attached(addon, days)))
        for addon in month.subscription.addons
        if addon.kind == price.kind
    ]
    if price.aggregation == "MAX":
        included = sum((quantity for quantity, part in grants if part > 0), Fraction(0))
    else:
        included = sum((quantity * part for quantity, part in grants), Fraction(0))
    over = used(month.deployment, price.kind, price.aggregation, days, month.zone) - included
    if over <= 0:
        return Fraction(0)
    charge = price_of(price, over)
    return charge * month.fraction(days) if price.aggregation == "MAX" else charge


def _attached(addon: Addon, days: Sequence[date]) -> list[date]:
    return [day for day in days if addon.first_day <= day and (addon.last_day is None or day <= addon.last_day)]


def plan_on(subscription: Subscription, day: date) -> Plan:
    """The version in force on the day."""
    return [plan for first_day, plan in subscription.plans if first_day <= day][-1]


# Days


def month_of(day: date) -> date:
    return day.replace(day=1)


def next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def days_of_month(month: date) -> list[date]:
    return [month + timedelta(days=number) for number in range((next_month(month) - month).days)]


@lru_cache(maxsize=10_000)
def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the day in the zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def is_billable(subscription: Subscription, day: date, zone: ZoneInfo) -> bool:
    """Whether the day is billable: the subscription was active for some part of it, and the trial does not cover it.

    The day on which a trial ends is billable.
    """
    trial = subscription.trial_ends_at
    if trial is not None and day < local_day(trial, zone):
        return False
    first, end = start_of(day, zone), start_of(day + timedelta(days=1), zone)
    return any(max(since, first) < min(until, end) for since, until in _active(subscription, zone))


_NEVER = datetime.max.replace(tzinfo=UTC)


def _active(subscription: Subscription, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The half-open spans of time in which it was active."""
    starts_at = start_of(subscription.first_day, zone)
    moments = [(datetime.min.replace(tzinfo=UTC), subscription.active_at_first), *subscription.changes, (_NEVER, False)]
    for (since, is_active), (until, _) in pairwise(moments):
        if is_active and max(since, starts_at) < until:
            yield max(since, starts_at), until


# Usage


def used(deployment: Deployment, kind: str, aggregation: str, days: Sequence[date], zone: ZoneInfo) -> Fraction:
    """The usage that occurred on the days, aggregated."""
    readings = [reading for reading in deployment.readings if reading.kind == kind]
    if aggregation == "SUM":
        wanted = set(days)
        return sum((r.quantity for r in readings if local_day(r.at, zone) in wanted), Fraction(0))
    streams: dict[str | None, list[Reading]] = {}
    for reading in readings:
        ended_at = deployment.resource_ends.get(reading.resource) if reading.resource is not None else None
        if ended_at is None or reading.at < ended_at:
            streams.setdefault(reading.resource, []).append(reading)
    if aggregation == "MAX":
        return max((_sum_of_peaks(streams.values(), day, zone) for day in days), default=Fraction(0))
    ends = deployment.resource_ends
    return sum(
        (
            _unit_hours(stream, ends.get(resource) if resource is not None else None, day, zone)
            for resource, stream in streams.items()
            for day in days
        ),
        Fraction(0),
    )


def _sum_of_peaks(streams: Iterable[list[Reading]], day: date, zone: ZoneInfo) -> Fraction:
    peaks = Fraction(0)
    for stream in streams:
        peaks += max((r.quantity for r in stream if local_day(r.at, zone) == day), default=Fraction(0))
    return peaks


def _unit_hours(stream: list[Reading], ended_at: datetime | None, day: date, zone: ZoneInfo) -> Fraction:
    """The level of the day, times the hours it held."""
    first, end = start_of(day, zone), start_of(day + timedelta(days=1), zone)
    moments = [(reading.at, reading.quantity) for reading in sorted(stream, key=lambda reading: reading.at)]
    moments.append((ended_at or _NEVER, Fraction(0)))
    total = Fraction(0)
    for (since, level), (until, _) in pairwise(moments):
        held = min(until, end) - max(since, first)
        if held > timedelta(0):
            total += level * Fraction(held // timedelta(microseconds=1), 3_600_000_000)
    return total


# Prices


def price_of(price: KindPrice, quantity: Fraction) -> Fraction:
    """Returns the exact charge for a quantity above 0."""
    pricing: dict[str, Callable[[KindPrice, Fraction], Fraction]] = {
        "PER_UNIT": lambda price, q: q * price.tiers[0].unit_cents,
        "PACKAGE": lambda price, q: ceil(q / (price.package_size or Fraction(1))) * price.tiers[0].unit_cents,
        "GRADUATED": _graduated,
        "VOLUME": _volume,
    }
    return pricing[price.model](price, quantity)


def _graduated(price: KindPrice, quantity: Fraction) -> Fraction:
    below, total = Fraction(0), Fraction(0)
    for tier in price.tiers:
        if quantity > below:
            top = quantity if tier.up_to is None else min(quantity, tier.up_to)
            total += (top - below) * tier.unit_cents + tier.flat_cents
        below = below if tier.up_to is None else tier.up_to
    return total


def _volume(price: KindPrice, quantity: Fraction) -> Fraction:
    tier = next(tier for tier in price.tiers if tier.up_to is None or quantity <= tier.up_to)
    return quantity * tier.unit_cents + tier.flat_cents


def rounded(exact: Fraction) -> int:
    """Rounds to the nearest integer, halves away from zero."""
    magnitude = floor(abs(exact) + Fraction(1, 2))
    return magnitude if exact >= 0 else -magnitude
