"""Terms and usage shared by the examples: the plan Studio and its variants, and April 2026 (30 days)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from app.billing import (
    ActiveSpan,
    AddonTerms,
    Aggregation,
    ChargeTerms,
    DailyQuantity,
    Line,
    LineKind,
    MaxUsage,
    PeakStream,
    Period,
    PlanInForce,
    PlanTerms,
    PriceModel,
    Proration,
    QuoteHeader,
    ReportedUsage,
    ResourceTerms,
    SubscriptionInputs,
    SumUsage,
    TaxTerms,
    Tier,
    Usage,
    rate_subscription,
)
from app.billing.money import Ratio

ZONE = ZoneInfo("UTC")
APRIL = Period(date(2026, 4, 1), ZONE)
GST = TaxTerms("GST", Decimal("0.1"))
HEADER = QuoteHeader(APRIL, "AUD", (GST,))
D = Decimal


def april(day: int) -> date:
    return date(2026, 4, day)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 4, day, hour, minute, tzinfo=UTC)


def resource(  # noqa: PLR0917 a table's row reads best in place
    kind: str = "droplet_hours",
    included: str = "1488",
    tiers: tuple[Tier, ...] = (Tier(None, D(1)),),
    model: PriceModel = PriceModel.PER_UNIT,
    aggregation: Aggregation = Aggregation.SUM,
    unit: str = "hour",
    package_size: Decimal | None = None,
) -> ResourceTerms:
    return ResourceTerms(kind, unit, aggregation, D(included), model, tiers, package_size)


def plan(
    *resources: ResourceTerms,
    base: int = 5000,
    proration: Proration = Proration.NONE,
    version: int = 1,
    code: str = "studio",
) -> PlanTerms:
    return PlanTerms(code, version, "AUD", base, proration, resources)


STUDIO = plan(resource())
STUDIO_DAILY = replace(STUDIO, proration=Proration.DAILY)


def storage_addon(
    day: int = 1, addon_id: str = "addon-1", price: int = 750, quantity: str = "50", last_day: int | None = None
) -> AddonTerms:
    last = None if last_day is None else april(last_day)
    return AddonTerms(addon_id, "storage_50gb", price, at(day), april(day), "storage_gb", D(quantity), last)


def charge(cents: int, charge_id: str = "c1", day: int = 5, taken: int | None = None) -> ChargeTerms:
    return ChargeTerms(charge_id, f"Charge {charge_id}", cents, april(day), taken)


def hours(total: str | int, kind: str = "droplet_hours", day: int = 1) -> SumUsage:
    return SumUsage(kind, (DailyQuantity(april(day), D(total)),))


def every_day(each: str | int, kind: str = "droplet_hours") -> SumUsage:
    return SumUsage(kind, tuple(DailyQuantity(day, D(each)) for day in APRIL.days))


def peak(reading: str | int, kind: str = "storage_gb", day: int = 20) -> MaxUsage:
    return peaks((None, {day: reading}), kind=kind)


def peaks(*streams: tuple[str | None, dict[int, str | int]], kind: str = "storage_gb") -> MaxUsage:
    """Returns usage of a MAX kind: for each resource, the reading of each day."""
    return MaxUsage(
        kind,
        tuple(
            PeakStream(resource_id, tuple(DailyQuantity(april(day), D(reading)) for day, reading in readings.items()))
            for resource_id, readings in streams
        ),
    )


def subscription(
    terms: PlanTerms | tuple[PlanInForce, ...] = STUDIO,
    *usage: Usage,
    active: tuple[tuple[int, int | None], ...] = ((1, None),),
    addons: tuple[AddonTerms, ...] = (),
    slug: str = "pilot",
    trial_ends_at: datetime | None = None,
    charges: tuple[ChargeTerms, ...] = (),
) -> SubscriptionInputs:
    plans = terms if isinstance(terms, tuple) else (PlanInForce(april(1), terms),)
    spans = tuple(ActiveSpan(april(first), None if last is None else april(last)) for first, last in active)
    return SubscriptionInputs(
        slug=slug,
        plans=plans,
        active_spans=spans,
        addons=addons,
        usage=usage,
        trial_ends_at=trial_ends_at,
        subscription_id=f"s-{slug}",
        deployment_id=f"d-{slug}",
        charges=charges,
    )


def change_on(day: int, before: PlanTerms, after: PlanTerms) -> tuple[PlanInForce, ...]:
    return PlanInForce(april(1), before), PlanInForce(april(day), replace(after, version=2))


def rated(inputs: SubscriptionInputs) -> list[tuple[LineKind, int]]:
    return amounts(rate_subscription(HEADER, inputs))


def usage_row(kind: str, *quantities: int) -> ReportedUsage:
    return ReportedUsage(kind, *map(D, quantities))


def ratio(exact: Fraction) -> Ratio:
    return Ratio(D(exact.numerator), exact.denominator)


def fraction(exact: Ratio) -> Fraction:
    return Fraction(exact.numerator) / exact.denominator


def amounts(lines: list[Line]) -> list[tuple[LineKind, int]]:
    return [(line.kind, line.amount_cents) for line in lines]


def of_kind(lines: list[Line] | tuple[Line, ...], kind: LineKind) -> list[Line]:
    return [line for line in lines if line.kind is kind]
