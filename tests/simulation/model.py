"""The model of the simulation: the expected tenants, with their deployments, events and charges, in plain Python.

It contains what callers were told was done, and does not read the database. A month is worth what tests/lives/rating.py
says, which is written from the text of the billing rules and shares no code with the system.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import DeploymentState
from tests.lives import catalog, terms
from tests.lives.rating import month_of, next_month, rounded, worth_of_deployment

KINDS = catalog.AGGREGATIONS
ADDONS = catalog.ADDONS

# So expensive that a month with that much usage has an amount that cannot be stored.
UNBILLABLE_KIND, UNBILLABLE_QUANTITY = "llm_input_tokens", Decimal(10**14)
_TOKENS = terms.KindPrice(UNBILLABLE_KIND, "SUM", Fraction(0), "PER_UNIT", (terms.Tier(None, Fraction(10**6)),))
MAX_CENTS = 2**63 - 1

PLANS: dict[tuple[str, int], terms.Plan] = {
    (plan.code, plan.version): replace(plan, kinds=(*plan.kinds, _TOKENS)) for plan in catalog.PLANS
}
BEGINNING = datetime(2026, 1, 10, 9, tzinfo=UTC)

Asked = tuple[UUID, str] | None
RECOVERY: Asked = None
"""What asks for a transition of dunning: an invoice and its step, or no step any more."""

_ACTIVE = frozenset({"TRIAL", "ACTIVE", "PAST_DUE"})
_GONE = frozenset({"CANCELLED", "ARCHIVED"})


class Event(NamedTuple):
    """A usage event as it was sent."""

    deployment_id: UUID
    kind: str
    quantity: Decimal
    occurred_at: datetime
    resource_id: UUID | None


class Attached(NamedTuple):
    id: UUID
    addon: terms.Addon


@dataclass(eq=False)
class Deployment:
    """described: the same for the rating. recorded_at: when its last event, or its subscription, was recorded.

    moved_by, moved_at: the cause and time of its last transition. dunned: every transition that dunning requested, with
    whether it was withheld. told: how often each kind of change of its subscription was recorded, for its events.
    """

    id: UUID
    described: terms.Deployment
    recorded_at: datetime
    state: DeploymentState = DeploymentState.ACTIVE
    suspended: bool = False
    events: int = 1
    moved_by: str = ""
    moved_at: datetime = BEGINNING
    dunned: list[tuple[DeploymentState, bool, Asked]] = field(default_factory=list)
    recovery_was_withheld: bool = False
    attached: list[Attached] = field(default_factory=list)
    resources: dict[str, UUID] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    _worths: dict[date, int] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.described.slug

    @property
    def subscription(self) -> terms.Subscription | None:
        return self.described.subscription

    @property
    def is_active(self) -> bool:
        return self.state in _ACTIVE

    @property
    def is_gone(self) -> bool:
        return self.state in _GONE

    @property
    def status(self) -> str:
        """That of its subscription."""
        return "CANCELLED" if self.is_gone else "ACTIVE" if self.is_active else "PAUSED"

    @property
    def current(self) -> terms.Subscription | None:
        """The deployment's subscription; None if it has none or it is cancelled."""
        return None if self.is_gone else self.subscription

    def changed(self) -> None:
        """Records that what the deployment is billed by has changed. Of levels set at the same instant, the highest
        counts.
        """
        self.described.readings.sort(key=lambda reading: (reading.at, reading.quantity))
        self._worths.clear()

    def worth(self, month: date, zone: ZoneInfo) -> int:
        if month not in self._worths:
            self._worths[month] = sum(worth_of_deployment(self.described, month, zone).values())
        return self._worths[month]

    def move(self, to: DeploymentState, at: datetime, by: str) -> None:
        """by: OPERATOR, TENANT, SYSTEM or DUNNING."""
        was_active, status, self.state = self.is_active, self.status, to
        self.moved_by, self.moved_at, self.recovery_was_withheld = by, at, False
        self.told["TRANSITION"] += self.subscription is not None and status != self.status
        if self.subscription is not None and was_active != self.is_active:
            self.subscription.changes.append((at, self.is_active))
            self.changed()


@dataclass(eq=False)
class Tenant:
    """charges: those of no deployment. waived: the first days of waived months. exemptions: from each day on. updates:
    how often it was updated.
    """

    id: UUID
    code: str
    exemptions: list[tuple[date, bool]]
    deployments: list[Deployment] = field(default_factory=list)
    events: dict[str, Event] = field(default_factory=dict)
    readings: dict[str, terms.Reading] = field(default_factory=dict)
    charges: list[terms.Charge] = field(default_factory=list)
    waived: set[date] = field(default_factory=set)
    updates: int = 0

    @property
    def was_ever_exempt(self) -> bool:
        return any(exempt for _, exempt in self.exemptions)

    def worth(self, month: date, zone: ZoneInfo) -> int:
        """Returns the net amount that a tenant must be billed for a month."""
        if month in self.waived:
            return 0
        charges = sum(charge.cents for charge in self.charges if month_of(charge.day) == month)
        return charges + sum(deployment.worth(month, zone) for deployment in self.deployments)

    def can_be_billed(self, month: date, zone: ZoneInfo) -> bool:
        return abs(self.worth(month, zone)) <= MAX_CENTS

    def months(self, until: date) -> Iterable[date]:
        """Returns the months before `until` that may have an amount."""
        days = [charge.day for charge in self.charges]
        for deployment in self.deployments:
            days += [charge.day for charge in deployment.described.charges]
            days += [deployment.subscription.first_day] if deployment.subscription else []
        month = month_of(min(days, default=until))
        while month < until:
            yield month
            month = next_month(month)

    def exempt(self, first_day: date, exempt: bool) -> None:
        """Sets the tenant's exemption from that day on, replacing what was set for later days."""
        self.updates += 1
        self.exemptions = [*(each for each in self.exemptions if each[0] < first_day), (first_day, exempt)]

    def tax(self, net_by_month: dict[date, int]) -> int:
        """GST of 10% on the sum of the months in which the tenant was not exempt on the last day."""
        return rounded(Fraction(sum(cents for month, cents in net_by_month.items() if not self.is_exempt(month)), 10))

    def is_exempt(self, month: date) -> bool:
        in_force = [exempt for first_day, exempt in self.exemptions if first_day < next_month(month)]
        return bool(in_force) and in_force[-1]

    def keep_event(self, event_id: str, event: Event, deployment: Deployment, resource: str | None) -> None:
        reading = terms.Reading(event.kind, Fraction(event.quantity), event.occurred_at, resource)
        self.events[event_id], self.readings[event_id] = event, reading
        deployment.described.readings.append(reading)
        deployment.changed()

    def deployment_of(self, event: Event) -> Deployment:
        return next(deployment for deployment in self.deployments if deployment.id == event.deployment_id)


def versions(plans: Iterable[tuple[date, terms.Plan]]) -> list[tuple[date, tuple[str, int]]]:
    """The days on which another version begins, with its code and number."""
    found: list[tuple[date, tuple[str, int]]] = []
    for first_day, plan in plans:
        if not found or found[-1][1] != (plan.code, plan.version):
            found.append((first_day, (plan.code, plan.version)))
    return found
