"""Draws the tenants of a seeded cloud, their deployments, and what they will do."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import islice
from random import Random
from typing import NamedTuple

from app.cli.seeding.business_names import Business, businesses

STARTERS = 0.45
"""The part of the tenants that are there from the first days."""
_PURPOSES = (("shop", "Online shop"), ("bookings", "Bookings"), ("intranet", "Intranet"), ("assistant", "Assistant"))
_REGIONS = ("syd1", "syd1", "syd1", "mel1", "sgp1")
_ADDONS = {
    "starter": ("egress_250gb", "priority_support"),
    "team": ("storage_100gb", "tokens_5m"),
    "business": ("priority_support", "tokens_5m"),
}
_DROPLETS = {"starter": 1, "team": 2, "business": 5}


class Payer(StrEnum):
    """How a tenant pays its invoices."""

    PROMPT = "PROMPT"
    LATE = "LATE"
    PARTIAL = "PARTIAL"
    STOPS = "STOPS"
    BOUNCES = "BOUNCES"
    OVERPAYS = "OVERPAYS"


_PAYERS = (
    *(Payer.PROMPT, Payer.LATE, Payer.PARTIAL, Payer.PROMPT, Payer.STOPS, Payer.PROMPT, Payer.BOUNCES, Payer.PROMPT),
    *(Payer.PROMPT, Payer.OVERPAYS, Payer.PROMPT, Payer.LATE, Payer.PROMPT, Payer.PROMPT, Payer.PARTIAL, Payer.PROMPT),
)


class Pause(NamedTuple):
    """The day on which a deployment is paused, and that on which it is resumed."""

    first_day: date
    resumed_on: date


class PlanChange(NamedTuple):
    """A change to another plan, by the tenant itself."""

    day: date
    plan: str


@dataclass(frozen=True, slots=True)
class SeededDeployment:
    """A deployment and what happens to it."""

    slug: str
    display_name: str
    region: str
    plan: str
    addons: tuple[str, ...]
    created_on: date
    droplets: int
    load: float
    pause: Pause | None
    plan_change: PlanChange | None


@dataclass(frozen=True, slots=True)
class SeededTenant:
    """A tenant, its deployments and its habits. leaves_on: the day on which it cancels everything."""

    business: Business
    signed_up_on: date
    deployments: tuple[SeededDeployment, ...]
    payer: Payer
    leaves_on: date | None
    late_usage: bool
    complains: bool


def draw_tenants(random: Random, count: int, first_day: date, end: date) -> list[SeededTenant]:
    """Returns that many tenants that sign up from the first day until before the end, in the order of their days."""
    days = [_sign_up_day(random, index, count, first_day, end) for index in range(count)]
    drawn = zip(sorted(days), islice(businesses(random), count), strict=True)
    return [_tenant(random, index, business, day, end) for index, (day, business) in enumerate(drawn)]


def _sign_up_day(random: Random, index: int, count: int, first_day: date, end: date) -> date:
    if index < STARTERS * count:
        return first_day + timedelta(days=random.randrange(5))
    return _between(random, first_day, end - timedelta(days=3))


def _tenant(random: Random, index: int, business: Business, day: date, end: date) -> SeededTenant:
    number = 1 + (random.random() < 0.3) + (random.random() < 0.1)
    return SeededTenant(
        business=business,
        signed_up_on=day,
        deployments=tuple(_deployment(random, index, at, day, end) for at in range(number)),
        payer=_PAYERS[index % len(_PAYERS)],
        leaves_on=_between(random, day + timedelta(days=40), end) if index % 10 == 5 else None,
        late_usage=index % 4 == 1,
        complains=index % 9 == 2,
    )


def _deployment(random: Random, index: int, at: int, signed_up_on: date, end: date) -> SeededDeployment:
    slug, name = _PURPOSES[(index + at) % len(_PURPOSES)]
    plan = random.choices(("starter", "team", "business"), (5, 4, 1))[0]
    created_on = signed_up_on if at == 0 else _between(random, signed_up_on, end)
    pause = plan_change = None
    if (index + at) % 6 == 3:
        first = _between(random, created_on + timedelta(days=10), end)
        pause = Pause(first, first + timedelta(days=random.randint(4, 25)))
    elif index % 5 == 1:
        wanted = random.choice([other for other in _DROPLETS if other != plan])
        plan_change = PlanChange(_between(random, created_on + timedelta(days=15), end), wanted)
    return SeededDeployment(
        slug=slug,
        display_name=name,
        region=random.choice(_REGIONS),
        plan=plan,
        addons=tuple(addon for addon in _ADDONS[plan] if random.random() < 0.35),
        created_on=created_on,
        droplets=_DROPLETS[plan] + (random.random() < 0.4),
        load=random.uniform(0.5, 1.6),
        pause=pause,
        plan_change=plan_change,
    )


def _between(random: Random, first: date, end: date) -> date:
    """Returns a day from the first until before the end; the first if there is none."""
    return first + timedelta(days=random.randrange(max(1, (end - first).days)))
