"""Compares the oracle's own rating with the worked figures of the billing rules and the BIL cases of one month."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from tests.lives.rating import rounded, worth_of_deployment, worth_of_tenant
from tests.lives.terms import Addon, Charge, Deployment, KindPrice, Plan, Reading, Subscription, Tenant, Tier

UTC_ZONE = ZoneInfo("UTC")
APRIL = date(2026, 4, 1)
STORAGE = ("storage_50gb", 750, "storage_gb", Fraction(50))


def day(number: int) -> date:
    return APRIL.replace(day=number)


def at(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 4, number, hour, tzinfo=UTC)


def price(
    kind: str,
    aggregation: str = "SUM",
    *,
    included: int = 0,
    model: str = "PER_UNIT",
    tiers: Sequence[tuple[int | None, str, int]] = ((None, "1", 0),),
    package: int | None = None,
) -> KindPrice:
    bounds = [Tier(None if top is None else Fraction(top), Fraction(unit), flat) for top, unit, flat in tiers]
    size = None if package is None else Fraction(package)
    return KindPrice(kind, aggregation, Fraction(included), model, tuple(bounds), size)


def plan(*kinds: KindPrice, base: int = 5000, proration: str = "NONE", version: int = 1) -> Plan:
    return Plan("studio", version, base, proration, kinds)


HOURS = price("droplet_hours", included=1488)
STUDIO = plan(HOURS)
DAILY = plan(HOURS, proration="DAILY")


def deployment(
    *plans: tuple[date, Plan],
    readings: Sequence[Reading] = (),
    changes: Sequence[tuple[datetime, bool]] = (),
    addons: Sequence[Addon] = (),
    ends: dict[str, datetime] | None = None,
) -> Deployment:
    subscription = Subscription(plans[0][0], list(plans), changes=list(changes), addons=list(addons))
    return Deployment("pilot", subscription, list(readings), ends or {})


def hours(quantity: int, *days: int) -> list[Reading]:
    return [Reading("droplet_hours", Fraction(quantity), at(number, 12)) for number in days]


def april(of: Deployment) -> dict[str, int]:
    return worth_of_deployment(of, APRIL, UTC_ZONE)


def test_figure_1() -> None:
    billed = deployment((APRIL, STUDIO), readings=hours(72, *range(1, 31)), addons=[Addon(*STORAGE, APRIL)])
    assert april(billed) == {"base": 5000, "addon:0": 750, "overage:droplet_hours": 672}
    assert worth_of_tenant(Tenant([billed]), APRIL, UTC_ZONE) == 6422
    assert worth_of_tenant(Tenant([billed], waived={APRIL}), APRIL, UTC_ZONE) == 0


def test_figure_3() -> None:
    # Included are 545.6 hours of the eleven days: with 545 used nothing is over, with 547 there are 1.4.
    addons = [Addon(*STORAGE, day(26))]
    below = deployment((day(20), DAILY), readings=hours(545, 20), addons=addons)
    assert april(below) == {"base": 1833, "addon:0": 125}
    above = deployment((day(20), DAILY), readings=hours(547, 20), addons=addons)
    assert april(above) == {"base": 1833, "addon:0": 125, "overage:droplet_hours": 1}


@pytest.mark.parametrize(
    ("changes", "base"),
    [
        ([(at(10, 9), False)], 1667),  # figure 4: cancelled during 10 April
        ([(at(10), False)], 1500),  # at its first instant; M1
        ([(at(10, 9), False), (at(20, 15), True)], 3500),
        ([(at(10, 9), False), (at(10, 15), True)], 5000),
    ],
)
def test_figure_4(changes: list[tuple[datetime, bool]], base: int) -> None:
    assert april(deployment((APRIL, DAILY), changes=changes)) == {"base": base}


def test_figure_4_in_a_leap_year() -> None:
    started = deployment((date(2028, 2, 15), DAILY))
    assert worth_of_deployment(started, date(2028, 2, 1), UTC_ZONE) == {"base": rounded(Fraction(5000 * 15, 29))}


def test_a_trial_is_free_until_the_day_it_ends_on() -> None:
    trial = deployment((APRIL, DAILY))
    assert trial.subscription is not None
    trial.subscription.trial_ends_at = at(16, 5)
    assert april(trial) == {"base": 2500}


def test_figure_5() -> None:
    tiers = ((500, "1", 0), (None, "4/5", 0))
    for kind, amount in (
        (price("egress_gb", model="GRADUATED", tiers=tiers), 638),
        (price("egress_gb", model="VOLUME", tiers=tiers), 538),
        (price("egress_gb", model="PACKAGE", tiers=((None, "90", 0),), package=100), 630),
    ):
        billed = deployment((APRIL, plan(kind)), readings=[Reading("egress_gb", Fraction(672), at(3))])
        assert april(billed)["overage:egress_gb"] == amount


def test_figure_6() -> None:
    tokens = price("llm_input_tokens", tiers=((None, "0.00015", 0),))
    readings = [Reading("llm_input_tokens", Fraction(1_000_000_001), at(3))]
    assert april(deployment((APRIL, plan(tokens, base=0)), readings=readings))["overage:llm_input_tokens"] == 150_000
    half = plan(price("egress_gb", tiers=((None, "1/2", 0),)), base=0)
    three = [deployment((APRIL, half), readings=[Reading("egress_gb", Fraction(1), at(3))]) for _ in range(3)]
    assert worth_of_tenant(Tenant(three), APRIL, UTC_ZONE) == 3


def gigabytes(quantity: int, when: datetime, resource: str | None = None, kind: str = "storage_gb_hours") -> Reading:
    return Reading(kind, Fraction(quantity), when, resource)


@pytest.mark.parametrize(
    ("readings", "ends", "unit_hours"),
    [
        ([gigabytes(100, at(1)), gigabytes(40, at(16, 12))], {}, 51_120),  # figure 7
        ([gigabytes(100, at(1), "a"), gigabytes(50, at(16), "b")], {}, 90_000),  # and L1
        ([gigabytes(100, datetime(2026, 3, 7, tzinfo=UTC), "a")], {"a": at(11)}, 24_000),  # a level of March, ended
        ([gigabytes(100, at(1), "a"), gigabytes(90, at(12), "a")], {"a": at(11)}, 24_000),  # a reading after the end
    ],
)
def test_figure_7(readings: list[Reading], ends: dict[str, datetime], unit_hours: int) -> None:
    billed = deployment((APRIL, plan(price("storage_gb_hours", "TIME_WEIGHTED"))), readings=readings, ends=ends)
    assert april(billed)["overage:storage_gb_hours"] == unit_hours


def test_figure_8() -> None:
    storage = plan(price("storage_gb", "MAX", included=50, tiers=((None, "10", 0),)), proration="DAILY")
    addons = [Addon(*STORAGE, day(16))]
    billed = deployment((day(16), storage), readings=[gigabytes(130, at(20), None, "storage_gb")], addons=addons)
    assert april(billed)["overage:storage_gb"] == 150


def test_figure_8_of_two_volumes() -> None:
    """L2: the peaks of one day are added up, those of different days are not."""
    readings = [
        gigabytes(80, at(5, 1), "a", "storage_gb"),
        gigabytes(60, at(5, 9), "b", "storage_gb"),
        gigabytes(70, at(6), "a", "storage_gb"),
    ]
    billed = deployment((APRIL, plan(price("storage_gb", "MAX"))), readings=readings)
    assert april(billed)["overage:storage_gb"] == 140


def changed(kind: KindPrice, base: int = 5001) -> tuple[tuple[date, Plan], tuple[date, Plan]]:
    return (APRIL, plan(kind, base=base, proration="DAILY")), (
        day(16),
        plan(kind, base=base, proration="DAILY", version=2),
    )


def test_figure_9() -> None:
    """S1, S2 and S3: equal usage terms are rated once, and bases are rounded together."""
    assert april(deployment(*changed(price("droplet_hours", included=1000)), readings=hours(1000, 20))) == {
        "base": 5001
    }
    tiers = ((5, "0", 100), (10, "0", 50), (15, "5", 0), (None, "1", 0))
    graduated = changed(price("droplet_hours", model="GRADUATED", tiers=tiers))
    split = [*hours(12, 2), *hours(10, 20)]
    assert april(deployment(*graduated, readings=split))["overage:droplet_hours"] == 182
    packages = changed(price("droplet_hours", model="PACKAGE", tiers=((None, "1", 0),), package=10))
    assert april(deployment(*packages, readings=hours(11, 2, 20)))["overage:droplet_hours"] == 3


def test_different_usage_terms_are_rated_by_their_days() -> None:
    plans = (
        (APRIL, plan(price("droplet_hours", included=100), proration="DAILY")),
        (day(11), plan(price("droplet_hours", tiers=((None, "2", 0),)), proration="DAILY", version=2)),
    )
    billed = deployment(*plans, readings=[*hours(50, 2), *hours(7, 20)])
    assert april(billed) == {"base": 5000, "overage:droplet_hours": 31}  # 50 - 33 1/3, and 7 at 2


def test_under_none_the_last_billable_day_decides() -> None:
    dear = Plan("dear", 1, 20_000, "NONE")
    assert april(deployment((APRIL, dear), (day(30), STUDIO))) == {"base": 5000}
    assert april(deployment((APRIL, dear), (day(30), STUDIO), changes=[(at(30), False)])) == {"base": 20_000}


def test_a_detached_addon_is_billed_to_its_last_day() -> None:
    addons = [Addon(*STORAGE, day(6), day(8)), Addon(*STORAGE, day(9), day(9))]
    assert april(deployment((APRIL, DAILY), addons=addons)) == {"base": 5000, "addon:0": 75, "addon:1": 25}
    assert april(deployment((APRIL, STUDIO), addons=addons)) == {"base": 5000, "addon:0": 750, "addon:1": 750}


def test_days_are_those_of_the_zone() -> None:
    sydney = ZoneInfo("Australia/Sydney")  # 25 hours on 5 April 2026
    level = plan(price("storage_gb_hours", "TIME_WEIGHTED"), base=0)
    billed = deployment((date(2026, 3, 1), level), readings=[gigabytes(1, datetime(2026, 3, 31, 13, tzinfo=UTC))])
    assert worth_of_deployment(billed, APRIL, sydney)["overage:storage_gb_hours"] == 30 * 24 + 1
    assert worth_of_deployment(billed, date(2026, 3, 1), sydney) == {"base": 0}


def test_charges_count_in_the_month_of_their_day() -> None:
    charged = Deployment("pilot", charges=[Charge(-300, day(30)), Charge(1000, day(1)), Charge(9, date(2026, 5, 1))])
    assert worth_of_tenant(Tenant([charged], [Charge(50, day(7))]), APRIL, UTC_ZONE) == 750
