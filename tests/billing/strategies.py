"""Hypothesis strategies for whole months: terms, spans, usage and add-ons that could have come from the tables."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from app.billing import (
    ActiveSpan,
    AddonTerms,
    Aggregation,
    ChargeInputs,
    ChargeTerms,
    PlanInForce,
    PlanTerms,
    PriceModel,
    Proration,
    QuoteHeader,
    QuoteInputs,
    ResourceTerms,
    SubscriptionInputs,
    TaxTerms,
    Tier,
    UnsubscribedCharge,
    Usage,
    UsageEvent,
    day_of,
    fold,
)
from tests.billing.examples import APRIL, ZONE

KINDS = {
    "droplet_hours": ("hour", Aggregation.SUM),
    "llm_input_tokens": ("token", Aggregation.SUM),
    "storage_gb": ("GB", Aggregation.MAX),
    "storage_gb_hours": ("GB h", Aggregation.TIME_WEIGHTED),
}


def decimals(least: int, most: int, places: int) -> st.SearchStrategy[Decimal]:
    """Multiples of 10^-places from least x 10^-places to most; far quicker to draw than st.decimals."""
    return st.integers(least, most * 10**places).map(lambda number: Decimal(number).scaleb(-places))


cents = st.integers(0, 10**6)
quantities = decimals(0, 10**6, 3)
unit_prices = decimals(0, 100, 5)
bounds = st.lists(decimals(1, 10**5, 3), max_size=3, unique=True)
flats = st.integers(0, 500)
sizes = decimals(1, 1000, 1)
days = st.sampled_from(APRIL.days)
instants = st.integers(0, 30 * 86_400 * 10**6 - 1).map(lambda us: APRIL.starts_at + timedelta(microseconds=us))
resource_ids = st.sampled_from([None, "volume-1", "volume-2"])
events = st.lists(st.builds(UsageEvent, instants, quantities, resource_ids), max_size=8)
carried_levels = st.dictionaries(resource_ids, quantities, max_size=2)
kinds = st.lists(st.sampled_from(sorted(KINDS)), unique=True).map(sorted)
models = st.sampled_from(PriceModel)
prorations = st.sampled_from(Proration)
trial_ends = st.none() | st.none() | instants | st.just(APRIL.ends_at)


@st.composite
def resources(draw: st.DrawFn, kind: str) -> ResourceTerms:
    unit, aggregation = KINDS[kind]
    model = draw(models)
    single = model in {PriceModel.PER_UNIT, PriceModel.PACKAGE}
    ups = [None] if single else [*sorted(draw(bounds)), None]
    tiers = tuple(Tier(up_to, draw(unit_prices), 0 if single else draw(flats)) for up_to in ups)
    size = draw(sizes) if model is PriceModel.PACKAGE else None
    return ResourceTerms(kind, unit, aggregation, draw(quantities), model, tiers, size)


@st.composite
def plans(draw: st.DrawFn, version: int = 1) -> PlanTerms:
    chosen = tuple(draw(resources(kind)) for kind in draw(kinds))
    return PlanTerms("studio", version, "AUD", draw(cents), draw(prorations), chosen)


@st.composite
def plan_histories(draw: st.DrawFn) -> tuple[PlanInForce, ...]:
    """Draws up to three plan versions, each of which may keep some terms of the previous one."""
    firsts = [date(2026, 1, 1), *draw(change_days)]
    versions: list[PlanTerms] = []
    for number in range(1, len(firsts) + 1):
        version, keeps = draw(plans(number)), draw(st.booleans())
        if versions and keeps:
            before = {resource.resource_kind: resource for resource in versions[-1].resources}
            version = replace(version, resources=tuple(before.get(r.resource_kind, r) for r in version.resources))
        versions.append(version)
    history = list(map(PlanInForce, firsts, versions))
    if len(history) > 1 and draw(st.booleans()):  # back to the first version
        history[-1] = history[-1]._replace(terms=versions[0])
    return tuple(history)


@st.composite
def usages(draw: st.DrawFn) -> tuple[Usage, ...]:
    return tuple(fold(kind, KINDS[kind][1], draw(events), ZONE, draw(carried_levels)) for kind in draw(kinds))


durations = st.none() | st.integers(0, 40)
granted = st.lists(st.tuples(instants, st.sampled_from([None, *KINDS]), cents, quantities, durations), max_size=3)
turning_days = st.lists(days, min_size=1, max_size=5).map(sorted)
change_days = st.lists(days, max_size=2, unique=True).map(sorted)
deployment_ids = st.none() | st.text(max_size=8)


@st.composite
def addons(draw: st.DrawFn) -> tuple[AddonTerms, ...]:
    ordered = sorted(draw(granted), key=lambda grant: grant[0])
    return tuple(
        AddonTerms(
            f"a{n}",
            "extra",
            price,
            at,
            day_of(at, ZONE),
            kind,
            quantity,
            None if duration is None else day_of(at, ZONE) + timedelta(days=duration),
        )
        for n, (at, kind, price, quantity, duration) in enumerate(ordered)
    )


@st.composite
def charges(draw: st.DrawFn, prefix: str = "c") -> tuple[ChargeTerms, ...]:
    drawn = draw(st.lists(st.tuples(st.integers(-(10**6), 10**6).filter(bool), days, st.text(max_size=5)), max_size=2))
    return tuple(
        ChargeTerms(f"{prefix}{n}", text, net, day, draw(st.none() | st.integers(net, 0)) if net < 0 else None)
        for n, (net, day, text) in enumerate(drawn)
    )


@st.composite
def unsubscribed_charges(draw: st.DrawFn) -> ChargeInputs:
    of_tenant = [UnsubscribedCharge(None, None, charge) for charge in draw(charges("t"))]
    of_deployment = [UnsubscribedCharge("left", "d-left", charge) for charge in draw(charges("d"))]
    return ChargeInputs((*of_tenant, *of_deployment))


@st.composite
def active_spans(draw: st.DrawFn) -> tuple[ActiveSpan, ...]:
    turns = draw(turning_days)
    ends: list[date | None] = [*turns[1::2]]
    if len(turns) % 2:
        ends.append(None)
    return tuple(map(ActiveSpan, turns[::2], ends))


@st.composite
def subscriptions(draw: st.DrawFn, slug: str = "pilot") -> SubscriptionInputs:
    return SubscriptionInputs(
        slug=slug,
        plans=draw(plan_histories()),
        active_spans=draw(active_spans()),
        addons=draw(addons()),
        usage=draw(usages()),
        trial_ends_at=draw(trial_ends),
        subscription_id=f"s-{slug}",
        deployment_id=draw(deployment_ids),
        charges=draw(charges()),
    )


rates = decimals(0, 1, 4)
headers = st.builds(
    lambda rates, exempt: QuoteHeader(APRIL, "AUD", tuple(map(TaxTerms, ["GST", "PST"], rates)), exempt),
    st.lists(rates, max_size=2),
    st.booleans(),
)
slugs = st.lists(st.sampled_from(["pilot", "beta", "a-1", "zeta"]), unique=True, max_size=2)


@st.composite
def quote_inputs(draw: st.DrawFn) -> QuoteInputs:
    subscribed = tuple(draw(subscriptions(slug)) for slug in draw(slugs))
    return QuoteInputs(draw(headers), subscribed, draw(st.none() | unsubscribed_charges()))
