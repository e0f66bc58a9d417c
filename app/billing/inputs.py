"""Everything a month's amounts depend on, as values: the tenant's terms and each subscription's."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from app.billing.period import ActiveSpan, Period
from app.billing.terms import AddonTerms, PlanTerms, TaxTerms
from app.billing.usage import Usage


@dataclass(frozen=True, slots=True)
class QuoteHeader:
    """What holds for the whole tenant and month."""

    period: Period
    currency: str
    taxes: tuple[TaxTerms, ...] = ()
    tax_exempt: bool = False


class PlanInForce(NamedTuple):
    """A plan version from first_day on, until the next one's first day."""

    first_day: date
    terms: PlanTerms


@dataclass(frozen=True, slots=True)
class SubscriptionInputs:
    """One subscription's month. The ids are opaque; the slug orders the lines and begins their keys.

    Plans are in order of their first day, with one in force on every billable day; add-ons in order of attaching,
    usage in order of kind, at most one entry a kind.
    """

    slug: str
    plans: tuple[PlanInForce, ...]
    active_spans: tuple[ActiveSpan, ...]
    addons: tuple[AddonTerms, ...] = ()
    usage: tuple[Usage, ...] = ()
    trial_ends_at: datetime | None = None
    subscription_id: str | None = None
    deployment_id: str | None = None


@dataclass(frozen=True, slots=True)
class QuoteInputs:
    header: QuoteHeader
    subscriptions: tuple[SubscriptionInputs, ...]


def whole_month(
    period: Period, plan: PlanTerms, addons: tuple[AddonTerms, ...], quantities: dict[str, Decimal], slug: str = "quote"
) -> SubscriptionInputs:
    """A month that does not exist yet: every day billable, each kind's aggregated quantity given.

    A TIME_WEIGHTED quantity is the month's unit-hours.
    """
    raise NotImplementedError
