"""What should be, in plain Python: tenants with their deployments and events, and the month they come to.

It keeps what callers were told was done, and knows no tables. Amounts come from app.billing, and from nothing else of
the system: usage is folded from the events themselves, billable days are told from each change of state.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import (
    ActiveSpan,
    AddonTerms,
    Aggregation,
    DeploymentState,
    Line,
    LineKind,
    Period,
    PlanInForce,
    PlanTerms,
    PriceModel,
    Proration,
    Quote,
    QuoteHeader,
    QuoteInputs,
    ResourceTerms,
    SubscriptionInputs,
    SubscriptionStatus,
    TaxTerms,
    Tier,
    Usage,
    UsageEvent,
    day_of,
    fold,
    quote,
    subscription_status,
)

KINDS = {
    "droplet_hours": Aggregation.SUM,
    "storage_gb": Aggregation.MAX,
    "storage_gb_hours": Aggregation.TIME_WEIGHTED,
}
UNITS = {"droplet_hours": "hour", "storage_gb": "GB", "storage_gb_hours": "GB h"}


def _terms(plan: str, version: int, base: int, proration: Proration, included: int) -> PlanTerms:
    prices = {
        "droplet_hours": (PriceModel.GRADUATED, (Tier(Decimal(50), Decimal("0.7"), 3), Tier(None, Decimal("0.5")))),
        "storage_gb": (PriceModel.PER_UNIT, (Tier(None, Decimal(10)),)),
        "storage_gb_hours": (PriceModel.VOLUME, (Tier(Decimal(900), Decimal("0.03")), Tier(None, Decimal("0.02")))),
    }
    resources = tuple(
        ResourceTerms(kind, UNITS[kind], KINDS[kind], Decimal(included), model, tiers)
        for kind, (model, tiers) in prices.items()
    )
    return PlanTerms(plan, version, "AUD", base, proration, resources)


PLANS: dict[tuple[str, int], PlanTerms] = {
    (terms.plan, terms.version): terms
    for terms in (
        _terms("whole", 1, 5000, Proration.NONE, 10),
        _terms("whole", 2, 5900, Proration.NONE, 25),
        _terms("daily", 1, 4700, Proration.DAILY, 20),
        _terms("daily", 2, 0, Proration.DAILY, 1000),
    )
}
TAXES = (TaxTerms("GST", Decimal("0.1")),)
ADDONS = {"storage": (750, "storage_gb", Decimal(50)), "support": (1999, None, Decimal(1))}


@dataclass(frozen=True)
class Event:
    deployment_id: UUID
    kind: str
    quantity: Decimal
    occurred_at: datetime


@dataclass(eq=False)
class Subscription:
    first_day: date
    trial_ends_at: datetime | None
    active_at_first: bool
    plans: list[tuple[date, tuple[str, int]]]
    addons: list[tuple[datetime, date, str]] = field(default_factory=list)
    changes: list[tuple[datetime, bool]] = field(default_factory=list)
    ended_on: date | None = None

    def was_active(self, day: date, zone: ZoneInfo) -> bool:
        """At any time of the day."""
        standing = self.active_at_first
        for at, active in self.changes:
            if day_of(at, zone) < day:
                standing = active
            elif day_of(at, zone) == day and active:
                return day >= self.first_day
        return standing and day >= self.first_day

    def change_plan(self, first_day: date, plan: tuple[str, int]) -> bool:
        """Whether that changes anything."""
        wanted = [change for change in self.plans if change[0] < first_day]
        if not wanted or wanted[-1][1] != plan:
            wanted.append((first_day, plan))
        changed, self.plans = wanted != self.plans, wanted
        return changed


@dataclass(eq=False)
class Deployment:
    id: UUID
    slug: str
    state: DeploymentState = DeploymentState.ACTIVE
    suspended: bool = False
    events: int = 1
    subscription: Subscription | None = None

    def move(self, to: DeploymentState, now: datetime, zone: ZoneInfo) -> None:
        before, after = subscription_status(self.state), subscription_status(to)
        self.state = to
        if self.subscription is None or before is after:
            return
        self.subscription.changes.append((now, after is SubscriptionStatus.ACTIVE))
        if after is SubscriptionStatus.CANCELLED:
            self.subscription.ended_on = max(day_of(now, zone), self.subscription.first_day)


@dataclass(eq=False)
class Tenant:
    id: UUID
    code: str
    tax_exempt: bool
    currency: str = "AUD"
    deployments: list[Deployment] = field(default_factory=list)
    events: dict[tuple[str, str], Event] = field(default_factory=dict)

    def rate(self, period: Period) -> Quote | None:
        """The month as it would be billed now; None where it cannot be."""
        header = QuoteHeader(period, self.currency, TAXES, self.tax_exempt)
        inputs = [
            self._inputs(deployment, deployment.subscription, period)
            for deployment in self.deployments
            if deployment.subscription is not None
        ]
        try:
            return quote(QuoteInputs(header, tuple(inputs)))
        except ValueError:
            return None

    def overages(self, terms: dict[str, "Subscription"], period: Period) -> list[Line]:
        """Of the deployments with these terms, with their usage as it is now."""
        header = QuoteHeader(period, "AUD", TAXES, self.tax_exempt)
        inputs = [
            self._inputs(deployment, terms[deployment.slug], period)
            for deployment in self.deployments
            if deployment.slug in terms
        ]
        return [line for line in quote(QuoteInputs(header, tuple(inputs))).lines if line.kind is LineKind.OVERAGE]

    def owed(self, today: date) -> Iterator[date]:
        """The months that are over and had a subscription, with repeats."""
        for deployment in self.deployments:
            if (subscription := deployment.subscription) is not None:
                month = Period.holding(subscription.first_day, ZoneInfo("UTC"))
                while month.end <= today and (subscription.ended_on is None or month.start <= subscription.ended_on):
                    yield month.start
                    month = month.next()

    def _inputs(self, deployment: Deployment, subscription: Subscription, period: Period) -> SubscriptionInputs:
        days = [day for day in period.days if subscription.was_active(day, period.zone)]
        return SubscriptionInputs(
            slug=deployment.slug,
            plans=tuple(PlanInForce(day, PLANS[plan]) for day, plan in subscription.plans if day < period.end),
            active_spans=tuple(ActiveSpan(day, day) for day in days),
            addons=tuple(
                AddonTerms(f"{number:03}", code, ADDONS[code][0], at, day, *ADDONS[code][1:])
                for number, (at, day, code) in enumerate(subscription.addons)
                if day < period.end
            ),
            usage=tuple(self._usage(deployment, period)),
            trial_ends_at=subscription.trial_ends_at,
            deployment_id=deployment.slug,
        )

    def _usage(self, deployment: Deployment, period: Period) -> Iterator[Usage]:
        metered = [event for event in self.events.values() if event.deployment_id == deployment.id]
        for kind, aggregation in sorted(KINDS.items()):
            of_kind = [event for event in metered if event.kind == kind]
            earlier = [(event.occurred_at, event.quantity) for event in of_kind if event.occurred_at < period.starts_at]
            within = [
                UsageEvent(event.occurred_at, event.quantity)
                for event in of_kind
                if period.starts_at <= event.occurred_at < period.ends_at
            ]
            carried = max(earlier)[1] if earlier else Decimal(0)
            yield fold(kind, aggregation, within, period.zone, carried)


def shown(lines: tuple[Line, ...]) -> list[tuple[object, ...]]:
    """Lines as they can be compared with rows: without keys, which hold the rows' own ids."""
    return [
        (line.deployment_id, str(line.kind), line.resource_kind, line.quantity, line.unit_price_cents,
         line.amount_cents, line.description)
        for line in lines
    ]  # fmt: skip


BEGINNING = datetime(2026, 1, 10, 9, tzinfo=UTC)
