"""Plain descriptions of what a tenant is billed by. They share no code with the system under test."""

from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction


@dataclass(frozen=True)
class Tier:
    """A price for the quantities in (the previous tier's up_to, up_to]; up_to None has no bound."""

    up_to: Fraction | None
    unit_cents: Fraction
    flat_cents: int = 0


@dataclass(frozen=True)
class KindPrice:
    """The quantity that a plan includes of a resource kind, and the prices above it. Equal objects are equal usage
    terms.
    """

    kind: str
    aggregation: str  # SUM, MAX or TIME_WEIGHTED
    included: Fraction
    model: str  # PER_UNIT, GRADUATED, VOLUME or PACKAGE
    tiers: tuple[Tier, ...]
    package_size: Fraction | None = None


@dataclass(frozen=True)
class Plan:
    """A published plan version."""

    code: str
    version: int
    base_cents: int
    proration: str  # NONE or DAILY
    kinds: tuple[KindPrice, ...] = ()


@dataclass
class Addon:
    """An add-on as it was attached; last_day is its last billable day, None while it is attached."""

    code: str
    price_cents: int
    kind: str | None
    quantity: Fraction
    first_day: date
    last_day: date | None = None


@dataclass
class Reading:
    """A usage event with the quantity that counts: the one sent, or that of the last correction."""

    kind: str
    quantity: Fraction
    at: datetime
    resource: str | None = None


@dataclass(frozen=True)
class Charge:
    """A one-off charge; negative: a credit."""

    cents: int
    day: date


@dataclass
class Subscription:
    """What a deployment is billed by.

    changes: instants from which the subscription is active (True) or no longer active (False), in order of time.
    """

    first_day: date
    plans: list[tuple[date, Plan]]
    active_at_first: bool = True
    trial_ends_at: datetime | None = None
    changes: list[tuple[datetime, bool]] = field(default_factory=list)
    addons: list[Addon] = field(default_factory=list)


@dataclass
class Deployment:
    """A deployment. resource_ends: the instants at which its resources ended."""

    slug: str
    subscription: Subscription | None = None
    readings: list[Reading] = field(default_factory=list)
    resource_ends: dict[str, datetime] = field(default_factory=dict)
    charges: list[Charge] = field(default_factory=list)


@dataclass
class Tenant:
    """charges: those of no deployment. waived: the first days of the waived months."""

    deployments: list[Deployment] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    waived: set[date] = field(default_factory=set)
