"""All values that a month's amounts depend on: the tenant's terms and those of each subscription."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from app.billing.period import ActiveSpan, Period
from app.billing.terms import AddonTerms, Aggregation, ChargeTerms, PlanTerms, TaxTerms
from app.billing.usage import Usage, aggregated

RULES_VERSION = 1
"""The version of the billing rules for months that are rated for the first time."""
KNOWN_RULES_VERSIONS = frozenset({RULES_VERSION})


@dataclass(frozen=True, slots=True)
class QuoteHeader:
    """The terms of the whole tenant for one month.

    taxes are those in force on the month's last day, and tax_exempt is as of that day. rules_version is the version of
    the billing rules by which the month was first rated; it never changes for that month. Raises ValueError for an
    unknown version.
    """

    period: Period
    currency: str
    taxes: tuple[TaxTerms, ...] = ()
    tax_exempt: bool = False
    rules_version: int = RULES_VERSION

    def __post_init__(self) -> None:
        if self.rules_version not in KNOWN_RULES_VERSIONS:
            known = ", ".join(map(str, sorted(KNOWN_RULES_VERSIONS)))
            raise ValueError(
                f"inputs of rules version {self.rules_version} cannot be rated; the known rules versions are: {known}"
            )

    def under(self, rules_version: int | None) -> "QuoteHeader":
        """Returns the header with the rules version by which the month was first rated; None: the month was not rated
        yet.
        """
        if rules_version is None or rules_version == self.rules_version:
            return self
        return replace(self, rules_version=rules_version)


class PlanInForce(NamedTuple):
    """A plan version in force from first_day until the day before the next one's first day."""

    first_day: date
    terms: PlanTerms


@dataclass(frozen=True, slots=True)
class SubscriptionInputs:
    """One subscription's month. The ids are not interpreted; the slug orders the lines and begins their keys.

    plans are in order of their first day, with one in force on every billable day. addons are in order of attaching.
    usage is in order of kind, with at most one entry per kind. charges are the deployment's one-off charges of the
    month, in order of their ids.
    """

    slug: str
    plans: tuple[PlanInForce, ...]
    active_spans: tuple[ActiveSpan, ...]
    addons: tuple[AddonTerms, ...] = ()
    usage: tuple[Usage, ...] = ()
    trial_ends_at: datetime | None = None
    subscription_id: str | None = None
    deployment_id: str | None = None
    charges: tuple[ChargeTerms, ...] = ()

    def usage_by_kind(self) -> Mapping[str, Usage]:
        """Returns the usage by resource kind. Raises ValueError for two entries of one kind."""
        usage = {usage.resource_kind: usage for usage in self.usage}
        if len(usage) != len(self.usage):
            raise ValueError(f"{self.slug} has two entries of usage for one resource kind")
        return usage


class UnsubscribedCharge(NamedTuple):
    """A one-off charge of a tenant (slug and deployment_id None) or of a deployment without a subscription."""

    slug: str | None
    deployment_id: str | None
    charge: ChargeTerms


@dataclass(frozen=True, slots=True)
class ChargeInputs:
    """The month's one-off charges without a subscription: the tenant's first, then by slug, then by charge id."""

    charges: tuple[UnsubscribedCharge, ...]


@dataclass(frozen=True, slots=True)
class QuoteInputs:
    header: QuoteHeader
    subscriptions: tuple[SubscriptionInputs, ...]
    charges: ChargeInputs | None = None

    def in_line_order(self) -> list[SubscriptionInputs]:
        return sorted(self.subscriptions, key=attrgetter("slug"))


def whole_month(
    period: Period,
    plan: PlanTerms,
    addons: tuple[AddonTerms, ...] = (),
    quantities: Mapping[str, Decimal] = MappingProxyType({}),
    slug: str = "quote",
) -> SubscriptionInputs:
    """Returns the inputs of an assumed month: every day billable, with one aggregated quantity per resource kind.

    A quantity is the month's total (SUM), its highest reading (MAX) or its unit-hours (TIME_WEIGHTED). It is placed on
    the first day and costs the same as equal usage metered over the month.
    """
    usage = []
    for kind, quantity in sorted(quantities.items()):
        resource = plan.resource(kind)
        aggregation = Aggregation.SUM if resource is None else resource.aggregation
        usage.append(aggregated(kind, aggregation, quantity, period))
    return SubscriptionInputs(
        slug=slug,
        plans=(PlanInForce(period.start, plan),),
        active_spans=(ActiveSpan(period.start, period.last_day),),
        addons=addons,
        usage=tuple(usage),
    )
