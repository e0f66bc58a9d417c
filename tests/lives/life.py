"""A tenant in the system, with the plain description of what must be billed to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from app.operations.usage import MeteredEvent
from tests.lives.catalog import ADDONS, exact_decimal
from tests.lives.rating import month_of, next_month, plan_on, worth_of_tenant
from tests.lives.terms import Addon, Deployment, Plan, Reading, Subscription, Tenant

T = TypeVar("T")

# What a platform admin may ask for, as the table of deployment states says.
TRANSITIONS = {
    "ACTIVE": ("PAST_DUE", "PAUSED", "SUSPENDED", "CANCELLED"),
    "PAST_DUE": ("ACTIVE", "SUSPENDED", "CANCELLED"),
    "PAUSED": ("ACTIVE", "SUSPENDED", "CANCELLED"),
    "SUSPENDED": ("ACTIVE", "CANCELLED"),
    "CANCELLED": ("ARCHIVED",),
    "ARCHIVED": (),
}
ACTIVE = frozenset({"ACTIVE", "PAST_DUE"})
GONE = frozenset({"CANCELLED", "ARCHIVED"})


def pick(options: Sequence[T], number: int) -> T | None:
    return options[number % len(options)] if options else None


@dataclass(eq=False)
class LivingDeployment:
    """A deployment in the system. described: the same for the oracle. attached: the ids of its add-ons."""

    id: UUID
    described: Deployment
    state: str = "ACTIVE"
    transitions: int = 0
    attached: list[UUID] = field(default_factory=list)
    resources: dict[str, UUID] = field(default_factory=dict)

    @property
    def current(self) -> Subscription | None:
        """The deployment's subscription; None if it has none or it is cancelled."""
        return None if self.state in GONE else self.described.subscription

    def free_instant(self, kind: str, resource: str | None, at: datetime) -> datetime:
        """The minute before `at` that no reading of the stream has: of two at once none could be said to be last."""
        taken = {r.at for r in self.described.readings if (r.kind, r.resource) == (kind, resource)}
        wanted = at.replace(second=0, microsecond=0)
        while wanted in taken:
            wanted -= timedelta(minutes=1)
        return wanted

    def transition(self, to: str, at: datetime) -> None:
        was_active, self.state = self.state in ACTIVE, to
        self.transitions += 1
        subscription = self.described.subscription
        if subscription is not None and was_active != (to in ACTIVE):
            subscription.changes.append((at, to in ACTIVE))


@dataclass(eq=False)
class Life:
    """events: the readings by the ids they were sent under. metered: events that are not sent yet."""

    id: UUID
    number: int
    last_at: datetime
    described: Tenant = field(default_factory=Tenant)
    deployments: list[LivingDeployment] = field(default_factory=list)
    events: list[tuple[str, Reading]] = field(default_factory=list)
    metered: list[MeteredEvent] = field(default_factory=list)
    exempted: bool = False

    @property
    def subscribed(self) -> list[LivingDeployment]:
        return [deployment for deployment in self.deployments if deployment.current is not None]

    @property
    def has_left(self) -> bool:
        return not self.subscribed

    def add_deployment(self, deployment_id: UUID, slug: str) -> LivingDeployment:
        deployment = LivingDeployment(deployment_id, Deployment(slug))
        self.deployments.append(deployment)
        self.described.deployments.append(deployment.described)
        return deployment

    def meter(
        self, deployment: LivingDeployment, kind: str, quantity: Fraction, at: datetime, resource: str | None
    ) -> None:
        reading = Reading(kind, quantity, deployment.free_instant(kind, resource, at), resource)
        event_id = f"{len(self.events)}"
        deployment.described.readings.append(reading)
        self.events.append((event_id, reading))
        self.metered.append(
            MeteredEvent(
                id=event_id,
                deployment_id=deployment.id,
                resource_kind=kind,
                quantity=exact_decimal(quantity),
                occurred_at=reading.at,
                resource_id=None if resource is None else deployment.resources[resource],
            )
        )

    def worths(self, until: date, zone: ZoneInfo) -> dict[date, int]:
        """Returns the net amount that must be billed for each month before `until`, without months of 0."""
        days = [charge.day for charge in self.described.charges]
        for deployment in self.described.deployments:
            days += [charge.day for charge in deployment.charges]
            days += [deployment.subscription.first_day] if deployment.subscription else []
        month, worths = month_of(min(days, default=until)), {}
        while month < until:
            if worth := worth_of_tenant(self.described, month, zone):
                worths[month] = worth
            month = next_month(month)
        return worths


def change_by_tenant(subscription: Subscription, plan: Plan, today: date) -> None:
    """A tenant's own change: now only if neither version is NONE or the new base price is higher, otherwise on the
    first of the next month. It replaces a change that is still to come.
    """
    current = plan_on(subscription, today)
    is_now = "NONE" not in {current.proration, plan.proration} or plan.base_cents > current.base_cents
    first_day = today if is_now else next_month(today)
    subscription.plans = [change for change in subscription.plans if change[0] <= today and change[0] != first_day]
    subscription.plans.append((first_day, plan))


def change_by_admin(subscription: Subscription, plan: Plan, first_day: date) -> None:
    """Changes the plan as a platform admin: from the given day on, replacing all versions from that day on."""
    subscription.plans = [change for change in subscription.plans if change[0] < first_day]
    subscription.plans.append((first_day, plan))


def attach(subscription: Subscription, code: str, prices: dict[str, int], first_day: date) -> Addon:
    _, kind, quantity = ADDONS[code]
    addon = Addon(code, prices[code], kind, quantity, first_day)
    subscription.addons.append(addon)
    return addon
